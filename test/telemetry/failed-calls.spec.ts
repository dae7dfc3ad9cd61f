import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type SimulatedCall } from '../../simulator/telnyx/index.js';
import { callEnded, connectCall, eventually, greetedCall, hangUp, requestOf } from '../support/calls.js';
import { setTracedStage, traceOf, type TracedStage, traceSoFar, type WholeTrace } from '../support/otlp-receiver.js';

const HASH_SECRET = 'the-secret-of-number-hashes';

let stage: TracedStage;

beforeAll(async () => {
  stage = await setTracedStage({
    env: { WARM_SESSIONS: '0', MAX_CALLS: '1', SENTENCE_SORRY: 'Sorry.', NUMBER_HASH_SECRET: HASH_SECRET },
    telnyx: { switches: { speakMsPerCharacter: 5 } },
    realtime: { switches: { responseDelayMs: 20 }, script: { replies: [{ text: 'Hello.', durationMs: 300 }] } },
  });
});
afterAll(() => stage.close());
afterEach(async () => {
  stage.realtime.faults.clear();
  stage.telnyx.faults.clear();
  for (const call of stage.telnyx.calls) if (call.state !== 'ended') call.hangUp();
  await stage.gateway.waitForStatus(({ heldCalls }) => heldCalls === 0);
});

/** A call that is not ours has no summary: its root is all there is, besides the command. */
function rootOf(call: SimulatedCall): Promise<WholeTrace> {
  const find = (): WholeTrace | undefined => {
    const trace = traceSoFar(stage.collector, call);
    return trace.spans.some(({ parentSpanId }) => parentSpanId === undefined) ? trace : undefined;
  };
  return eventually(find, 'the root of the trace');
}

describe('the trace of a call that failed', () => {
  it('says in its summary that it did, and why; and at the connection to the model what was wrong there', async () => {
    stage.realtime.faults.arm('refuseUpgrade', { status: 401 }, 100);
    const call = stage.telnyx.placeCall();
    await callEnded(stage, call, 15_000);
    const trace = await traceOf(stage.collector, call);
    trace.expectWhole();
    expect(trace.one('call.summary')).toMatchObject({
      status: 'error',
      attributes: { 'error.type': 'model-unavailable', 'parley.call.end_reason': 'model-unavailable' },
    });
    const connect = trace.one('realtime_connect');
    expect(connect.status).toBe('error');
    expect(connect.attributes['error.type']).toEqual(expect.any(String));
    expect(trace.named('telnyx hangup').length).toBeGreaterThan(0);
  }, 30_000);

  it('shows a command that Telnyx did not take', async () => {
    stage.telnyx.faults.rest.next('answer', { kind: 'error', status: 422, code: '10015' });
    const call = stage.telnyx.placeCall();
    await requestOf(stage, call, 'answer');
    const find = () => traceSoFar(stage.collector, call).spans.find(({ name }) => name === 'telnyx answer');
    const answer = await eventually(find, 'the span of the command');
    expect(answer).toMatchObject({ kind: 'client', status: 'error', attributes: { 'http.response.status_code': 422 } });
    expect(answer.attributes['error.type']).toEqual(expect.any(String));
  });

  it('that was rejected is a root with the reason, and the command', async () => {
    const { call: first } = await connectCall(stage);
    const call = stage.telnyx.placeCall();
    await requestOf(stage, call, 'reject');
    const trace = await rootOf(call);
    trace.expectWhole();
    expect(trace.root.attributes).toMatchObject({ 'parley.call.rejected': 'full' });
    // Full is our trouble: somebody wanted something and did not get it.
    expect(trace.root).toMatchObject({ status: 'error', attributes: { 'error.type': 'full' } });
    expect(trace.spans.map(({ name }) => name)).toContain('telnyx reject');
    expect(trace.named('call.summary')).toEqual([]);
    await hangUp(stage, first);
  });

  it('does not count one whose caller hung up among the failures', async () => {
    const { call } = await greetedCall(stage);
    await hangUp(stage, call);
    const trace = await traceOf(stage.collector, call);
    expect(trace.spans.filter(({ status }) => status === 'error').map(({ name }) => name)).toEqual([]);
  });
});

describe('support', () => {
  it('finds the calls of a number by the hash that a command prints', async () => {
    const { call } = await greetedCall(stage, { from: '+4930123456' });
    await hangUp(stage, call);
    const trace = await traceOf(stage.collector, call);
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['dist/src/telemetry/numbers/main.js', '+49 30 123456'],
      { env: { PATH: process.env['PATH'], NUMBER_HASH_SECRET: HASH_SECRET } },
    );
    expect(trace.root.attributes['parley.caller.hash']).toBe(stdout.trim());
  });
});
