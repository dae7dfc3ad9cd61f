import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type DoubleSession } from '../simulator/realtime/index.js';
import { DEFAULT_SWITCHES, type SimulatedCall } from '../simulator/telnyx/index.js';
import { callEnded, eventually, greetedCall, requestsFor } from './support/calls.js';
import { setStage, type Stage } from './support/gateway.js';
import { breakFrames, complaintsAbout, everythingLetGo, lineAbout, spoken } from './support/line-failures.js';

const SORRY = 'Sorry.';
const WAIT = 'Wait.';
const SWITCHES = { speakMsPerCharacter: 20 };

let stage: Stage;
let tool: Server;

beforeAll(async () => {
  // A tool that never answers: what the caller hears meanwhile is what matters here.
  tool = createServer(() => undefined);
  await new Promise<void>((resolve) => tool.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(tool.address() as AddressInfo).port}/`;
  stage = await setStage({
    env: {
      WARM_SESSIONS: '0',
      WAIT_SIGNAL_AFTER_MS: '500',
      KEYS_PAUSE_MS: '1000',
      SENTENCE_SORRY: SORRY,
      SENTENCE_FALLBACK: SORRY,
      SENTENCE_WAIT: WAIT,
      SENTENCE_TRANSFER: 'Moment.',
      SENTENCE_IDLE: 'Bye.',
      SENTENCE_TIME_UP: 'Bye.',
      SENTENCE_GOODBYE: 'Bye.',
      TOOLS: JSON.stringify({
        http: [
          { name: 'slow', description: 'Takes for ever.', parameters: { type: 'object' }, url, timeoutMs: 60_000 },
        ],
      }),
    },
    telnyx: { switches: SWITCHES },
    realtime: { switches: { responseDelayMs: 20 }, script: { replies: [{ text: 'Hello', durationMs: 300 }] } },
  });
});
afterAll(async () => {
  await stage.close();
  tool.closeAllConnections();
  await new Promise((resolve) => tool.close(resolve));
});
afterEach(async () => {
  const { telnyx } = stage;
  telnyx.faults.clear();
  Object.assign(telnyx.switches, DEFAULT_SWITCHES, SWITCHES);
  await everythingLetGo(stage);
});

const actions = (call: SimulatedCall): string[] => requestsFor(stage, call).map(({ action }) => action);

/** What the model was told of keys, in order. */
const keysTold = (session: DoubleSession): string[] =>
  session.items.flatMap((item) => /keypad: ([^"]*)"/.exec(JSON.stringify(item))?.[1] ?? []);

describe('webhooks lost', () => {
  it('webhook lost: a call needs none of those that tell of its answer and its stream', async () => {
    const { webhooks } = stage.telnyx.faults;
    for (const event of ['call.answered', 'streaming.started', 'streaming.stopped'])
      webhooks.all(event, { kind: 'drop' });
    const { call } = await greetedCall(stage);
    call.dropMediaSocket('abrupt', 'redial', 50);
    await call.waitFor('stream-started', 5_000, 2);
    call.hangUp();
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'caller-hung-up' });
    expect(actions(call)).toEqual(['answer']);
    expect(complaintsAbout(stage, call)).toEqual([]);
  });

  it('webhook lost, that the sentence is over: the call is hung up when it must be', async () => {
    stage.telnyx.faults.webhooks.all('call.speak.ended', { kind: 'drop' });
    const { call } = await greetedCall(stage);
    breakFrames(call);
    expect(await callEnded(stage, call, 15_000)).toMatchObject({ endReason: 'media-frames-broken' });
    expect(spoken(call)).toEqual([[SORRY, 'completed']]);
    expect(complaintsAbout(stage, call)).toContain('the end of the spoken sentence was never reported');
  });
});

describe('webhooks doubled, late and out of order', () => {
  it.each([
    ['twice', { kind: 'duplicate', copies: 2, afterMs: 5 }],
    ['twice at the same moment', { kind: 'concurrent', copies: 3 }],
    ['in the wrong order', { kind: 'reorder' }],
    ['late', { kind: 'delay', delayMs: 400 }],
  ] as const)('webhook %s, that the sentence is over: the call is hung up once, after it', async (_, fault) => {
    const { telnyx } = stage;
    telnyx.faults.webhooks.all('call.speak.ended', fault);
    telnyx.faults.webhooks.all('call.speak.started', fault);
    const { call } = await greetedCall(stage);
    breakFrames(call);
    // What waits for the next event of the call gets one.
    if (fault.kind === 'reorder') {
      await eventually(() => (call.heard.spoken[0]?.status === 'completed' ? true : undefined), 'the sentence');
      call.reporter.common('call.cost', {});
    }
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'media-frames-broken' });
    expect(spoken(call)).toEqual([[SORRY, 'completed']]);
    expect(actions(call)).toEqual(['answer', 'speak', 'hangup']);
  });
});

describe('keys', () => {
  it('keys from both ways: are told to the model once, from the media stream', async () => {
    stage.telnyx.switches.dtmfWebhook = true;
    const { call, session } = await greetedCall(stage);
    for (const key of '1122#') call.pressKey(key);
    await lineAbout(stage, call, 'the caller entered keys');
    await stage.telnyx.settled();
    for (const key of '33#') call.pressKey(key);
    await eventually(() => (keysTold(session).length >= 2 ? true : undefined), 'two entries');
    await stage.telnyx.settled();
    expect(keysTold(session)).toEqual(['1 1 2 2 (ended by #)', '3 3 (ended by #)']);
  });

  it.each([
    ['as they were pressed', undefined],
    ['twice', { kind: 'duplicate' }],
    ['in the wrong order', { kind: 'reorder' }],
  ] as const)('keys by webhook alone: are told to the model once where webhooks come %s', async (_, fault) => {
    const { telnyx } = stage;
    Object.assign(telnyx.switches, { dtmfWebhook: true, dtmfFrame: false });
    const { call, session } = await greetedCall(stage);
    for (const [index, key] of [...'1123'].entries()) {
      if (fault && index === 1) telnyx.faults.webhooks.next('call.dtmf.received', fault);
      call.pressKey(key);
      // No two keys are pressed in the same millisecond.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await eventually(() => keysTold(session)[0], 'an entry');
    expect(keysTold(session)).toEqual(['1 1 2 3']);
  });
});

describe('speak refused while streaming', () => {
  /** A tool has the caller wait. */
  async function waiting(): Promise<{ call: SimulatedCall; session: DoubleSession; heardBytes: number }> {
    const { call, session } = await greetedCall(stage);
    const heardBytes = call.heard.playedBytes;
    session.respond({ items: [{ name: 'slow' }] });
    return { call, session, heardBytes };
  }

  const hearsTone = (call: SimulatedCall, heardBytes: number) =>
    eventually(() => (call.heard.playedBytes >= heardBytes + 600 * 8 ? true : undefined), 'a tone of 600 ms');

  it('speak allowed while streaming: the caller hears the sentence, and the stream stays', async () => {
    const { call } = await waiting();
    await eventually(() => (call.heard.spoken[0]?.status === 'completed' ? true : undefined), 'the sentence');
    expect(spoken(call)).toEqual([[WAIT, 'completed']]);
    expect(actions(call)).toEqual(['answer', 'speak']);
    expect(call.streams).toHaveLength(1);
  });

  it('speak allowed while streaming: the end of that sentence is not taken for the end of the last one', async () => {
    stage.telnyx.switches.speakMsPerCharacter = 100;
    const { call } = await waiting();
    await call.waitFor('spoken');
    breakFrames(call);
    await call.waitFor('spoken', 5_000, 2);
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'media-frames-broken' });
    expect(spoken(call)).toEqual([
      [WAIT, 'completed'],
      [SORRY, 'completed'],
    ]);
  });

  it('speak refused while streaming: the caller hears a tone instead, and no later call asks again', async () => {
    stage.telnyx.switches.refusedWhileStreaming = ['speak'];
    const first = await waiting();
    await hearsTone(first.call, first.heardBytes);
    expect(requestsFor(stage, first.call).map(({ action, status }) => [action, status])).toEqual([
      ['answer', 200],
      ['speak', 422],
    ]);
    const second = await waiting();
    await hearsTone(second.call, second.heardBytes);
    expect(actions(second.call)).toEqual(['answer']);
    expect([...spoken(first.call), ...spoken(second.call)]).toEqual([]);
    expect(first.session.open && second.session.open).toBe(true);
  });

  it('speak refused while streaming: for the last sentence the stream is stopped first', async () => {
    stage.telnyx.switches.refusedWhileStreaming = ['speak'];
    const { call } = await greetedCall(stage);
    breakFrames(call);
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'media-frames-broken' });
    expect(requestsFor(stage, call).map(({ action, status }) => [action, status])).toEqual([
      ['answer', 200],
      ['speak', 422],
      ['streaming_stop', 200],
      ['speak', 200],
      ['hangup', 200],
    ]);
    expect(spoken(call)).toEqual([[SORRY, 'completed']]);
  });
});
