import { babble } from '../simulator/audio/signals.js';
import { DEFAULT_SWITCHES, type SimulatedCall } from '../simulator/telnyx/index.js';
import { callEnded, connectCall, greetedCall, requestOf, requestsFor } from './support/calls.js';
import { setStage, type Stage } from './support/gateway.js';
import {
  complaints,
  complaintsAbout,
  everythingLetGo,
  hearsMore,
  isAnswered,
  lineAbout,
  spoken,
  webhookIdentity,
} from './support/line-failures.js';
import { deadPort, TcpProxy } from './support/tcp-proxy.js';

const SORRY = 'Sorry, goodbye.';
const YES = { text: 'Yes', durationMs: 400 };
const SHORT = { replies: [{ text: 'Hello', durationMs: 400 }, YES] };
/** Long enough for something to happen in the middle of it. */
const LONG = { replies: [{ text: 'Hello', durationMs: 6_000 }, YES] };
const SWITCHES = { speakMsPerCharacter: 5 };

const NO_FIRST_STREAM =
  'answered, but no media stream has started: is wss reachable through PUBLIC_URL, and does the ingress upgrade /media-stream?';
const NOT_REDIALLED = 'the media stream was lost and Telnyx has not dialled again';
const NOT_STARTED = 'the media stream asked for has not started';
const FAILED = 'streaming.failed: Telnyx could not reach our media stream';

let stage: Stage;
let nowhere: number;

beforeAll(async () => {
  nowhere = await deadPort();
  stage = await setStage({
    env: {
      WARM_SESSIONS: '0',
      WAIT_SIGNAL: 'off',
      SENTENCE_SORRY: SORRY,
      STREAM_START_TIMEOUT_S: '1',
      STREAM_REDIAL_WAIT_MS: '700',
    },
    telnyx: { switches: SWITCHES },
    realtime: {
      switches: { responseDelayMs: 20 },
      script: SHORT,
    },
  });
});
afterAll(() => stage.close());
afterEach(async () => {
  const { telnyx, gateway } = stage;
  telnyx.faults.clear();
  Object.assign(telnyx.switches, DEFAULT_SWITCHES, SWITCHES);
  stage.mediaPort = gateway.port;
  stage.realtime.script = SHORT;
  await everythingLetGo(stage);
});

const actions = (call: SimulatedCall): string[] => requestsFor(stage, call).map(({ action }) => action);
const counters = async () => (await stage.gateway.status()).counters;

/** What Telnyx says of the stream that the answer asked for, when it could not be opened. */
function failureOfFirstStream(call: SimulatedCall): Promise<unknown> {
  const streamUrl = requestsFor(stage, call, 'answer')[0]?.body['stream_url'];
  return stage.telnyx.sendWebhook('streaming.failed', {
    ...webhookIdentity(call),
    failure_reason: 'connection_failed',
    stream_id: 'of-the-first-stream',
    stream_type: 'websocket',
    stream_params: { stream_url: streamUrl, track: 'inbound_track' },
  });
}

describe('stream never starts', () => {
  it('stream never starts: the operator reads where to look, and no model session is lost with it', async () => {
    const proxy = await TcpProxy.start(stage.gateway.port);
    try {
      const before = await counters();
      // Something takes the connection and never says a word.
      proxy.swallowing = true;
      stage.mediaPort = proxy.port;
      stage.telnyx.switches.secondStream = 'replaces';
      const call = stage.telnyx.placeCall();
      expect(await callEnded(stage, call, 15_000)).toMatchObject({ endReason: 'no-media-stream' });
      expect(complaintsAbout(stage, call)).toEqual([NO_FIRST_STREAM, NOT_STARTED]);
      expect(spoken(call)).toEqual([[SORRY, 'completed']]);
      const after = await counters();
      expect((after['streamsStarted'] ?? 0) - (before['streamsStarted'] ?? 0)).toBe(0);
      expect((after['callsEnded'] ?? 0) - (before['callsEnded'] ?? 0)).toBe(1);
      // The session that was made ready for the call is there for the next one.
      expect(stage.realtime.sessions.at(-1)).toMatchObject({ open: true, appendCount: 0 });
    } finally {
      await proxy.close();
    }
  });
});

describe('socket lost and re-dialled', () => {
  it.each(['same', 'new'] as const)(
    'socket lost and re-dialled: the conversation goes on in a new generation of playout (%s stream_id)',
    async (reconnectStreamId) => {
      stage.telnyx.switches.reconnectStreamId = reconnectStreamId;
      stage.realtime.script = LONG;
      const before = await counters();
      const { call, session } = await connectCall(stage);
      await call.waitFor('mark', 5_000, 3);
      call.dropMediaSocket('abrupt', 'redial', 100);
      await call.waitFor('stream-started', 5_000, 2);
      await hearsMore(call);
      const [first, second] = call.streams;
      expect(first?.streamId === second?.streamId).toBe(reconnectStreamId === 'same');
      const generations = call.streams.map(({ echoedMarks }) => new Set(echoedMarks.map((name) => name.split(':')[0])));
      expect(generations.map(({ size }) => size)).toEqual([1, 1]);
      expect([...(generations[0] ?? [])]).not.toEqual([...(generations[1] ?? [])]);
      expect(complaints(stage, call)).toEqual([]);
      expect(actions(call)).toEqual(['answer']);
      const after = await counters();
      expect((after['streamsStarted'] ?? 0) - (before['streamsStarted'] ?? 0)).toBe(2);
      expect((after['modelSessionsLost'] ?? 0) - (before['modelSessionsLost'] ?? 0)).toBe(0);
      await isAnswered({ call, session });
    },
  );

  it.each([
    ['Telnyx dials again', 'redial', ['answer']],
    ['it is asked for', 'nothing', ['answer', 'streaming_start']],
  ] as const)(
    'socket lost and re-dialled: a caller who was speaking is heard and answered where %s',
    async (_, then, asked) => {
      const { call, session } = await greetedCall(stage);
      void call.say(babble(3_500, -12));
      await session.waitFor('speech_started');
      call.dropMediaSocket('abrupt', then, 100);
      await call.waitFor('stream-started', 5_000, 2);
      await session.waitFor('speech_stopped');
      await hearsMore(call, 1_600);
      expect(actions(call)).toEqual(asked);
      expect(session.open).toBe(true);
    },
  );
});

describe('socket lost for good', () => {
  it('socket lost for good: each attempt is told to the operator, and the caller hears why the call ends', async () => {
    stage.realtime.script = LONG;
    const { call, session } = await connectCall(stage);
    await call.waitFor('heard-audio');
    stage.mediaPort = nowhere;
    call.dropMediaSocket('abrupt', 'nothing');
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'media-stream-lost' });
    expect(complaintsAbout(stage, call)).toEqual([NOT_REDIALLED, FAILED, FAILED, FAILED]);
    expect(spoken(call)).toEqual([[SORRY, 'completed']]);
    await session.closed;
  });
});

describe('streaming.failed', () => {
  it('streaming.failed before the first stream: another is asked for, and the assistant greets there', async () => {
    stage.mediaPort = nowhere;
    const call = stage.telnyx.placeCall();
    await call.waitFor('stream-failed');
    stage.mediaPort = stage.gateway.port;
    await call.waitFor('heard-audio');
    expect(complaints(stage, call)).toMatchObject([{ msg: FAILED, reason: 'connection_failed' }]);
    expect(actions(call)).toEqual(['answer', 'streaming_start']);
  });

  it('streaming.failed in mid-call: a lost socket is asked for at once, not after the wait for a re-dial', async () => {
    const { call, session } = await greetedCall(stage);
    call.dropMediaSocket('abrupt', 'nothing');
    await lineAbout(stage, call, 'media stream ended');
    await failureOfFirstStream(call);
    await call.waitFor('stream-started', 5_000, 2);
    expect(complaintsAbout(stage, call)).toEqual([FAILED]);
    expect(actions(call)).toEqual(['answer', 'streaming_start']);
    await isAnswered({ call, session });
  });

  it('streaming.failed in mid-call: is old news while a socket lives', async () => {
    const { call, session } = await greetedCall(stage);
    await failureOfFirstStream(call);
    await lineAbout(stage, call, FAILED);
    await isAnswered({ call, session });
    expect(actions(call)).toEqual(['answer']);
    expect(call.streams).toHaveLength(1);
  });

  it('streaming.failed for an older attempt: does not end a call whose second stream is on its way', async () => {
    const { telnyx } = stage;
    telnyx.faults.webhooks.next('streaming.failed', { kind: 'drop' });
    telnyx.faults.rest.next('streaming_start', { kind: 'delay', delayMs: 300 });
    stage.mediaPort = nowhere;
    const call = telnyx.placeCall();
    // Nobody told of the failure in time: the gateway's own patience has run out.
    await requestOf(stage, call, 'streaming_start');
    stage.mediaPort = stage.gateway.port;
    await failureOfFirstStream(call);
    await lineAbout(stage, call, FAILED);
    await call.waitFor('heard-audio');
    expect(actions(call)).toEqual(['answer', 'streaming_start']);
  });

  it('streaming.failed for an older attempt: costs a call in progress no further attempt', async () => {
    const { telnyx } = stage;
    const { call, session } = await greetedCall(stage);
    telnyx.faults.rest.next('streaming_start', { kind: 'delay', delayMs: 300 });
    call.dropMediaSocket('abrupt', 'nothing');
    await requestOf(stage, call, 'streaming_start');
    await failureOfFirstStream(call);
    await lineAbout(stage, call, FAILED);
    await call.waitFor('stream-started', 5_000, 2);
    await isAnswered({ call, session });
    expect(actions(call)).toEqual(['answer', 'streaming_start']);
  });
});
