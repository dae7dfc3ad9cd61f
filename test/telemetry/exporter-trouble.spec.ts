import { callEnded, greetedCall } from '../support/calls.js';
import { setStage, type Stage } from '../support/gateway.js';
import { OtlpReceiver, setTracedStage, traceOf } from '../support/otlp-receiver.js';
import { deadPort } from '../support/tcp-proxy.js';

/** The last export may take five seconds, and a pod without calls leaves at once. */
const EXIT_LIMIT_MS = 12_000;
const PROBLEM = 'traces or metrics could not be sent';
const QUICK = {
  WARM_SESSIONS: '0',
  OTEL_BSP_EXPORT_TIMEOUT: '1500',
  OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
};
const REALTIME = {
  switches: { responseDelayMs: 20 },
  script: { replies: [{ text: 'Hello.', durationMs: 300 }] },
};

let stage: Stage;
let collector: OtlpReceiver;

beforeEach(async () => {
  collector = await OtlpReceiver.start();
});
afterEach(async () => {
  await stage.close();
  await collector.close();
});

/** Calls one after the other; all of them are greeted, and end as the caller wants. */
async function holdCalls(count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    const { call } = await greetedCall(stage);
    call.hangUp();
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'caller-hung-up' });
  }
}

const problems = (): number => stage.gateway.lines.filter(({ msg }) => msg.startsWith(PROBLEM)).length;

describe('a collector', () => {
  it.each([
    ['that refuses', (): void => void (collector.mode = 400)],
    ['that never answers', (): void => void (collector.mode = 'hang')],
  ])(
    '%s costs no call, one line of the log a minute, and no time at the end',
    async (_, set) => {
      set();
      stage = await setStage({ env: { ...QUICK, ...collector.traceSettings }, realtime: REALTIME });
      await holdCalls(3);
      await stage.gateway.waitForLine(({ msg }) => msg.startsWith(PROBLEM), 20_000);
      await holdCalls(2);
      expect(collector.exports.length).toBeGreaterThan(1);
      const begunMs = performance.now();
      await stage.gateway.stop('SIGTERM');
      expect(performance.now() - begunMs).toBeLessThan(EXIT_LIMIT_MS);
      expect(problems()).toBe(1);
      const [line] = stage.gateway.lines.filter(({ msg }) => msg.startsWith(PROBLEM));
      expect(line).toMatchObject({ level: 40, problem: expect.any(String) as string });
    },
    60_000,
  );

  it('that is not there costs no call, and nothing is lost of the next one when it comes', async () => {
    const port = await deadPort();
    const settings = {
      ...collector.traceSettings,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${port}/v1/traces`,
    };
    stage = await setStage({ env: { ...QUICK, ...settings }, realtime: REALTIME });
    await holdCalls(2);
    await stage.gateway.waitForLine(({ msg }) => msg.startsWith(PROBLEM), 20_000);
    const later = await OtlpReceiver.start(port);
    try {
      const { call } = await greetedCall(stage);
      call.hangUp();
      await callEnded(stage, call);
      (await traceOf(later, call)).expectWhole();
    } finally {
      await later.close();
    }
  }, 60_000);
});

describe('without a collector', () => {
  it('calls are as they are, nothing is sent, and nothing is said about it', async () => {
    stage = await setStage({ env: QUICK, realtime: REALTIME });
    await holdCalls(1);
    expect(problems()).toBe(0);
    expect(stage.gateway.lines.filter((line) => line['traceId'] !== undefined)).toEqual([]);
    expect(await stage.gateway.stop('SIGTERM')).toBe(0);
  });

  it('nor with one, where the call is not sampled', async () => {
    const traced = await setTracedStage({ env: { ...QUICK, OTEL_TRACES_SAMPLER: 'always_off' }, realtime: REALTIME });
    stage = traced;
    await holdCalls(1);
    expect(await stage.gateway.stop('SIGTERM')).toBe(0);
    expect(traced.collector.exports).toEqual([]);
  });
});
