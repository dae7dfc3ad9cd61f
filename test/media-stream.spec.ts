import fc from 'fast-check';
import { loadClip } from '../simulator/audio/clips.js';
import { decodeG711, encodeG711, silenceByte } from '../simulator/audio/g711.js';
import { locateClip } from '../simulator/audio/locate.js';
import { babble, tone } from '../simulator/audio/signals.js';
import { type SimulatedCall } from '../simulator/telnyx/index.js';
import { callEnded, connectCall, eventually, greetedCall, hangUp, heardBytes, requestsFor } from './support/calls.js';
import { setStage, type Stage } from './support/gateway.js';
import { MediaSocket } from './support/media-socket.js';
import { givenPath, STREAM_SECRET, streamPath } from './support/stream-tokens.js';

const GREETING = loadClip('assistant-goodbye');
const SPEECH = loadClip('caller-interruption');
const SORRY = 'Sorry, goodbye.';

let stage: Stage;

beforeAll(async () => {
  stage = await setStage({
    env: { WARM_SESSIONS: '0', STREAM_TOKEN_SECRET: STREAM_SECRET, SENTENCE_SORRY: SORRY },
    realtime: {
      switches: { responseDelayMs: 20 },
      script: {
        replies: [
          { text: 'Hello', audio: GREETING },
          { text: 'An answer', durationMs: 600 },
        ],
      },
    },
  });
  // A second stream is asked for where the first has failed; what is left of that one is no reason to refuse.
  stage.telnyx.switches.secondStream = 'replaces';
});
afterAll(() => stage.close());
afterEach(async () => {
  const { telnyx, gateway, realtime } = stage;
  telnyx.faults.clear();
  realtime.faults.clear();
  for (const call of telnyx.calls) if (call.state !== 'ended') call.hangUp();
  await gateway.waitForStatus(({ heldCalls }) => heldCalls === 0);
  expect(gateway.alive).toBe(true);
  expect(realtime.sessions.flatMap(({ violations }) => violations)).toEqual([]);
});

/** Milliseconds of caller audio that went out on a call, lost chunks included. @param frameMs of each frame. */
const sentMs = (call: SimulatedCall, frameMs = 20): number =>
  call.streams.reduce((sum, { framesSent, framesLost }) => sum + framesSent + framesLost, 0) * frameMs;

const counters = async () => (await stage.gateway.status()).counters;

describe('the audio of a caller', () => {
  it('in A-law is announced to the model as such before the first of it is sent, and all of it arrives', async () => {
    const { telnyx, realtime } = stage;
    telnyx.switches.transcoding = 'leg-codec';
    try {
      // The confirmation of the second session.update, the one for A-law, comes late.
      const opened = realtime.nextSession(({ open }) => open);
      const call = telnyx.placeCall({ codec: 'PCMA' });
      const session = await opened;
      await session.waitFor('session.updated');
      realtime.faults.arm('late', { type: 'session.updated', ms: 400 });
      const confirmed = await session.waitFor('session.updated');
      expect(confirmed).toMatchObject({ session: { audio: { input: { format: { type: 'audio/pcma' } } } } });
      const framesBefore = call.streams[0]?.framesSent ?? 0;
      await eventually(
        () => ((call.streams[0]?.framesSent ?? 0) >= framesBefore + 10 ? true : undefined),
        'ten frames',
      );
      expect(session.appendCount).toBe(0);

      await session.waitFor('response.done');
      await call.waitForQuiet(40);
      await call.say(SPEECH);
      await session.waitFor('speech_stopped');
      await hangUp(stage, call);
      await session.closed;
      expect(session.inputMs).toBe(sentMs(call));
      expect(locateClip(decodeG711('PCMA', session.inputAudio), SPEECH)?.score).toBeGreaterThan(0.99);
      // The way back is mu-law all the same: the caller hears speech, not the rattle of the wrong law.
      expect(requestsFor(stage, call, 'answer')[0]?.body['stream_bidirectional_codec']).toBe('PCMU');
      expect(locateClip(call.heard.toPcm(), GREETING.subarray(0, 8_000))?.score).toBeGreaterThan(0.99);
    } finally {
      telnyx.switches.transcoding = 'honoured';
    }
  });

  it.each(['G722', 'L16'] as const)('in %s ends the call with a sentence and a reason', async (codec) => {
    const { telnyx, gateway } = stage;
    telnyx.switches.speakMsPerCharacter = 5;
    const call = telnyx.placeCall({ codec });
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'codec-unsupported' });
    expect(call.heard.spoken.map(({ text, status }) => [text, status])).toEqual([[SORRY, 'completed']]);
    expect(requestsFor(stage, call).at(-1)?.action).toBe('hangup');
    await gateway.waitForLine(({ msg, encoding }) => encoding === codec && msg.includes('stream_codec PCMU'));
  });

  it.each([
    ['99 ms', [792], 99],
    ['80 ms', [640], 80],
    ['60 ms', [480], 60],
    ['odd and changing sizes', [161, 159, 7, 153], 15],
  ])('arrives whole in frames of %s', async (_, frameBytes, meanMs) => {
    const { call, session } = await greetedCall(stage, { frameBytes });
    await call.say(SPEECH);
    await session.waitFor('speech_stopped');
    await hangUp(stage, call);
    await session.closed;
    expect(locateClip(decodeG711('PCMU', session.inputAudio), SPEECH)?.score).toBeGreaterThan(0.99);
    // With sizes that change, the last round of them may be cut off anywhere.
    expect(Math.abs(session.inputMs - sentMs(call, meanMs))).toBeLessThanOrEqual(frameBytes.length > 1 ? 40 : 0);
  });

  it('is put in order, and silence stands for what is missing, so that the model keeps the time of the caller', async () => {
    const { call, session } = await greetedCall(stage);
    const said = call.say(SPEECH);
    await session.waitFor('speech_started');
    call.swapNextChunks();
    await eventually(() => (sentMs(call) > 2_400 ? true : undefined), 'the swapped chunks');
    call.loseChunks(4);
    await said;
    await session.waitFor('speech_stopped');
    await hangUp(stage, call);
    await session.closed;
    expect(session.inputMs).toBe(sentMs(call));
    expect(await callEnded(stage, call)).toMatchObject({
      line: { reordered: 1, paddedBytes: 4 * 160, late: 0 },
    });
    // Only the lost 80 ms differ from what was said.
    expect(locateClip(decodeG711('PCMU', session.inputAudio), SPEECH)?.score).toBeGreaterThan(0.9);
  });

  it('that stops coming in the middle of a word is taken to have ended', async () => {
    const { call, session } = await greetedCall(stage);
    void call.say(tone(300, 10_000));
    await session.waitFor('speech_started');
    call.stopFrames(8_000);
    const framesBefore = call.streams[0]?.framesSent;
    await session.waitFor('speech_stopped', 5_000);
    expect(call.streams[0]?.framesSent).toBe(framesBefore);
    await session.waitFor('response.created');
  });

  it('may leave out silence altogether', async () => {
    stage.telnyx.switches.callerSilence = 'suppressed';
    try {
      const call = stage.telnyx.placeCall();
      await call.waitFor('heard-audio');
      await call.say(SPEECH);
      await call.waitFor('heard-audio', 5_000, 2);
    } finally {
      stage.telnyx.switches.callerSilence = 'silence';
    }
  });
});

describe('frames that make no sense', () => {
  const media = (fields: object): string => JSON.stringify({ event: 'media', media: fields });

  it('are passed over, and the call goes on', async () => {
    const { call, session } = await greetedCall(stage);
    const before = await counters();
    const broken = [
      ...[
        '',
        '{',
        'null',
        '7',
        '"media"',
        '[]',
        '{}',
        '{"event":7}',
        '{"event":"media"',
        '\u0000',
        '{"event":"media"}',
      ],
      ...[
        media({}),
        media({ payload: 7 }),
        media({ payload: '' }),
        media({ payload: '%%%' }),
        media({ payload: 'AAAAA' }),
      ],
      ...['{"event":"dtmf","dtmf":{"digit":"12"}}', '{"event":"mark"}', '{"event":"start"}', '{"event":"dtmf"}'],
    ];
    for (const text of broken) call.sendRaw(text);
    call.sendBinary(Buffer.from([0, 1, 2, 3]));
    const unknown = ['{"event":"hologram"}', `{"event":"${'x'.repeat(900_000)}"}`, '{"event":"__proto__"}'];
    for (const text of unknown) call.sendRaw(text);
    call.sendRaw('{"event":"error","payload":{"code":"100004","title":"invalid_media","detail":"x"}}');
    call.sendRaw('{"event":"mark","mark":{"name":"never sent"}}');

    await call.say(SPEECH);
    await session.waitFor('speech_stopped');
    const after = await counters();
    expect((after['framesInvalid'] ?? 0) - (before['framesInvalid'] ?? 0)).toBe(broken.length + 1);
    expect((after['framesUnknown'] ?? 0) - (before['framesUnknown'] ?? 0)).toBe(unknown.length);
    await session.waitFor('response.done');
    expect(call.streams).toHaveLength(1);
  });

  it('end the call with a sentence when there are nothing but such frames', async () => {
    stage.telnyx.switches.speakMsPerCharacter = 5;
    const { call } = await connectCall(stage);
    for (let index = 0; index < 100; index++) call.sendRaw('{"event":');
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'media-frames-broken' });
    expect(call.heard.spoken).toHaveLength(1);
  });

  it('cost a socket when they are larger than any frame can be, but not the call', async () => {
    const { call, session } = await greetedCall(stage);
    const lost = call.waitFor('stream-lost');
    call.sendRaw(media({ payload: 'A'.repeat(2 * 1024 * 1024) }));
    await lost;
    await call.waitFor('stream-started', 5_000, 2);
    await call.say(SPEECH);
    await session.waitFor('speech_stopped');
  });

  it('thrown at the gateway by the thousand do not touch the calls of others', async () => {
    const { call, session } = await greetedCall(stage);
    const sockets = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(async (number) => {
        const socket = await MediaSocket.open(stage.gateway.port, streamPath(`v3:fuzz-${number}`));
        // Half of them as streams of a call, half without a beginning.
        if (number % 2 === 0) socket.start(`v3:fuzz-${number}`);
        return socket;
      }),
    );
    const payload = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('base64'));
    const word = fc.constantFrom('connected', 'media', 'dtmf', 'mark', 'error', 'start', 'x');
    const anything = fc.jsonValue({ maxDepth: 3 });
    const frame = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.json(),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc
        .record({ event: word, media: fc.oneof(anything, fc.record({ payload, chunk: anything })) })
        .map((f) => JSON.stringify(f)),
      fc
        .record({ event: word, dtmf: anything, mark: anything, payload: anything, start: anything })
        .map((f) => JSON.stringify(f)),
      fc
        .tuple(fc.nat(300), payload)
        .map(([at, text]) => `{"event":"media","media":{"chunk":"3","payload":"${text}"}}`.slice(0, at)),
    );
    const said = call.say(SPEECH);
    const bytesBefore = call.heard.playedBytes;
    for (const [index, one] of fc.sample(frame, { numRuns: 3_000, seed: 7 }).entries()) {
      const socket = sockets[index % sockets.length];
      if (socket?.socket.readyState === socket?.socket.OPEN) socket?.send(one);
    }
    await said;
    await session.waitFor('speech_stopped');
    await eventually(() => (call.heard.playedBytes >= bytesBefore + 600 * 8 ? true : undefined), 'the whole answer');
    expect(call.streams).toHaveLength(1);
    // Nobody hangs up for callers that do not exist; Telnyx says so of each.
    for (const socket of sockets) socket.terminate();
    for (const number of [1, 2, 3, 4, 5, 6]) {
      await stage.telnyx.sendWebhook('call.hangup', { call_control_id: `v3:fuzz-${number}` });
    }
  });
});

describe('a peer that stops reading', () => {
  it('loses its own call and nobody else', async () => {
    const { call, session } = await greetedCall(stage);
    stage.telnyx.faults.webhooks.next('call.initiated', { kind: 'drop' });
    const stuck = stage.telnyx.placeCall();
    const socket = await MediaSocket.open(stage.gateway.port, streamPath(stuck.callControlId));
    socket.start(stuck.callControlId);
    await eventually(() => (socket.mediaFrames > 0 ? true : undefined), 'the greeting');
    socket.socket.pause();
    // Every ping asks for a pong of its size: that fills the pipe sooner than eleven kilobytes of audio a second.
    for (let index = 0; index < 60_000; index++) socket.socket.ping(Buffer.alloc(125));
    const { endReason } = await callEnded(stage, stuck);
    expect(endReason).toBe('media-stream-lost');
    await socket.closed;
    await call.say(SPEECH);
    await session.waitFor('speech_stopped');
    await session.waitFor('response.done');
    expect(call.streams).toHaveLength(1);
  });
});

describe('two sockets for one call', () => {
  it('the newer one has it, and the older one is closed', async () => {
    const { call, session } = await greetedCall(stage);
    const newer = await MediaSocket.open(stage.gateway.port, givenPath(stage, call));
    const lost = call.waitFor('stream-lost');
    newer.start(call.callControlId);
    expect((await lost).detail).toContain('1000');
    const heardBefore = heardBytes(call).length;
    const appendsBefore = session.inputMs;
    const voice = encodeG711('PCMU', babble(1_500, -15));
    for (let chunk = 1; chunk <= 75; chunk++) newer.audio(chunk, voice.subarray((chunk - 1) * 160, chunk * 160));
    for (let chunk = 76; chunk <= 120; chunk++) newer.audio(chunk, Buffer.alloc(160, silenceByte('PCMU')));
    await session.waitFor('speech_stopped');
    // All 120 frames arrive, the last of them perhaps after the end of speech was noticed.
    await eventually(() => (session.inputMs - appendsBefore >= 2_400 ? true : undefined), 'all that was said');
    await eventually(() => (newer.mediaFrames >= 3 ? true : undefined), 'the answer on the newer socket');
    expect(heardBytes(call)).toHaveLength(heardBefore);
    expect(call.state).toBe('answered');
    newer.terminate();
  });
});
