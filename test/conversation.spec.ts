import { loadClip } from '../simulator/audio/clips.js';
import { decodeG711, encodeG711 } from '../simulator/audio/g711.js';
import { locateClip } from '../simulator/audio/locate.js';
import { babble, tone } from '../simulator/audio/signals.js';
import { DEFAULT_SWITCHES, type DoubleSession, heardTone } from '../simulator/realtime/index.js';
import { type SimulatedCall } from '../simulator/telnyx/index.js';
import { callEnded, greetedCall, hangUp, heardBytes, requestsFor, sessionInUse } from './support/calls.js';
import { setStage, type Stage } from './support/gateway.js';

const GREETING = loadClip('assistant-goodbye');
const SPEECH = loadClip('caller-interruption');
const WORDS = babble(700, -12);
const SORRY = 'Sorry, goodbye.';

let stage: Stage;

async function begin(env: Record<string, string> = {}): Promise<void> {
  stage = await setStage({
    env: { WARM_SESSIONS: '0', SENTENCE_SORRY: SORRY, ...env },
    telnyx: { switches: { speakMsPerCharacter: 5 } },
    realtime: { switches: { responseDelayMs: 20 } },
  });
  resetScript();
}

function resetScript(): void {
  stage.realtime.script = {
    replies: [
      { text: 'Hello, this is the assistant.', durationMs: 500 },
      { text: 'An answer', durationMs: 500 },
    ],
    hears: ['What about Thursday?'],
  };
}

async function cleanUp(): Promise<void> {
  const { telnyx, gateway, realtime } = stage;
  realtime.faults.clear();
  Object.assign(realtime.switches, DEFAULT_SWITCHES, { responseDelayMs: 20 });
  resetScript();
  for (const call of telnyx.calls) if (call.state !== 'ended') call.hangUp();
  await gateway.waitForStatus(({ heldCalls }) => heldCalls === 0);
  expect(gateway.alive).toBe(true);
  expect(realtime.sessions.flatMap(({ violations }) => violations)).toEqual([]);
}

const events = (session: DoubleSession, type: string) => session.clientEvents.filter((event) => event.type === type);

/** What a session was told to remember, as `role: text`. */
const remembered = (session: DoubleSession): string[] =>
  events(session, 'conversation.item.create').map(({ item }) => {
    const { role, content } = item as { role: string; content: { text: string }[] };
    return `${role}: ${content[0]?.text ?? ''}`;
  });

/** The caller was told that something is wrong, and then hung up on. */
async function expectSorryEnd(call: SimulatedCall, endReason: string): Promise<void> {
  expect(await callEnded(stage, call, 15_000)).toMatchObject({ endReason });
  const spoken = call.heard.spoken.map(({ text, status }) => [text, status]);
  expect(spoken.at(-1)).toEqual([SORRY, 'completed']);
  const actions = requestsFor(stage, call).map(({ action }) => action);
  // Before it, perhaps the sentence that fills a wait.
  expect(actions).toEqual(['answer', ...actions.filter((action) => action === 'speak'), 'hangup']);
}

describe('a conversation', () => {
  beforeAll(() => begin());
  afterAll(() => stage.close());
  afterEach(cleanUp);

  it('loses nothing that is said before the model is ready', async () => {
    const { telnyx, realtime } = stage;
    realtime.faults.arm('delayUpgrade', { ms: 1_500 });
    const call = telnyx.placeCall();
    await call.waitFor('stream-started');
    await call.say(SPEECH);
    const session = await sessionInUse(realtime);
    await session.waitFor('speech_stopped');
    await hangUp(stage, call);
    await session.closed;
    expect(locateClip(decodeG711('PCMU', session.inputAudio), SPEECH)?.score).toBeGreaterThan(0.99);
    const framesMs = call.streams.reduce((sum, { framesSent }) => sum + framesSent, 0) * 20;
    expect(session.inputMs).toBe(framesMs);
  });

  it.each([
    ['all at once', { deltaMs: 200, deliveryRatio: Infinity }],
    ['in single frames', { deltaMs: 20, deliveryRatio: 8 }],
    ['in scraps', { deltaMs: 3, deliveryRatio: 20 }],
    ['in pieces of every size, obfuscated', { deltaMs: { min: 5, max: 400 }, deliveryRatio: 4, obfuscation: true }],
  ])('reaches the ear byte for byte and without a gap when the model sends it %s', async (_, switches) => {
    Object.assign(stage.realtime.switches, switches);
    stage.realtime.script = { replies: [{ text: 'Goodbye', audio: GREETING }] };
    const { call } = await greetedCall(stage);
    const expected = encodeG711('PCMU', GREETING);
    expect(heardBytes(call).subarray(0, expected.length).equals(expected)).toBe(true);
    expect(call.heard.playedBytes - expected.length).toBeLessThan(160);
    // The lead outlasts any lateness but a stall of the machine itself.
    expect(call.heard.gaps.filter(({ fromMs, toMs }) => toMs - fromMs > 100)).toEqual([]);
  });

  it('reaches the ear byte for byte when the model is no faster than speech', async () => {
    Object.assign(stage.realtime.switches, { deltaMs: 400, deliveryRatio: 1 });
    stage.realtime.script = { replies: [{ text: 'Goodbye', audio: GREETING }] };
    const { call } = await greetedCall(stage);
    const expected = encodeG711('PCMU', GREETING);
    expect(heardBytes(call).subarray(0, expected.length).equals(expected)).toBe(true);
  });

  it('does not mind events and fields that nobody knows', async () => {
    const { realtime, gateway } = stage;
    Object.assign(realtime.switches, {
      unknownEvents: true,
      conversationCreated: true,
      rateLimitsPosition: 'after-created',
      transcriptionTiming: 'failed',
    });
    const before = (await gateway.status()).counters['modelEventsUnused'] ?? 0;
    const { call, session } = await greetedCall(stage);
    session.sendError({ message: 'Something happened that concerns nobody' });
    await call.say(WORDS);
    await call.waitFor('heard-audio', 5_000, 2);
    expect((await gateway.status()).counters['modelEventsUnused']).toBeGreaterThan(before);
  });

  it('is not begun in formats that the model did not confirm: the caller is told and the call ended', async () => {
    const { telnyx, realtime, gateway } = stage;
    realtime.faults.arm('keepFormats', {}, 100);
    const call = telnyx.placeCall();
    await expectSorryEnd(call, 'model-unavailable');
    await gateway.waitForLine(({ callId, code }) => callId === call.callControlId && code === 'formats-not-echoed');
    expect(call.heard.playedBytes).toBe(0);
  });

  it.each([
    ['drops the connection', (session: DoubleSession) => session.drop()],
    ['ends the session after its longest time', (session: DoubleSession) => session.expire()],
  ])('goes on in a new session when the model %s in the middle of an answer', async (_, lose) => {
    const { realtime } = stage;
    stage.realtime.script = {
      replies: [
        { text: 'Hello, this is the assistant.', durationMs: 500 },
        { text: 'On Thursday we have a table', durationMs: 5_000, toneHz: 440 },
      ],
      hears: ['What about Thursday?'],
    };
    const { call, session } = await greetedCall(stage);
    realtime.switches.deliveryRatio = 1;
    await call.say(WORDS);
    await call.waitFor('heard-audio', 5_000, 2);
    stage.realtime.script = { replies: [{ text: 'As I said, Thursday', durationMs: 500, toneHz: 1_160 }] };
    lose(session);
    const next = await sessionInUse(realtime);
    await next.waitForClientEvent('response.create');
    const [hello, question, answer, note, ...more] = remembered(next);
    expect(hello).toBe('assistant: Hello, this is the assistant.');
    expect(question).toBe('user: What about Thursday?');
    // What there was of the words of the answer; then the note that this is no new call.
    expect(answer).toMatch(/^assistant: On/);
    expect(note).toMatch(/^system: .*Do not greet again/);
    expect(more).toEqual([]);
    expect(next.config.audio.input.format.type).toBe('audio/pcmu');
    await next.waitFor('response.done');
    await call.waitForQuiet(60);
    expect(heardTone(call.heard.audioBetween(call.heard.elapsedMs - 400, call.heard.elapsedMs), [440, 1_160])).toBe(
      1_160,
    );
    expect(events(next, 'response.create')).toHaveLength(1);
    expect(requestsFor(stage, call).map(({ action }) => action)).toEqual(['answer']);
  });

  it('goes on in a new session when the model is lost while nobody speaks, without a word', async () => {
    const { realtime } = stage;
    const { call, session } = await greetedCall(stage);
    session.drop();
    const next = await sessionInUse(realtime);
    const heardBefore = call.heard.playedBytes;
    await call.say(WORDS);
    await next.waitFor('response.done');
    await call.waitFor('heard-audio', 5_000, 2);
    expect(call.heard.playedBytes).toBeGreaterThan(heardBefore);
    // The model answered by itself; it was not asked to speak on its return.
    expect(events(next, 'response.create')).toEqual([]);
    expect(remembered(next)[0]).toBe('assistant: Hello, this is the assistant.');
  });

  it('hears what the caller says while the model is away', async () => {
    const { realtime } = stage;
    const { call, session } = await greetedCall(stage);
    realtime.faults.arm('delayUpgrade', { ms: 1_200 });
    const said = call.say(SPEECH);
    await session.waitFor('speech_started');
    session.drop();
    await said;
    const next = await sessionInUse(realtime);
    await next.waitFor('speech_stopped');
    // From the second second on, to be clear of the moment of the loss.
    const rest = SPEECH.subarray(8_000);
    expect(locateClip(decodeG711('PCMU', next.inputAudio), rest)?.score).toBeGreaterThan(0.99);
    await next.waitFor('response.done');
  });

  it('is ended with a sentence when the model stays away', async () => {
    const { realtime } = stage;
    const { call, session } = await greetedCall(stage);
    realtime.faults.arm('refuseUpgrade', { status: 503 }, 100);
    session.drop();
    await expectSorryEnd(call, 'model-unavailable');
  });

  it.each([
    ['before its first word', {}],
    ['after some words', { afterAudioMs: 400 }],
  ])('asks again for an answer that failed %s', async (_, when) => {
    const { realtime } = stage;
    const { call, session } = await greetedCall(stage);
    const heardBefore = call.heard.playedBytes;
    realtime.faults.arm('failResponse', { code: 'server_error', ...when });
    await call.say(WORDS);
    await session.waitFor(
      'response.done',
      5_000,
      ({ response }) => (response as { status: string }).status === 'failed',
    );
    await session.waitFor(
      'response.done',
      5_000,
      ({ response }) => (response as { status: string }).status === 'completed',
    );
    await call.waitForQuiet(60);
    expect(call.heard.playedBytes - heardBefore).toBeGreaterThanOrEqual(500 * 8);
    expect(events(session, 'response.create')).toHaveLength(2);
  });

  // Open: nothing watches a session that keeps its socket and says nothing any more, so the caller stays in silence. The
  // turn was taken (`committed`) and no `response.created` follows, which the service sends within milliseconds.
  it('goes on in a new session when the model takes a turn and never answers', async () => {
    const { realtime } = stage;
    const { call, session } = await greetedCall(stage);
    realtime.faults.arm('stall', { type: 'response.created' });
    await call.say(WORDS);
    await session.waitFor('committed');
    await call.waitFor('heard-audio', 15_000, 2);
  });

  it('is ended with a sentence when the answer fails again and again', async () => {
    const { realtime } = stage;
    const { call } = await greetedCall(stage);
    realtime.faults.arm('failResponse', { code: 'rate_limit_exceeded' }, 100);
    await call.say(WORDS);
    await expectSorryEnd(call, 'model-lost');
  });

  it('is ended with a sentence, and the operator told why, when the account has no credit left', async () => {
    const { realtime, gateway } = stage;
    const { call } = await greetedCall(stage);
    realtime.faults.arm('failResponse', { code: 'insufficient_quota' }, 100);
    await call.say(WORDS);
    await expectSorryEnd(call, 'model-lost');
    await gateway.waitForLine(
      ({ code, reason }) => code === 'insufficient_quota' && String(reason).includes('billing'),
    );
  });
});

describe('warm sessions', () => {
  it('are there before the first call, serve it without a new connection, and are replaced', async () => {
    await begin({ WARM_SESSIONS: '2' });
    const { telnyx, realtime, gateway } = stage;
    try {
      await gateway.waitForStatus(({ warmSessions }) => warmSessions === 2);
      expect(realtime.sessions).toHaveLength(2);
      // Whoever connects now waits longer than this test.
      realtime.faults.arm('delayUpgrade', { ms: 60_000 }, 100);
      const call = telnyx.placeCall();
      await call.waitFor('heard-audio', 5_000);
      expect(realtime.sessions).toHaveLength(2);

      realtime.faults.clear();
      const other = telnyx.placeCall();
      await other.waitFor('heard-audio', 5_000);
      expect(await sessionInUse(realtime)).toBe(realtime.sessions[0]);
      expect(await sessionInUse(realtime)).toBe(realtime.sessions[1]);
    } finally {
      await stage.close();
    }
  });

  it('that get lost while they wait are no loss to anybody', async () => {
    await begin({ WARM_SESSIONS: '2' });
    const { realtime, gateway } = stage;
    try {
      await gateway.waitForStatus(({ warmSessions }) => warmSessions === 2);
      realtime.faults.dropNow();
      await gateway.waitForStatus(({ warmSessions }) => warmSessions === 0);
      const { call } = await greetedCall(stage);
      await gateway.waitForStatus(({ warmSessions }) => warmSessions === 2);
      expect(realtime.sessions.filter(({ open }) => open)).toHaveLength(3);
      expect(call.state).toBe('answered');
    } finally {
      await stage.close();
    }
  });
});

describe('without a greeting', () => {
  it('the assistant waits for the caller to speak', async () => {
    await begin({ GREETING: 'off' });
    try {
      const call = stage.telnyx.placeCall();
      await call.waitFor('stream-started');
      const session = await sessionInUse(stage.realtime);
      await call.say(WORDS);
      await call.waitFor('heard-audio');
      const types = session.serverEvents.map(({ type }) => type);
      expect(types.indexOf('response.created')).toBeGreaterThan(types.indexOf('input_audio_buffer.committed'));
      expect(events(session, 'response.create')).toEqual([]);
    } finally {
      await stage.close();
    }
  });
});

describe('a wrong key', () => {
  it('ends calls with a sentence, names the setting, and leaves the process running', async () => {
    await begin({ OPENAI_API_KEY: 'sk-not-the-right-one' });
    try {
      for (let index = 0; index < 2; index++) await expectSorryEnd(stage.telnyx.placeCall(), 'model-unavailable');
      await stage.gateway.waitForLine(({ msg, reason }) => `${msg} ${String(reason)}`.includes('check OPENAI_API_KEY'));
      expect((await stage.gateway.request('/readyz', { management: true })).status).toBe(200);
      expect(stage.gateway.output).not.toContain('sk-not-the-right-one');
    } finally {
      await stage.close();
    }
  });
});

describe('twenty calls at once', () => {
  const CALLS = 20;
  const toneOf = (index: number): number => 300 + 90 * index;
  const TONES = Array.from({ length: CALLS }, (_, index) => toneOf(index));

  /** Every tone in a recording, by windows of 100 ms. */
  function tonesIn(samples: Int16Array): number[] {
    const tones = new Set<number>();
    for (let at = 0; at + 800 <= samples.length; at += 800) {
      const heard = heardTone(samples.subarray(at, at + 800), TONES);
      if (heard !== undefined) tones.add(heard);
    }
    return [...tones];
  }

  it('each hear their own assistant, and each assistant its own caller, and nobody anybody else', async () => {
    await begin({ WARM_SESSIONS: '2' });
    try {
      const { telnyx, realtime } = stage;
      const order: string[] = [];
      realtime.script = {
        choose: ({ sessionId }) => {
          if (!order.includes(sessionId)) order.push(sessionId);
          return { text: 'Hmm', durationMs: 1_000, toneHz: toneOf(order.indexOf(sessionId)) };
        },
      };
      const calls = Array.from({ length: CALLS }, () => telnyx.placeCall());
      await Promise.all(calls.map((call) => call.waitFor('heard-audio')));
      await Promise.all(calls.map((call) => call.waitForQuiet(60)));
      await Promise.all(calls.map((call, index) => call.say(tone(toneOf(index), 800, -12))));
      await Promise.all(calls.map((call) => call.waitFor('heard-audio', 10_000, 2)));
      await Promise.all(calls.map((call) => call.waitForQuiet(60)));

      const pairs = calls.map((call, index) => {
        const [assistant, ...others] = tonesIn(call.heard.toPcm());
        expect(others).toEqual([]);
        const session = realtime.sessions.find(({ id }) => id === order[TONES.indexOf(assistant ?? 0)]);
        expect(tonesIn(decodeG711('PCMU', session?.inputAudio ?? Buffer.alloc(0)))).toEqual([toneOf(index)]);
        expect(call.heard.playedBytes).toBe(2 * 1_000 * 8);
        return assistant;
      });
      expect(new Set(pairs).size).toBe(CALLS);
      await hangUp(stage, ...calls);
    } finally {
      await stage.close();
    }
  });
});
