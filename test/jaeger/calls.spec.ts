import { type SimulatedCall } from '../../simulator/telnyx/index.js';
import { ATTRS, SPANS } from '../../src/telemetry/trace/names.js';
import { callEnded, connectCall, eventually, greetedCall, hangUp } from '../support/calls.js';
import { answered, expectEnd, SENTENCE, setFailingStage, WORDS } from '../support/failing-stage.js';
import { type Stage } from '../support/gateway.js';
import { type JaegerSpan, type JaegerTrace } from './support/jaeger-query.js';
import { JaegerServer } from './support/jaeger-server.js';
import { found, printedHash, SERVICE, tracedTo, traceOf } from './support/traced.js';
import { below, complaints, orphans, parentId, theSpan } from './support/wholeness.js';

const ANNA = '+15550100001';
const BEN = '+15550100002';
const MODEL = 'gpt-realtime-2.1';
const LONG_ANSWER = { text: 'That takes a while to say.', durationMs: 5_000 };
const HEARD_BYTES = 1_000 * 8;

/** Calls of every kind, over before anything is looked for. */
interface Calls {
  /** Anna asks something, gets her answer, and the assistant hangs up. */
  talk: SimulatedCall;
  /** Ben interrupts, and hangs up. */
  interrupted: SimulatedCall;
  /** Anna again; no session with the model is to be had. */
  failed: SimulatedCall;
}

async function talk(stage: Stage): Promise<SimulatedCall> {
  const { call, session } = await greetedCall(stage, { from: ANNA });
  void call.say(WORDS);
  await session.waitFor('speech_stopped');
  await answered(session);
  await call.waitForQuiet(200);
  session.respond({ items: [{ name: 'hang_up', arguments: {} }] });
  await callEnded(stage, call);
  return call;
}

async function interrupt(stage: Stage): Promise<SimulatedCall> {
  const { call, session } = await connectCall(stage, { from: BEN });
  await answered(session);
  await call.waitForQuiet(200);
  const before = call.heard.playedBytes;
  session.respond({ items: [LONG_ANSWER] });
  await eventually(() => call.heard.playedBytes - before > HEARD_BYTES || undefined, 'a second of the answer');
  void call.say(WORDS);
  await call.waitFor('clear');
  await answered(session);
  await call.waitForQuiet(200);
  await hangUp(stage, call);
  return call;
}

async function fail(stage: Stage): Promise<SimulatedCall> {
  stage.realtime.faults.arm('refuseUpgrade', { status: 403 }, 100);
  const call = stage.telnyx.placeCall({ from: ANNA });
  await expectEnd(stage, call, 'model-unavailable', SENTENCE.sorry);
  stage.realtime.faults.clear();
  return call;
}

describe('calls in Jaeger', () => {
  let jaeger: JaegerServer;
  let stage: Stage;
  let calls: Calls;
  let traces: Record<keyof Calls, JaegerTrace>;

  beforeAll(async () => {
    jaeger = await JaegerServer.start();
    stage = await setFailingStage({ env: { ...tracedTo(jaeger), OPENAI_REALTIME_MODEL: MODEL } });
    calls = { talk: await talk(stage), interrupted: await interrupt(stage), failed: await fail(stage) };
    traces = {
      talk: await traceOf(jaeger, calls.talk),
      interrupted: await traceOf(jaeger, calls.interrupted),
      failed: await traceOf(jaeger, calls.failed),
    };
  }, 180_000);

  afterAll(async () => {
    await stage.close();
    await jaeger.close();
  });

  const kinds: (keyof Calls)[] = ['talk', 'interrupted', 'failed'];

  it.each(kinds)('a call (%s) is one whole trace: one root, no orphan, nothing that Jaeger complains of', (kind) => {
    const trace = traces[kind];
    expect(below(trace, undefined)).toEqual([SPANS.call]);
    expect(orphans(trace)).toEqual([]);
    expect(complaints(trace)).toEqual([]);
    expect(Object.values(trace.processes).map(({ serviceName }) => serviceName)).toEqual([SERVICE]);
  });

  it.each(kinds)('a call (%s) has nothing in it that is later than its summary', (kind) => {
    const endOf = ({ startTime, duration }: JaegerSpan): number => startTime + duration;
    const overAt = endOf(theSpan(traces[kind], SPANS.summary));
    const later = traces[kind].spans.filter((span) => endOf(span) > overAt);
    expect(later.map(({ operationName }) => operationName)).toEqual([]);
  });

  it.each(kinds)('a call (%s) is in the stable API with the same spans', async (kind) => {
    const { traceID, spans } = traces[kind];
    const names = [...(await jaeger.query.spanNamesV3(traceID)).values()];
    expect(names.sort()).toEqual(spans.map(({ operationName }) => operationName).sort());
  });

  it('shows where the moments of a turn went', () => {
    const { talk: trace } = traces;
    expect(below(trace, SPANS.call)).toEqual(
      expect.arrayContaining([
        SPANS.command('answer'),
        SPANS.mediaStream,
        SPANS.realtimeConnect,
        SPANS.turn,
        SPANS.summary,
      ]),
    );
    const speech = theSpan(trace, SPANS.callerSpeech);
    const turn = trace.spans.find(({ spanID }) => spanID === parentId(speech));
    expect(turn?.operationName).toBe(SPANS.turn);
    const parts = trace.spans
      .filter((span) => parentId(span) === turn?.spanID)
      .map(({ operationName }) => operationName);
    expect(parts.sort()).toEqual([SPANS.playout, SPANS.inference(MODEL), SPANS.callerSpeech].sort());
    expect(Number(turn?.tags.get(ATTRS.turnAudioHeardMs))).toBeGreaterThan(0);
  });

  it('finds a call by the hash of its number, as hash-number prints it', async () => {
    const anna = [traces.talk.traceID, traces.failed.traceID].sort();
    const [hash, other] = await Promise.all([printedHash(ANNA), printedHash(BEN)]);
    expect(await found(jaeger, { tags: { [ATTRS.fromHash]: hash } })).toEqual(anna);
    expect(await found(jaeger, { tags: { [ATTRS.fromHash]: other } })).toEqual([traces.interrupted.traceID]);
  });

  it('finds calls by why they ended', async () => {
    const ended = (reason: string) => found(jaeger, { tags: { [ATTRS.endReason]: reason } });
    expect(await ended('assistant-hung-up')).toEqual([traces.talk.traceID]);
    expect(await ended('caller-hung-up')).toEqual([traces.interrupted.traceID]);
    expect(await ended('model-unavailable')).toEqual([traces.failed.traceID]);
    expect(await ended('shutdown')).toEqual([]);
  });

  it('marks a call that failed as an error, and finds it by the kind of error', async () => {
    const isError = kinds.filter((kind) => theSpan(traces[kind], SPANS.summary).tags.get('error') === true);
    expect(isError).toEqual(['failed']);
    const tags = { 'error.type': 'model-unavailable' };
    expect(await found(jaeger, { operation: SPANS.summary, tags })).toEqual([traces.failed.traceID]);
  });

  it('finds the turn that was interrupted', async () => {
    const cut = { operation: SPANS.turn, tags: { [ATTRS.turnInterrupted]: 'true' } };
    expect(await found(jaeger, cut)).toEqual([traces.interrupted.traceID]);
  });

  it('finds calls by operation, and turns by how long they took', async () => {
    expect(await found(jaeger, { operation: SPANS.tool('hang_up') })).toEqual([traces.talk.traceID]);
    const all = kinds.map((kind) => traces[kind].traceID).sort();
    expect(await found(jaeger, { operation: SPANS.call })).toEqual(all);
    const turns = [traces.talk, traces.interrupted].flatMap(({ traceID, spans }) =>
      spans.filter(({ operationName }) => operationName === SPANS.turn).map(({ duration }) => ({ traceID, duration })),
    );
    const [longest] = turns.sort((a, b) => b.duration - a.duration);
    const minDurationMs = Math.floor((longest?.duration ?? 0) / 1000);
    expect(await found(jaeger, { operation: SPANS.turn, minDurationMs })).toEqual([longest?.traceID]);
  });

  it('lists few operations, and none with an id or a number in it', async () => {
    const names = (await jaeger.query.operations(SERVICE)).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([SPANS.call, SPANS.summary, SPANS.turn]));
    expect(names.filter((name) => /\d{4}|v3:|_[A-Za-z0-9]{12}/.test(name))).toEqual([]);
    expect(names.length).toBeLessThan(40);
  });

  it('gives the kinds of spans that Jaeger counts as requests', async () => {
    const kindOf = new Map((await jaeger.query.operations(SERVICE)).map(({ name, spanKind }) => [name, spanKind]));
    expect(kindOf.get(SPANS.call)).toBe('server');
    expect(kindOf.get(SPANS.mediaStream)).toBe('server');
    expect(kindOf.get(SPANS.realtimeConnect)).toBe('client');
    expect(kindOf.get(SPANS.inference(MODEL))).toBe('client');
  });

  it('holds no number and no word of anybody', () => {
    const everything = JSON.stringify(traces, (_, value: unknown) => (value instanceof Map ? [...value] : value));
    for (const secret of [ANNA, BEN, ANNA.slice(1), BEN.slice(1), 'Thursday', 'assistant.', SENTENCE.sorry]) {
      expect(everything).not.toContain(secret);
    }
  });

  it('took everything that was sent', () => {
    expect(stage.gateway.output).not.toContain('could not be sent');
  });
});

describe('calls in Jaeger, sent by gRPC', () => {
  it('are whole as well', async () => {
    const jaeger = await JaegerServer.start();
    const stage = await setFailingStage({ env: tracedTo(jaeger, 'grpc') });
    try {
      const { call } = await greetedCall(stage);
      await hangUp(stage, call);
      const trace = await traceOf(jaeger, call);
      expect(below(trace, undefined)).toEqual([SPANS.call]);
      expect(complaints(trace)).toEqual([]);
    } finally {
      await stage.close();
      await jaeger.close();
    }
  }, 120_000);
});
