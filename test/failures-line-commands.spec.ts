import { type DoubleSession } from '../simulator/realtime/index.js';
import { type RestFault, type SimulatedCall } from '../simulator/telnyx/index.js';
import { callEnded, eventually, greetedCall, requestOf, requestsFor } from './support/calls.js';
import { setStage, type Stage } from './support/gateway.js';
import {
  breakFrames,
  complaints,
  complaintsAbout,
  everythingLetGo,
  lineAbout,
  spoken,
} from './support/line-failures.js';

const SALES = '+15550100009';
const SORRY = 'Sorry, goodbye.';
const PUTTING_THROUGH = { text: 'I am putting you through.', durationMs: 200 };
/** What the SDK tries, the first time included. */
const TRIES = 3;
/** Has the SDK try again at once. */
const AT_ONCE = { 'retry-after-ms': '1' };
const BROKEN: RestFault = { kind: 'error', status: 503, code: '10007', headers: AT_ONCE };

let stage: Stage;

beforeAll(async () => {
  stage = await setStage({
    env: {
      WARM_SESSIONS: '0',
      WAIT_SIGNAL: 'off',
      BUILT_IN_TOOLS: 'hang_up,transfer,send_keys',
      TRANSFER_TARGETS: `sales=${SALES}`,
      TRANSFER_RING_S: '20',
      STREAM_REDIAL_WAIT_MS: '100',
      TELNYX_COMMAND_TIMEOUT_MS: '400',
      SENTENCE_SORRY: SORRY,
    },
    telnyx: { switches: { dialOutcome: 'manual', speakMsPerCharacter: 5 } },
    realtime: { switches: { responseDelayMs: 20 }, script: { replies: [{ text: 'Hello', durationMs: 300 }] } },
  });
});
afterAll(() => stage.close());
afterEach(async () => {
  const { telnyx } = stage;
  telnyx.faults.clear();
  telnyx.switches.refusedWhileStreaming = [];
  await everythingLetGo(stage);
});

const actions = (call: SimulatedCall): string[] => requestsFor(stage, call).map(({ action }) => action);
const idsOf = (call: SimulatedCall, action: string): unknown[] => [
  ...new Set(requestsFor(stage, call, action).map(({ body }) => body['command_id'])),
];
const didNot = (action: string): string => `Telnyx did not carry out '${action}'`;

function legsOf(call: SimulatedCall): SimulatedCall[] {
  return stage.telnyx.calls.filter((leg) => leg !== call && leg.callSessionId === call.callSessionId);
}

const legOf = (call: SimulatedCall): Promise<SimulatedCall> => eventually(() => legsOf(call)[0], 'the second leg');

function askForTransfer(session: DoubleSession): void {
  session.respond({ items: [PUTTING_THROUGH, { name: 'transfer', arguments: { to: 'sales' } }] });
}

/** Resolves when the session has given that many answers, and the caller has heard the last of them. */
async function answered(call: SimulatedCall, session: DoubleSession, count: number): Promise<void> {
  const done = () => session.serverEvents.filter(({ type }) => type === 'response.done').length;
  await eventually(() => (done() >= count ? true : undefined), `${count} answers`);
  await call.waitForQuiet(40);
}

/** The session that goes on with the conversation after another one. */
const sessionAfter = (session: DoubleSession): Promise<DoubleSession> =>
  eventually(
    () =>
      stage.realtime.sessions
        .slice(stage.realtime.sessions.indexOf(session) + 1)
        .find(({ open, appendCount }) => open && appendCount > 0),
    'the next session',
  );

describe('REST trouble that passes', () => {
  it.each<[string, RestFault]>([
    ['503', BROKEN],
    ['429', { kind: 'error', status: 429, code: '10011', headers: AT_ONCE }],
    ['connection cut before the effect', { kind: 'drop', effect: false }],
    ['connection cut after the effect', { kind: 'drop', effect: true }],
    ['time-out, without the effect', { kind: 'timeout', effect: false }],
    ['time-out, with the effect', { kind: 'timeout', effect: true }],
  ])(
    'REST %s: of any command has its effect once, and the call goes on as if nothing had been',
    async (_, fault) => {
      const { telnyx } = stage;
      const { rest } = telnyx.faults;
      telnyx.switches.refusedWhileStreaming = ['speak'];
      rest.next('answer', fault);
      const { call, session } = await greetedCall(stage);

      rest.next('streaming_start', fault);
      call.dropMediaSocket('abrupt', 'nothing');
      await call.waitFor('stream-started', 10_000, 2);

      rest.next('send_dtmf', fault);
      session.respond({ items: [{ name: 'send_keys', arguments: { keys: '42' } }] });
      await eventually(() => session.functionOutputs[0], 'the result of the keys');
      expect(JSON.parse(session.functionOutputs[0]?.output ?? '')).toEqual({ status: 'sent' });
      await call.waitFor('digits');
      await answered(call, session, 3);

      rest.next('streaming_stop', fault);
      rest.next('transfer', fault);
      askForTransfer(session);
      (await legOf(call)).decline('user_busy');
      await call.waitFor('stream-started', 10_000, 3);

      rest.next('speak', fault);
      rest.next('streaming_stop', fault);
      rest.next('hangup', fault);
      breakFrames(call);
      expect(await callEnded(stage, call)).toMatchObject({ endReason: 'media-frames-broken' });

      expect(spoken(call)).toEqual([[SORRY, 'completed']]);
      expect(legsOf(call)).toHaveLength(1);
      expect(call.streams).toHaveLength(3);
      expect(call.digits).toEqual(['42']);
      for (const action of ['answer', 'send_dtmf', 'transfer']) {
        expect([action, idsOf(call, action).length, requestsFor(stage, call, action).length]).toEqual([action, 1, 2]);
      }
      expect(idsOf(call, 'hangup')).toHaveLength(1);
      // 90045 is what has the stream stopped for the sentence, and no trouble.
      const trouble = complaints(stage, call).filter(({ msg, code }) => msg.includes('did not') && code !== '90045');
      expect(trouble).toEqual([]);
    },
    30_000,
  );

  it('REST 429 with Retry-After: is waited for as long as Telnyx says', async () => {
    stage.telnyx.faults.rest.next('answer', {
      kind: 'error',
      status: 429,
      code: '10011',
      headers: { 'retry-after': '1' },
    });
    const call = stage.telnyx.placeCall();
    await call.waitFor('heard-audio');
    const [refused, taken] = requestsFor(stage, call, 'answer');
    expect((taken?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(950);
  });
});

describe('REST trouble that stays', () => {
  it('REST 401 (our key): the call is not answered, the operator reads which command, and nothing is held when the caller gives up', async () => {
    stage.telnyx.faults.rest.all('*', { kind: 'error', status: 401, code: '10009' });
    const call = stage.telnyx.placeCall();
    await requestOf(stage, call, 'hangup');
    await lineAbout(stage, call, didNot('hangup'));
    expect(complaints(stage, call).slice(0, 2)).toMatchObject([
      { msg: didNot('answer'), status: 401, code: '10009' },
      { msg: didNot('hangup'), status: 401 },
    ]);
    call.hangUp();
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'answer-failed' });
  });

  it('REST 4xx on answer: the call is hung up, since it may have been answered', async () => {
    stage.telnyx.faults.rest.next('answer', { kind: 'error', status: 422, code: '10015' });
    const call = stage.telnyx.placeCall();
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'answer-failed' });
    expect(actions(call)).toEqual(['answer', 'hangup']);
  });

  it('REST replies lost on answer: a call that was answered goes on', async () => {
    stage.telnyx.faults.rest.next('answer', { kind: 'timeout', effect: true }, TRIES);
    const { call } = await greetedCall(stage);
    await lineAbout(stage, call, didNot('answer'));
    expect(call.state).toBe('answered');
    expect(actions(call)).toEqual(['answer', 'answer', 'answer']);
  });

  it.each<[string, RestFault]>([
    ['503', BROKEN],
    ['401', { kind: 'error', status: 401, code: '10009' }],
    ['connections cut after the effect', { kind: 'drop', effect: true }],
  ])('REST %s on reject: nothing is held of a call that was never taken', async (_, fault) => {
    const { telnyx, gateway } = stage;
    telnyx.faults.rest.next('reject', fault, TRIES);
    telnyx.faults.webhooks.next('call.initiated', { kind: 'drop' });
    const call = telnyx.placeCall();
    // Without an address for its stream a call is rejected.
    await telnyx.sendWebhook(
      'call.initiated',
      { call_control_id: call.callControlId, direction: 'incoming' },
      { meta: null },
    );
    await lineAbout(stage, call, didNot('reject'));
    expect(await gateway.status()).toMatchObject({ heldCalls: 0, activeCalls: 0 });
    expect(new Set(actions(call))).toEqual(new Set(['reject']));
  });

  it('REST 503 on hangup: the hang-up is tried again until it is taken', async () => {
    const { call, session } = await greetedCall(stage);
    stage.telnyx.faults.rest.next('hangup', BROKEN, TRIES);
    session.respond({ items: [{ text: 'Goodbye.', durationMs: 100 }, { name: 'hang_up' }] });
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'assistant-hung-up' });
    expect(complaintsAbout(stage, call)).toEqual([didNot('hangup')]);
    expect(requestsFor(stage, call, 'hangup').map(({ status }) => status)).toEqual([503, 503, 503, 200]);
    // The caller's line was silent meanwhile: the assistant has left, and its session with it.
    expect(session.open).toBe(false);
  });

  it('REST replies lost on hangup: the webhook tells that it was carried out', async () => {
    const { call, session } = await greetedCall(stage);
    stage.telnyx.faults.rest.next('hangup', { kind: 'timeout', effect: true }, TRIES);
    session.respond({ items: [{ text: 'Goodbye.', durationMs: 100 }, { name: 'hang_up' }] });
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'assistant-hung-up' });
    expect(call.hangup?.cause).toBe('normal_clearing');
  });

  it.each<[string, RestFault, number]>([
    ['422 (90046)', { kind: 'error', status: 422, code: '90046' }, 1],
    ['503', BROKEN, TRIES],
  ])(
    'REST %s on streaming_start: three attempts are made; then the caller is told and the call ended',
    async (_, fault, tries) => {
      const { call } = await greetedCall(stage);
      stage.telnyx.faults.rest.all('streaming_start', fault);
      call.dropMediaSocket('abrupt', 'nothing');
      expect(await callEnded(stage, call)).toMatchObject({ endReason: 'media-stream-lost' });
      expect(idsOf(call, 'streaming_start')).toHaveLength(3);
      expect(requestsFor(stage, call, 'streaming_start')).toHaveLength(3 * tries);
      expect(complaintsAbout(stage, call).filter((msg) => msg === didNot('streaming_start'))).toHaveLength(3);
      expect(spoken(call)).toEqual([[SORRY, 'completed']]);
    },
  );

  it('REST replies lost on streaming_start: the stream that came all the same is kept', async () => {
    const { call, session } = await greetedCall(stage);
    stage.telnyx.faults.rest.next('streaming_start', { kind: 'timeout', effect: true }, TRIES);
    call.dropMediaSocket('abrupt', 'nothing');
    await lineAbout(stage, call, didNot('streaming_start'));
    session.speak('Still here.', 300);
    const before = call.heard.playedBytes;
    await eventually(() => (call.heard.playedBytes >= before + 2_400 ? true : undefined), 'the assistant');
    expect(call.streams).toHaveLength(2);
    expect(idsOf(call, 'streaming_start')).toHaveLength(1);
  });

  it.each<[string, RestFault, number]>([
    ['422', { kind: 'error', status: 422, code: '10015' }, 1],
    ['503', BROKEN, TRIES],
  ])('REST %s on speak: the call is hung up without the sentence, and keeps its reason', async (_, fault, tries) => {
    const { call } = await greetedCall(stage);
    stage.telnyx.faults.rest.next('speak', fault, tries);
    breakFrames(call);
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'media-frames-broken' });
    expect(complaintsAbout(stage, call)).toContain(didNot('speak'));
    expect(spoken(call)).toEqual([]);
    expect(actions(call).at(-1)).toBe('hangup');
  });

  it('REST 503 on streaming_stop, where speak needs it: the call is hung up without the sentence', async () => {
    const { call } = await greetedCall(stage);
    stage.telnyx.switches.refusedWhileStreaming = ['speak'];
    stage.telnyx.faults.rest.next('streaming_stop', BROKEN, TRIES);
    breakFrames(call);
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'media-frames-broken' });
    expect(actions(call)).toEqual([
      'answer',
      'speak',
      'streaming_stop',
      'streaming_stop',
      'streaming_stop',
      'speak',
      'hangup',
    ]);
  });

  it('REST 503 on transfer: the caller is back with the assistant, who is told', async () => {
    const { call, session } = await greetedCall(stage);
    stage.telnyx.faults.rest.next('transfer', BROKEN, TRIES);
    askForTransfer(session);
    await call.waitFor('stream-started', 10_000, 2);
    const next = await sessionAfter(session);
    expect(JSON.stringify(next.items)).toContain('The transfer to sales did not work');
    expect(legsOf(call)).toEqual([]);
    expect(complaintsAbout(stage, call)).toEqual([didNot('transfer'), 'Telnyx did not take the transfer']);
  });

  it('REST replies lost on transfer: the assistant takes the caller back, and leaves when somebody answers after all', async () => {
    const { call, session } = await greetedCall(stage);
    stage.telnyx.faults.rest.next('transfer', { kind: 'timeout', effect: true }, TRIES);
    askForTransfer(session);
    const leg = await legOf(call);
    await call.waitFor('stream-started', 10_000, 2);
    const next = await sessionAfter(session);
    leg.pickUp();
    await lineAbout(stage, call, 'call handed over');
    await next.closed;
    expect(await stage.gateway.status()).toMatchObject({ heldCalls: 0, activeCalls: 0 });
    expect([call.state, leg.state]).toEqual(['answered', 'answered']);
    leg.hangUp();
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'transferred' });
    expect(actions(call)).not.toContain('hangup');
  });

  it.each<[string, RestFault, number]>([
    ['422', { kind: 'error', status: 422, code: '10015' }, 1],
    ['503', BROKEN, TRIES],
  ])(
    'REST %s on send_dtmf: the assistant is told that the keys were not sent, and the call goes on',
    async (_, fault, tries) => {
      const { call, session } = await greetedCall(stage);
      stage.telnyx.faults.rest.next('send_dtmf', fault, tries);
      session.respond({ items: [{ name: 'send_keys', arguments: { keys: '42' } }] });
      await eventually(() => session.functionOutputs[0], 'the result of the keys');
      expect(session.functionOutputs[0]?.output).toContain('could not be sent');
      await call.waitFor('heard-audio', 5_000, 2);
      expect(call.digits).toEqual([]);
      expect(complaintsAbout(stage, call)).toEqual([didNot('send_dtmf')]);
    },
  );
});
