import { decodeG711 } from '../simulator/audio/g711.js';
import { loadClip } from '../simulator/audio/clips.js';
import { locateClip } from '../simulator/audio/locate.js';
import { type DoubleSession } from '../simulator/realtime/index.js';
import { type SimulatedCall } from '../simulator/telnyx/index.js';
import { callEnded, connectCall, eventually, heardBytes, requestOf, requestsFor } from './support/calls.js';
import { setStage, type Stage } from './support/gateway.js';
import { deadPort, TcpProxy } from './support/tcp-proxy.js';

/** Speech without a pause of its own, so that every bit of it has one place only. */
const ANSWER = loadClip('assistant-answer-long');
const SPEECH = loadClip('caller-interruption').subarray(0, 12_000);
const SORRY = 'Sorry, goodbye.';
const BYTES_PER_MS = 8;

let stage: Stage;
let nowhere: number;

async function begin(env: Record<string, string>): Promise<void> {
  stage = await setStage({
    env: { WARM_SESSIONS: '0', SENTENCE_SORRY: SORRY, ...env },
    telnyx: { switches: { speakMsPerCharacter: 5 } },
    realtime: {
      switches: { responseDelayMs: 20 },
      script: {
        replies: [
          { text: 'Hello', audio: ANSWER },
          { text: 'Yes', durationMs: 400 },
        ],
      },
    },
  });
  nowhere = await deadPort();
}

async function cleanUp(): Promise<void> {
  const { telnyx, gateway } = stage;
  telnyx.faults.clear();
  stage.mediaPort = gateway.port;
  for (const call of telnyx.calls) if (call.state !== 'ended') call.hangUp();
  await gateway.waitForStatus(({ heldCalls }) => heldCalls === 0);
  expect(gateway.alive).toBe(true);
}

const greetings = (sessions: readonly DoubleSession[]): number =>
  sessions.reduce((sum, { clientEvents }) => {
    return (
      sum + clientEvents.filter(({ type, item }) => type === 'conversation.item.create' && isGreeting(item)).length
    );
  }, 0);
const isGreeting = (item: unknown): boolean => JSON.stringify(item).includes('has just been answered');

const commandIds = (call: SimulatedCall): unknown[] => requestsFor(stage, call).map(({ body }) => body['command_id']);

/**
 * Where in the answer the caller went on listening after the loss, against where they had stopped: 0 is seamless,
 * more is audio that nobody heard, less is audio that was heard twice.
 */
function missedMs(call: SimulatedCall, heardBeforeBytes: number): number {
  const after = decodeG711('PCMU', heardBytes(call).subarray(heardBeforeBytes, heardBeforeBytes + 8_000));
  const match = locateClip(ANSWER, after);
  expect(match?.score).toBeGreaterThan(0.99);
  return (match?.atMs ?? NaN) - heardBeforeBytes / BYTES_PER_MS;
}

describe('a media stream that is lost in the middle of an answer', () => {
  beforeAll(() => begin({ STREAM_REDIAL_WAIT_MS: '2000' }));
  afterAll(() => stage.close());
  afterEach(cleanUp);

  it.each([
    ['breaks', 'abrupt', 'same'],
    ['is closed in order', 'close', 'same'],
    ['breaks, and the next one has another id', 'abrupt', 'new'],
  ] as const)('and %s, goes on in the re-dialled one where the caller had stopped hearing', async (_, how, id) => {
    stage.telnyx.switches.reconnectStreamId = id;
    const { call, session } = await connectCall(stage);
    const sessions = stage.realtime.sessions.length;
    await call.waitFor('mark', 5_000, 6);
    call.dropMediaSocket(how, 'redial', 300);
    const heardBefore = call.heard.playedBytes;
    expect(heardBefore).toBeGreaterThan(4_000);
    await call.waitFor('stream-started', 5_000, 2);
    await eventually(() => (call.heard.playedBytes > heardBefore + 10_000 ? true : undefined), 'more of the answer');

    // One frame, and what two busy processes need to tell each other that the socket is gone.
    expect(Math.abs(missedMs(call, heardBefore))).toBeLessThanOrEqual(20 + 60);
    expect(stage.realtime.sessions).toHaveLength(sessions);
    expect(greetings([session])).toBe(1);
    expect(requestsFor(stage, call).map(({ action }) => action)).toEqual(['answer']);
    expect(session.clientEvents.filter(({ type }) => type === 'response.create')).toHaveLength(1);
  });

  it('and not re-dialled, is asked for again after two seconds, once, and goes on in the same conversation', async () => {
    const { call, session } = await connectCall(stage);
    await call.waitFor('mark', 5_000, 3);
    call.dropMediaSocket('abrupt', 'nothing');
    const lostAt = Date.now();
    const heardBefore = call.heard.playedBytes;
    const restart = await requestOf(stage, call, 'streaming_start');
    expect(restart.at - lostAt).toBeGreaterThanOrEqual(1_900);
    expect(restart.body).toMatchObject({
      stream_url: expect.stringContaining('/media-stream/') as string,
      stream_track: 'inbound_track',
      stream_bidirectional_mode: 'rtp',
      stream_bidirectional_codec: 'PCMU',
      stream_bidirectional_target_legs: 'self',
    });
    expect(new Set(commandIds(call)).size).toBe(2);
    await call.waitFor('stream-started', 5_000, 2);
    await eventually(() => (call.heard.playedBytes > heardBefore + 10_000 ? true : undefined), 'more of the answer');
    expect(Math.abs(missedMs(call, heardBefore))).toBeLessThanOrEqual(20 + 60);
    expect(greetings([session])).toBe(1);
    // The caller is heard in the same session.
    await call.say(SPEECH);
    await session.waitFor('speech_stopped');
    expect(requestsFor(stage, call, 'streaming_start')).toHaveLength(1);
  });

  it('and cannot be had back, is asked for three times under three ids; then the caller is told and the call ended', async () => {
    const { call } = await connectCall(stage);
    await call.waitFor('heard-audio');
    stage.mediaPort = nowhere;
    call.dropMediaSocket('abrupt', 'nothing');
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'media-stream-lost' });
    expect(requestsFor(stage, call).map(({ action }) => action)).toEqual([
      'answer',
      'streaming_start',
      'streaming_start',
      'streaming_start',
      'speak',
      'hangup',
    ]);
    expect(new Set(commandIds(call)).size).toBe(6);
    expect(call.heard.spoken.map(({ text, status }) => [text, status])).toEqual([[SORRY, 'completed']]);
  });

  it('is no loss when the caller has hung up', async () => {
    const { call } = await connectCall(stage);
    await call.waitFor('heard-audio');
    call.hangUp();
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'caller-hung-up' });
    expect(requestsFor(stage, call).map(({ action }) => action)).toEqual(['answer']);
  });
});

describe('a media stream that does not come', () => {
  let proxy: TcpProxy;

  beforeAll(async () => {
    await begin({ STREAM_START_TIMEOUT_S: '1' });
    proxy = await TcpProxy.start(stage.gateway.port);
  });
  afterAll(async () => {
    await stage.close();
    await proxy.close();
  });
  afterEach(cleanUp);

  it('is asked for once more; then the caller is told, the call ended, and the operator told what to look at', async () => {
    // Something takes the connection and never says a word.
    proxy.swallowing = true;
    stage.mediaPort = proxy.port;
    const call = stage.telnyx.placeCall();
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'no-media-stream' });
    // Telnyx still believes in the first stream, so that one has to be stopped before another is taken.
    expect(requestsFor(stage, call).map(({ action, status }) => [action, status])).toEqual([
      ['answer', 200],
      ['streaming_start', 422],
      ['streaming_stop', 200],
      ['streaming_start', 200],
      ['speak', 200],
      ['hangup', 200],
    ]);
    expect(new Set(commandIds(call)).size).toBe(6);
    expect(call.heard.spoken.map(({ text }) => text)).toEqual([SORRY]);
    const warning = await stage.gateway.waitForLine(({ wait }) => wait === 'first-stream');
    expect(warning.msg).toContain('PUBLIC_URL');
  });

  it('or comes and does not begin, comes right with the next one', async () => {
    stage.telnyx.switches.secondStream = 'replaces';
    proxy.swallowing = true;
    stage.mediaPort = proxy.port;
    const call = stage.telnyx.placeCall();
    await call.waitFor('stream-connected');
    stage.mediaPort = stage.gateway.port;
    await requestOf(stage, call, 'streaming_start');
    await call.waitFor('heard-audio');
    expect(call.streams).toHaveLength(2);
    expect(requestsFor(stage, call)).toHaveLength(2);
    stage.telnyx.switches.secondStream = 'refused';
  });
});

describe('a media stream that Telnyx could not open', () => {
  beforeAll(() => begin({ STREAM_START_TIMEOUT_S: '60' }));
  afterAll(() => stage.close());
  afterEach(cleanUp);

  it('is asked for again at once, and the call goes on where that helps', async () => {
    stage.mediaPort = nowhere;
    const call = stage.telnyx.placeCall();
    await call.waitFor('stream-failed');
    stage.mediaPort = stage.gateway.port;
    await call.waitFor('heard-audio', 5_000);
    expect(requestsFor(stage, call).map(({ action }) => action)).toEqual(['answer', 'streaming_start']);
  });

  it('ends the call with a sentence where it does not', async () => {
    stage.mediaPort = nowhere;
    const call = stage.telnyx.placeCall();
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'no-media-stream' });
    expect(requestsFor(stage, call).map(({ action }) => action)).toEqual([
      'answer',
      'streaming_start',
      'speak',
      'hangup',
    ]);
    expect(call.heard.spoken.map(({ text }) => text)).toEqual([SORRY]);
  });
});

describe('a proxy that is reloaded under twenty calls', () => {
  const CALLS = 20;
  let proxy: TcpProxy;

  beforeAll(async () => {
    await begin({ STREAM_REDIAL_WAIT_MS: '1000' });
    proxy = await TcpProxy.start(stage.gateway.port);
  });
  afterAll(async () => {
    await stage.close();
    await proxy.close();
  });
  afterEach(cleanUp);

  it.each([
    ['Telnyx dials again', 'redial'],
    ['Telnyx leaves it to us', 'none'],
  ] as const)('loses none of them where %s', async (_, reconnect) => {
    stage.telnyx.switches.reconnect = reconnect;
    stage.telnyx.switches.reconnectDelayMs = 200;
    stage.mediaPort = proxy.port;
    const before = stage.realtime.sessions.length;
    const calls = Array.from({ length: CALLS }, (__, index) =>
      stage.telnyx.placeCall({ from: `+1555010${1000 + index}` }),
    );
    await Promise.all(calls.map((call) => call.waitFor('mark', 10_000, 3)));
    expect(proxy.cutAll()).toBeGreaterThanOrEqual(CALLS);
    await Promise.all(calls.map((call) => call.waitFor('stream-started', 10_000, 2)));

    // Every caller is heard, and answered, in the session they had.
    await Promise.all(calls.map((call) => call.say(SPEECH)));
    const sessions = stage.realtime.sessions.slice(before);
    expect(sessions).toHaveLength(CALLS);
    await Promise.all(sessions.map((session) => session.waitFor('speech_stopped')));
    await Promise.all(
      sessions.map((session) => session.waitFor('response.done', 10_000, ({ response }) => hasStatus(response))),
    );
    expect(calls.map(({ state }) => state)).toEqual(calls.map(() => 'answered'));
    expect(greetings(sessions)).toBe(CALLS);
    const restarts = calls.flatMap((call) => requestsFor(stage, call, 'streaming_start'));
    expect(restarts).toHaveLength(reconnect === 'none' ? CALLS : 0);
    expect(
      calls.flatMap((call) => [...requestsFor(stage, call, 'hangup'), ...requestsFor(stage, call, 'speak')]),
    ).toEqual([]);
  });
});

const hasStatus = (response: unknown): boolean => (response as { status?: string }).status === 'completed';
