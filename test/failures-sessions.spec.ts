import { loadClip } from '../simulator/audio/clips.js';
import { type AssistantScript, type DoubleSession, heardTone } from '../simulator/realtime/index.js';
import { eventually, greetedCall, hangUp, requestsFor, sessionInUse } from './support/calls.js';
import {
  answered,
  asked,
  counter,
  expectEnd,
  linesOf,
  mendStage,
  remembered,
  SENTENCE,
  setFailingStage,
  told,
  WORDS,
} from './support/failing-stage.js';
import { type Stage } from './support/gateway.js';

const LOST = 'model session lost';
const RESUMED = 'the conversation goes on in a new session';
const HELLO = 'assistant: Hello, this is the assistant.';
const SCRIPT: AssistantScript = {
  replies: [
    { text: 'Hello, this is the assistant.', durationMs: 300 },
    { text: 'On Thursday we have a table for you, if you like.', durationMs: 4_000, toneHz: 440 },
  ],
  hears: ['And on Thursday?'],
};
/** Of the session that goes on. */
const AGAIN: AssistantScript = { ...SCRIPT, replies: [{ text: 'As I said.', durationMs: 400, toneHz: 1_160 }] };

const FALLBACK = '+15550100077';

let stage: Stage;
beforeAll(async () => {
  stage = await setFailingStage();
});
afterAll(() => stage.close());
beforeEach(() => {
  stage.realtime.script = SCRIPT;
});
afterEach(() => mendStage(stage));

const endings: [string, (session: DoubleSession) => void, string][] = [
  ['when its connection breaks', (session) => session.drop(), 'close-1006'],
  ['when the service restarts', (session) => session.close(1012), 'close-1012'],
];

describe('a session that is lost', () => {
  it.each(endings)(
    'lost in the caller’s turn: %s, what they said is heard again and answered',
    async (_, lose, code) => {
      const { call, session } = await greetedCall(stage);
      const said = call.say(loadClip('caller-interruption'));
      await session.waitFor('speech_started');
      stage.realtime.script = AGAIN;
      lose(session);
      await said;
      const next = await sessionInUse(stage.realtime);
      await answered(next);
      await told(stage, call, LOST, { code });
      // The model answered what it heard by itself; nobody had to ask it.
      expect(asked(next)).toBe(0);
      expect(remembered(next)[0]).toBe(HELLO);
      await call.waitFor('heard-audio', 5_000, 2);
      await hangUp(stage, call);
    },
  );

  it('lost before the answer: what the caller said is answered by the next session', async () => {
    const { call } = await greetedCall(stage);
    stage.realtime.faults.arm('drop', { type: 'response.created' });
    stage.realtime.script = AGAIN;
    await call.say(WORDS);
    await told(stage, call, RESUMED);
    await answered(await sessionInUse(stage.realtime));
    await call.waitFor('heard-audio', 5_000, 2);
    await hangUp(stage, call);
  });

  it.each(endings)('lost in the answer: %s, the next session answers, without a second greeting', async (_, lose) => {
    const { call, session } = await greetedCall(stage);
    const before = (await stage.gateway.status()).counters;
    stage.realtime.switches.deliveryRatio = 1;
    await call.say(WORDS);
    await call.waitFor('heard-audio', 5_000, 2);
    stage.realtime.script = AGAIN;
    lose(session);
    const next = await sessionInUse(stage.realtime);
    await answered(next);
    await call.waitForQuiet(60);
    const { elapsedMs } = call.heard;
    expect(heardTone(call.heard.audioBetween(elapsedMs - 400, elapsedMs), [440, 1_160])).toBe(1_160);
    const [hello, question, answer, note] = remembered(next);
    expect([hello, question]).toEqual([HELLO, 'user: And on Thursday?']);
    expect(answer).toMatch(/^assistant: On/);
    expect(note).toMatch(/^system: .*Do not greet again/);
    expect(asked(next)).toBe(1);
    expect((await stage.gateway.status()).counters).toMatchObject({
      modelSessionsLost: (before['modelSessionsLost'] ?? 0) + 1,
      resumes: (before['resumes'] ?? 0) + 1,
    });
    await hangUp(stage, call);
  });

  it.each(endings)('lost in a pause: %s, the caller notices nothing', async (_, lose) => {
    const { call, session } = await greetedCall(stage);
    lose(session);
    const next = await sessionInUse(stage.realtime);
    stage.realtime.script = AGAIN;
    const heardBefore = call.heard.playedBytes;
    await call.say(WORDS);
    await answered(next);
    expect(asked(next)).toBe(0);
    await call.waitForQuiet(60);
    expect(call.heard.playedBytes - heardBefore).toBeGreaterThanOrEqual(400 * 8);
    expect(requestsFor(stage, call).map(({ action }) => action)).toEqual(['answer']);
    await hangUp(stage, call);
  });

  it('longest life reached: the conversation goes on in the next session', async () => {
    const { call, session } = await greetedCall(stage);
    session.expire();
    const next = await sessionInUse(stage.realtime);
    await call.say(WORDS);
    await answered(next);
    await told(stage, call, LOST, { code: 'session_expired' });
    await hangUp(stage, call);
  });

  it.each([
    [3000, 'invalid_api_key', 'check OPENAI_API_KEY'],
    [4000, 'session_terminated', 'for good'],
  ])('closed for good: after close %i nothing is tried again, and the caller is told', async (closeCode, code, why) => {
    const { call, session } = await greetedCall(stage);
    const sessionsBefore = stage.realtime.sessions.length;
    session.failAndClose({ type: 'invalid_request_error', code, message: 'No.', param: null }, closeCode);
    await expectEnd(stage, call, 'model-lost', SENTENCE.sorry);
    expect(linesOf(stage, call, LOST)).toMatchObject([{ code, reason: expect.stringContaining(why) as string }]);
    expect(stage.realtime.sessions).toHaveLength(sessionsBefore);
  });

  it('lost for good: the call is ended with a sentence when there is no other session', async () => {
    const { call, session } = await greetedCall(stage);
    stage.realtime.faults.arm('refuseUpgrade', { status: 503 }, 100);
    session.drop();
    await expectEnd(stage, call, 'model-unavailable', SENTENCE.sorry);
    expect(call.heard.spoken[0]?.text).toBe(SENTENCE.wait);
  });

  it('lost again and again: after the fifth time the caller is told', async () => {
    const { call } = await greetedCall(stage);
    const lostBefore = await counter(stage, 'modelSessionsLost');
    stage.realtime.faults.arm('drop', { type: 'response.created' }, 100);
    await call.say(WORDS);
    await expectEnd(stage, call, 'model-lost', SENTENCE.sorry, 30_000);
    expect(linesOf(stage, call, LOST)).toHaveLength(5);
    expect(linesOf(stage, call, RESUMED)).toHaveLength(4);
    expect(await counter(stage, 'modelSessionsLost')).toBe(lostBefore + 5);
  }, 40_000);

  it('no answer: a session that stays silent is left, and the next one answers', async () => {
    const { call } = await greetedCall(stage);
    stage.realtime.faults.arm('stall', { type: 'response.created' });
    stage.realtime.script = AGAIN;
    await call.say(WORDS);
    await told(stage, call, LOST, { code: 'model-stalled' }, 15_000);
    await answered(await sessionInUse(stage.realtime));
    await call.waitFor('heard-audio', 5_000, 2);
    await hangUp(stage, call);
  });
});

describe('a call that the model has left, with a fallback', () => {
  let fallback: Stage;

  beforeAll(async () => {
    fallback = await setFailingStage({
      env: { FALLBACK_NUMBER: FALLBACK, TRANSFER_RING_S: '5' },
      telnyx: { switches: { dialOutcome: 'manual' } },
    });
  });
  afterAll(() => fallback.close());
  afterEach(() => mendStage(fallback));

  it('lost again and again: after an apology the caller is connected with FALLBACK_NUMBER', async () => {
    const { call, session } = await greetedCall(fallback);
    fallback.realtime.faults.arm('drop', { type: 'conversation.item.added' }, 100);
    session.drop();
    const leg = await eventually(
      () => fallback.telnyx.calls.find((other) => other !== call && other.callSessionId === call.callSessionId),
      'the leg to the fallback',
      20_000,
    );
    expect(leg.to).toBe(FALLBACK);
    expect(call.heard.spoken.at(-1)).toMatchObject({ text: SENTENCE.fallback, status: 'completed' });
    leg.pickUp();
    await told(fallback, call, 'call handed over');
    leg.hangUp();
    expect(await told(fallback, call, 'call ended')).toMatchObject({ endReason: 'model-lost' });
    expect(await counter(fallback, 'transfers')).toBe(1);
  }, 40_000);
});
