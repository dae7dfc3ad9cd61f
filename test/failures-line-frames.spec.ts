import { DEFAULT_SWITCHES, frames, type SimulatedCall } from '../simulator/telnyx/index.js';
import { callEnded, connectCall, eventually, greetedCall, requestsFor } from './support/calls.js';
import { setStage, type Stage } from './support/gateway.js';
import {
  complaints,
  complaintsAbout,
  everythingLetGo,
  hearsMore,
  isAnswered,
  lineAbout,
  spoken,
} from './support/line-failures.js';
import { MediaSocket } from './support/media-socket.js';
import { givenPath } from './support/stream-tokens.js';

const SORRY = 'Sorry, goodbye.';
const YES = { text: 'Yes', durationMs: 400 };
const SHORT = { replies: [{ text: 'Hello', durationMs: 400 }, YES] };
/** Long enough for something to happen in the middle of it. */
const LONG = { replies: [{ text: 'Hello', durationMs: 6_000 }, YES] };
const SWITCHES = { speakMsPerCharacter: 5 };

const NOT_REDIALLED = 'the media stream was lost and Telnyx has not dialled again';
const FAILED = 'streaming.failed: Telnyx could not reach our media stream';
const ERROR_FRAME = 'Telnyx reports an error on the media stream';

let stage: Stage;

beforeAll(async () => {
  stage = await setStage({
    env: {
      WARM_SESSIONS: '0',
      WAIT_SIGNAL: 'off',
      SENTENCE_SORRY: SORRY,
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
  const { telnyx } = stage;
  telnyx.faults.clear();
  Object.assign(telnyx.switches, DEFAULT_SWITCHES, SWITCHES);
  stage.realtime.script = SHORT;
  await everythingLetGo(stage);
});

const actions = (call: SimulatedCall): string[] => requestsFor(stage, call).map(({ action }) => action);
const counters = async () => (await stage.gateway.status()).counters;

describe('error frames', () => {
  it('error frames: each of Telnyx’s codes is told to the operator, and the call goes on', async () => {
    const before = await counters();
    const { call, session } = await greetedCall(stage);
    for (const error of ['unknownError', 'malformedFrame', 'invalidMedia', 'rateLimitReached'] as const) {
      call.sendRaw(frames.errorFrame('a stream', error, 'details that may hold audio'));
    }
    await isAnswered({ call, session });
    expect(complaints(stage, call)).toMatchObject(
      [100_002, 100_003, 100_004, 100_005].map((code) => ({ msg: ERROR_FRAME, code })),
    );
    expect((await counters())['framesInvalid']).toBe(before['framesInvalid']);
    expect(call.streams).toHaveLength(1);
  });

  it('error frames: audio that Telnyx refuses for its rate does not end the call', async () => {
    stage.realtime.script = LONG;
    stage.telnyx.switches.maxMediaMessagesPerSecond = 4;
    const { call, session } = await connectCall(stage);
    expect(await lineAbout(stage, call, ERROR_FRAME)).toMatchObject({ code: 100_005, title: 'rate_limit_reached' });
    stage.telnyx.switches.maxMediaMessagesPerSecond = undefined;
    await hearsMore(call);
    await isAnswered({ call, session });
    expect(actions(call)).toEqual(['answer']);
  });

  it('error frames: a stream that is closed with one is asked for again, and goes on where it was', async () => {
    stage.realtime.script = LONG;
    const { switches } = stage.telnyx;
    Object.assign(switches, { maxMediaMessagesPerSecond: 4, afterErrorFrame: 'closes' });
    const { call, session } = await connectCall(stage);
    await call.waitFor('stream-lost');
    Object.assign(switches, { maxMediaMessagesPerSecond: undefined });
    await call.waitFor('stream-started', 5_000, 2);
    await hearsMore(call);
    // Whether the webhook or the end of the socket comes first is chance.
    expect(complaintsAbout(stage, call).slice(0, 2)).toEqual([ERROR_FRAME, FAILED]);
    expect(actions(call)).toEqual(['answer', 'streaming_start']);
    expect(session.clientEvents.filter(({ type }) => type === 'response.create')).toHaveLength(1);
  });

  it('error frames: streams that are closed one after the other are given up in the end, with a sentence', async () => {
    stage.realtime.script = LONG;
    Object.assign(stage.telnyx.switches, { maxMediaMessagesPerSecond: 1, afterErrorFrame: 'closes' });
    const call = stage.telnyx.placeCall();
    expect(await callEnded(stage, call, 28_000)).toMatchObject({ endReason: 'media-stream-lost' });
    const asked = requestsFor(stage, call, 'streaming_start');
    expect(asked).toHaveLength(20);
    expect(new Set(asked.map(({ body }) => body['command_id'])).size).toBe(20);
    expect(spoken(call)).toEqual([[SORRY, 'completed']]);
  }, 30_000);
});

describe('peer does not read, two sockets', () => {
  it('peer does not read: its socket is cut off, and the call goes on in another', async () => {
    const { call, session } = await greetedCall(stage);
    const stuck = await MediaSocket.open(stage.gateway.port, givenPath(stage, call));
    stuck.start(call.callControlId);
    await lineAbout(stage, call, 'media stream replaced by a newer one');
    await call.waitFor('stream-lost');
    stuck.socket.pause();
    // Every ping asks for a pong, and nobody takes them.
    for (let index = 0; index < 60_000; index++) stuck.socket.ping(Buffer.alloc(125));
    await call.waitFor('stream-started', 10_000, 2);
    expect(complaintsAbout(stage, call)).toEqual([NOT_REDIALLED]);
    expect(actions(call)).toEqual(['answer', 'streaming_start']);
    await isAnswered({ call, session });
    stuck.terminate();
  });

  it('two sockets: the older one closing afterwards is no loss', async () => {
    const { call, session } = await greetedCall(stage);
    const newer = await MediaSocket.open(stage.gateway.port, givenPath(stage, call));
    const before = await counters();
    newer.start(call.callControlId);
    await call.waitFor('stream-lost');
    const appended = session.inputMs;
    for (let chunk = 1; chunk <= 100; chunk++) newer.audio(chunk, Buffer.alloc(160, 0xff));
    await eventually(() => (session.inputMs >= appended + 2_000 ? true : undefined), 'what the newer one brings');
    expect(complaints(stage, call)).toEqual([]);
    expect(actions(call)).toEqual(['answer']);
    expect((await counters())['streamsEnded']).toBe(before['streamsEnded']);
    newer.terminate();
  });
});

describe('frames broken', () => {
  it('frames broken: a few are passed over with one line; a hundred end the call, and the operator reads how many', async () => {
    const before = await counters();
    const { call, session } = await greetedCall(stage);
    for (let index = 0; index < 99; index++) call.sendRaw('{"event":"media","media":{"payload":"%%%"}}');
    await isAnswered({ call, session });
    expect(complaintsAbout(stage, call)).toEqual(['frame that cannot be read, passed over']);
    call.sendBinary(Buffer.from('x'));
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'media-frames-broken' });
    expect(complaints(stage, call).at(-1)).toMatchObject({ msg: 'too many frames that cannot be read', frames: 100 });
    expect((await counters())['framesInvalid']).toBe((before['framesInvalid'] ?? 0) + 100);
    expect(spoken(call)).toEqual([[SORRY, 'completed']]);
  });
});

describe('codec', () => {
  it('codec PCMA: may come with a re-dial, and the caller is understood there too', async () => {
    const { telnyx } = stage;
    const { call, session } = await greetedCall(stage, { codec: 'PCMA' });
    telnyx.switches.transcoding = 'leg-codec';
    const renewed = session.waitFor('session.updated', 5_000, ({ session: config }) =>
      JSON.stringify(config).includes('audio/pcma'),
    );
    call.dropMediaSocket('abrupt', 'redial', 100);
    await call.waitFor('stream-started', 5_000, 2);
    await renewed;
    await isAnswered({ call, session });
    expect(session.config.audio.input.format).toEqual({ type: 'audio/pcma' });
    expect(actions(call)).toEqual(['answer']);
  });

  it('codec unsupported: the caller is told, and neither a model session nor another stream is asked for', async () => {
    stage.telnyx.switches.transcoding = 'leg-codec';
    const call = stage.telnyx.placeCall({ codec: 'G722' });
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'codec-unsupported' });
    expect(complaints(stage, call)).toMatchObject([
      { msg: expect.stringContaining('ask Telnyx for stream_codec PCMU') as string, encoding: 'G722' },
    ]);
    expect(actions(call)).toEqual(['answer', 'speak', 'hangup']);
    expect(spoken(call)).toEqual([[SORRY, 'completed']]);
    // The session that was made ready for the call is there for the next one.
    expect(stage.realtime.sessions.at(-1)).toMatchObject({ open: true, appendCount: 0 });
  });
});
