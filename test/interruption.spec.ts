import { loadClip } from '../simulator/audio/clips.js';
import { heardOfClip } from '../simulator/audio/locate.js';
import { babble, noise } from '../simulator/audio/signals.js';
import {
  type DoubleSession,
  heardTone,
  type RealtimeSwitches,
  type ScriptedReply,
} from '../simulator/realtime/index.js';
import { DEFAULT_SWITCHES } from '../simulator/realtime/index.js';
import { type SimulatedCall } from '../simulator/telnyx/index.js';
import { type ConnectedCall, connectCall, eventually, sessionInUse } from './support/calls.js';
import { setStage, type Stage } from './support/gateway.js';

const BYTES_PER_MS = 8;
/** One frame, and what the word of an interruption needs between three processes' worth of sockets on two busy cores. */
const ALLOWANCE_MS = 20 + 60;
const CUT_HZ = 440;
const NEXT_HZ = 1_160;
const TONES_HZ = [CUT_HZ, NEXT_HZ];
const NEXT: ScriptedReply = { text: 'As you like', durationMs: 600, toneHz: NEXT_HZ };
const WORDS = babble(900, -12);

let stage: Stage;

async function cleanUp(): Promise<void> {
  const { telnyx, gateway, realtime } = stage;
  Object.assign(realtime.switches, DEFAULT_SWITCHES, { responseDelayMs: 20 });
  for (const call of telnyx.calls) if (call.state !== 'ended') call.hangUp();
  await gateway.waitForStatus(({ heldCalls }) => heldCalls === 0);
  expect(gateway.alive).toBe(true);
  expect(realtime.sessions.flatMap(({ violations }) => violations)).toEqual([]);
}

async function begin(env: Record<string, string> = {}): Promise<void> {
  stage = await setStage({ env: { WARM_SESSIONS: '0', ...env }, realtime: { switches: { responseDelayMs: 20 } } });
}

/** A call whose assistant says `replies`; resolves when the caller has heard that much of the first. */
async function listening(heardMs: number, ...replies: ScriptedReply[]): Promise<ConnectedCall> {
  stage.realtime.script = { replies };
  const connected = await connectCall(stage);
  await heard(connected.call, heardMs);
  return connected;
}

async function heard(call: SimulatedCall, heardMs: number): Promise<void> {
  await eventually(
    () => (call.heard.playedBytes >= heardMs * BYTES_PER_MS ? true : undefined),
    `${heardMs} ms of audio`,
  );
}

/** The caller speaks over the assistant. @returns how much of the assistant was heard by then. */
async function interrupt({
  call,
  session,
}: ConnectedCall): Promise<{ heardMs: number; clearedAtMs: number; tookMs: number }> {
  void call.say(WORDS);
  await session.waitFor('speech_started');
  const noticedAtMs = performance.now();
  const { atMs } = await call.waitFor('clear');
  return {
    heardMs: call.heard.playedBytes / BYTES_PER_MS,
    clearedAtMs: call.heard.sinceAnswer(atMs),
    tookMs: atMs - noticedAtMs,
  };
}

const events = (session: DoubleSession, type: string) => session.clientEvents.filter((event) => event.type === type);
const assistantItems = (session: DoubleSession) => session.items.filter(({ role }) => role === 'assistant');

/** What the caller heard from a time on, in tones, one after the other. */
function tonesAfter(call: SimulatedCall, fromMs: number): number[] {
  const tones: number[] = [];
  const samples = call.heard.audioBetween(fromMs, call.heard.elapsedMs);
  for (let at = 0; at + 400 <= samples.length; at += 400) {
    const tone = heardTone(samples.subarray(at, at + 400), TONES_HZ);
    if (tone !== undefined && tone !== tones.at(-1)) tones.push(tone);
  }
  return tones;
}

describe('a caller who interrupts', () => {
  beforeAll(() => begin());
  afterAll(() => stage.close());
  afterEach(cleanUp);

  const biting: Partial<RealtimeSwitches> = {
    rejectTruncateAtZero: true,
    itemShorterByMs: 85,
    errorEventIdNull: true,
    lateDeltasAfterInterrupt: 3,
    unknownEvents: true,
    obfuscation: true,
  };
  it.each([
    ['while the answer is still being made', 1, {}],
    ['when the answer was made long ago', Infinity, {}],
    ['while the answer is still being made, and more of it comes late', 1, biting],
    ['when the answer was made long ago, by a model that is particular', Infinity, biting],
  ] as const)('%s, hears silence at once, and the model is told what was heard', async (_, deliveryRatio, switches) => {
    Object.assign(stage.realtime.switches, { deliveryRatio }, switches);
    const connected = await listening(1_000, { text: 'A long story', durationMs: 6_000, toneHz: CUT_HZ }, NEXT);
    const { call, session } = connected;
    const { heardMs, clearedAtMs, tookMs } = await interrupt(connected);
    expect(tookMs).toBeLessThan(250);

    const { item_id, audio_end_ms } = await session.waitForClientEvent('conversation.item.truncate');
    const [item] = assistantItems(session);
    expect(item_id).toBe(item?.id);
    expect(Math.abs(Number(audio_end_ms) - heardMs)).toBeLessThanOrEqual(ALLOWANCE_MS);
    await session.waitFor('conversation.item.truncated');

    // Nothing more of it, late deltas or not; then the next answer, whole.
    await call.waitFor('heard-audio', 5_000, 2);
    await session.waitFor(
      'response.done',
      5_000,
      ({ response }) => (response as { status: string }).status === 'completed',
    );
    await call.waitForQuiet(60);
    expect(tonesAfter(call, clearedAtMs + 1)).toEqual([NEXT_HZ]);
    expect(events(session, 'conversation.item.truncate')).toHaveLength(1);
    expect(session.errorsSent).toEqual([]);
  });

  it('has what was never heard taken out of the conversation', async () => {
    stage.realtime.switches.deliveryRatio = Infinity;
    const connected = await listening(
      800,
      {
        items: [
          { text: 'One', durationMs: 3_000, toneHz: CUT_HZ },
          { text: 'Two', durationMs: 3_000, toneHz: CUT_HZ },
        ],
      },
      NEXT,
    );
    const { session } = connected;
    const { heardMs } = await interrupt(connected);
    await session.waitFor('conversation.item.deleted');
    const [first, second] = assistantItems(session);
    expect(Math.abs((first?.truncatedAtMs ?? NaN) - heardMs)).toBeLessThanOrEqual(ALLOWANCE_MS);
    expect(first?.deleted).toBeFalsy();
    expect(second?.deleted).toBe(true);
  });

  it('does not change what was heard to its end', async () => {
    stage.realtime.switches.deliveryRatio = Infinity;
    const connected = await listening(
      1_600,
      {
        items: [
          { text: 'One', durationMs: 600, toneHz: CUT_HZ },
          { text: 'Two', durationMs: 5_000, toneHz: CUT_HZ },
        ],
      },
      NEXT,
    );
    const { session } = connected;
    const { heardMs } = await interrupt(connected);
    await session.waitFor('conversation.item.truncated');
    const [first, second] = assistantItems(session);
    expect(first).toMatchObject({ text: 'One', audioMs: 600 });
    expect(first?.truncatedAtMs).toBeUndefined();
    expect(Math.abs((second?.truncatedAtMs ?? NaN) - (heardMs - 600))).toBeLessThanOrEqual(ALLOWANCE_MS);
    expect(events(session, 'conversation.item.delete')).toEqual([]);
  });

  it('goes on talking to a model that thinks its item was shorter than what was heard of it', async () => {
    Object.assign(stage.realtime.switches, { deliveryRatio: Infinity, itemShorterByMs: 2_900, errorEventIdNull: true });
    const connected = await listening(700, { text: 'A story', durationMs: 3_000, toneHz: CUT_HZ }, NEXT);
    const { call, session } = connected;
    const { clearedAtMs } = await interrupt(connected);
    await session.waitFor('error');
    await call.waitFor('heard-audio', 5_000, 2);
    await call.waitForQuiet(60);
    expect(tonesAfter(call, clearedAtMs + 1)).toEqual([NEXT_HZ]);
  });

  it('before the first sound of the answer, never hears it', async () => {
    Object.assign(stage.realtime.switches, { responseDelayMs: 700, rejectTruncateAtZero: true });
    stage.realtime.script = { replies: [{ text: 'A story', durationMs: 3_000, toneHz: CUT_HZ }, NEXT] };
    const call = stage.telnyx.placeCall();
    await call.waitFor('stream-started');
    const said = call.say(WORDS);
    const session = await sessionInUse(stage.realtime);
    await said;
    await call.waitFor('heard-audio');
    await call.waitForQuiet(60);
    expect(tonesAfter(call, 0)).toEqual([NEXT_HZ]);
    expect(events(session, 'conversation.item.truncate')).toEqual([]);
    expect(session.errorsSent).toEqual([]);
  });

  it('again and again, is always heard and never hears two answers at once', async () => {
    stage.realtime.switches.deliveryRatio = 4;
    const long = { text: 'A story', durationMs: 6_000, toneHz: CUT_HZ };
    const connected = await listening(400, long, long, long, NEXT);
    const { call, session } = connected;
    for (let turn = 1; turn <= 3; turn++) {
      const heardBefore = call.heard.playedBytes / BYTES_PER_MS;
      await call.say(babble(500, -12, turn));
      await call.waitFor('clear', 5_000, turn);
      if (turn < 3) await heard(call, heardBefore + 400);
    }
    await call.waitFor('heard-audio', 5_000, 4);
    await call.waitForQuiet(60);
    const clearedAtMs = call.heard.sinceAnswer((await call.waitFor('clear', 1_000, 3)).atMs);
    expect(tonesAfter(call, clearedAtMs + 1)).toEqual([NEXT_HZ]);
    expect(assistantItems(session).filter(({ truncatedAtMs, deleted }) => truncatedAtMs ?? deleted)).toHaveLength(3);
    expect(session.errorsSent).toEqual([]);
  });
});

describe('a protected greeting', () => {
  const GREETING = loadClip('assistant-greeting');

  beforeAll(() => begin({ GREETING_PROTECTED: 'on' }));
  afterAll(() => stage.close());
  afterEach(cleanUp);

  it('is heard to its end through noise and speech, and what comes after it can be interrupted', async () => {
    const connected = await listening(
      600,
      { text: 'Hello', audio: GREETING },
      { text: 'A story', durationMs: 5_000, toneHz: CUT_HZ },
      NEXT,
    );
    const { call, session } = connected;
    await call.say(noise(250, -12));
    await session.waitFor('speech_started');
    await session.waitFor('speech_stopped');
    await call.say(WORDS);
    await session.waitFor('speech_started');
    await eventually(() => (call.heard.playedBytes >= GREETING.length ? true : undefined), 'the whole greeting');
    expect(call.log.count('clear')).toBe(0);
    expect(heardOfClip(call.heard.toPcm(), GREETING)?.heardMs).toBeGreaterThan(GREETING.length / BYTES_PER_MS - 100);
    expect(events(session, 'conversation.item.truncate')).toEqual([]);

    await heard(call, GREETING.length / BYTES_PER_MS + 600);
    await interrupt(connected);
    await session.waitForClientEvent('conversation.item.truncate');
  });
});

describe('with a least length of speech', () => {
  beforeAll(() => begin({ INTERRUPT_MIN_SPEECH_MS: '400' }));
  afterAll(() => stage.close());
  afterEach(cleanUp);

  it('noise does not interrupt and is not answered, and words do', async () => {
    stage.realtime.switches.deliveryRatio = 2;
    const connected = await listening(500, { text: 'A story', durationMs: 6_000, toneHz: CUT_HZ }, NEXT);
    const { call, session } = connected;
    expect(session.config.audio.input.turn_detection).toMatchObject({
      interrupt_response: false,
      create_response: false,
    });

    for (const seed of [1, 2]) {
      await call.say(noise(160, -12, seed));
      await session.waitFor('speech_started');
      const { item_id } = await session.waitFor('committed');
      expect(await session.waitForClientEvent('conversation.item.delete')).toMatchObject({ item_id });
    }
    expect(call.log.count('clear')).toBe(0);
    expect(call.heard.gaps.filter(({ afterClear }) => afterClear)).toEqual([]);
    expect(events(session, 'response.create')).toHaveLength(1);

    const { heardMs, clearedAtMs } = await interrupt(connected);
    const { audio_end_ms } = await session.waitForClientEvent('conversation.item.truncate');
    expect(Math.abs(Number(audio_end_ms) - heardMs)).toBeLessThanOrEqual(ALLOWANCE_MS);
    await call.waitFor('heard-audio', 5_000, 2);
    await call.waitForQuiet(60);
    expect(tonesAfter(call, clearedAtMs + 1)).toEqual([NEXT_HZ]);
  });
});
