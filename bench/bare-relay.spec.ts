import { setTimeout as delay } from 'node:timers/promises';
import { startBareRelay } from './bare-relay.js';
import { CallerLine } from './load/caller-line.js';
import { type ModelSession } from './load/model-session.js';
import { ModelServer } from './load/model-server.js';
import { type SpeechProfile } from './load/plan.js';

/** One call through the bare relay, both ends played by the parts of the load generator. */
async function placeCall(profile: SpeechProfile) {
  const atModel: number[] = [];
  const atCaller: { counter: number; gapMs: number }[] = [];
  const model = await ModelServer.start({ calls: 1, seconds: 1, profile, tls: false }, (_, counter) =>
    atModel.push(counter),
  );
  const relay = await startBareRelay(0, model.url);
  let lost = 0;
  const line = new CallerLine(
    7,
    (sender, counter, _, gapMs) => {
      model.sessions[sender]?.ledger.arrive(counter);
      atCaller.push({ counter, gapMs });
    },
    () => lost++,
  );
  await line.connect(relay.port, '/media-stream');
  return {
    line,
    model,
    relay,
    atModel,
    atCaller,
    lost: () => lost,
    session: (): ModelSession | undefined => model.sessions.find((session) => session.caller === 7),
    close: async () => {
      line.hangUp();
      await relay.close();
      model.close();
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(2);
}

describe('the bare relay under the load generator', () => {
  it('carries every frame of the caller to the model, those before the session was ready included', async () => {
    const call = await placeCall('frames');
    for (let i = 0; i < 50; i++) call.line.sendFrame(performance.now());
    await until(() => call.atModel.length === 50);
    expect(call.atModel).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(call.session()?.foreignBytes).toBe(0);
    expect(call.lost()).toBe(0);
    await call.close();
  });

  it.each(['frames', 'bursts'] as const)('carries every frame of the model to the caller (%s)', async (profile) => {
    const call = await placeCall(profile);
    call.line.sendFrame(performance.now());
    await until(() => call.session() !== undefined);
    const session = call.session();
    // The clock is ours: twelve seconds pass in no time.
    const startMs = performance.now();
    for (let ms = 0; ms < 12_000; ms += 20) session?.tick(startMs + ms, () => undefined);
    session?.stopTalking();
    await until(() => session?.ledger.outstanding === 0);
    const { counter: last } = call.atCaller.at(-1) ?? { counter: -1 };
    expect(call.atCaller.map(({ counter }) => counter)).toEqual(Array.from({ length: last + 1 }, (_, i) => i));
    expect(last).toBeGreaterThan(100);
    expect(session?.ledger.duplicates).toBe(0);
    expect(session?.firstFrames.size).toBeGreaterThanOrEqual(profile === 'frames' ? 1 : 2);
    await call.close();
  });

  it('ends the other side when one side goes', async () => {
    const call = await placeCall('frames');
    call.line.sendFrame(performance.now());
    await until(() => call.session() !== undefined);
    call.session()?.close();
    await until(() => call.lost() === 1);
    await call.close();
  });
});
