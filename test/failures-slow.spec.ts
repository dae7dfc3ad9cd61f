import { type DoubleSession } from '../simulator/realtime/index.js';
import { type ConnectedCall, greetedCall, hangUp, requestsFor, sessionInUse } from './support/calls.js';
import {
  answered,
  asked,
  counter,
  expectEnd,
  linesOf,
  remembered,
  SENTENCE,
  setFailingStage,
  told,
  WORDS,
} from './support/failing-stage.js';
import { type Stage } from './support/gateway.js';

/** What takes half a minute, because its settings go no lower: everything at the same time, each with a gateway of its own. */
const LIMIT_MS = 60_000;

describe('what shows only after a while', () => {
  let stages: Stage[] = [];
  let renewing: Promise<[Stage, ConnectedCall]>;
  let timing: Promise<[Stage, ConnectedCall]>;
  let stalling: Promise<[Stage, ConnectedCall]>;
  let breaking: Promise<[Stage, ConnectedCall]>;

  beforeAll(async () => {
    const idle = { IDLE_PROMPT_AFTER_S: '0', IDLE_HANG_UP_AFTER_S: '0' };
    stages = await Promise.all([
      setFailingStage({ env: { ...idle, SESSION_RENEW_AFTER_S: '30' } }),
      setFailingStage({ env: { ...idle, MAX_CALL_DURATION_S: '30', MAX_CALL_DURATION_NOTICE_S: '25' } }),
      setFailingStage(),
      setFailingStage(),
    ]);
    const [renewal, duration, stall, breakOff] = stages.map((stage) => async (): Promise<[Stage, ConnectedCall]> => {
      return [stage, await greetedCall(stage)];
    });
    if (!renewal || !duration || !stall || !breakOff) throw new Error('four stages');
    [renewing, timing, stalling, breaking] = [renewal(), duration(), stall(), breakOff()];
  });
  afterAll(() => Promise.all(stages.map((stage) => stage.close())));

  it(
    'end of turn not told: a session that does not notice that the caller has stopped is left, and they are answered',
    async () => {
      const [stage, { call, session }] = await stalling;
      const said = call.say(WORDS);
      await session.waitFor('speech_started');
      session.stall();
      await said;
      await told(stage, call, 'model session lost', { code: 'model-stalled' }, LIMIT_MS);
      const next = await sessionInUse(stage.realtime);
      await answered(next);
      // It has heard the words themselves, and was not asked.
      expect(asked(next)).toBe(0);
      await hangUp(stage, call);
    },
    LIMIT_MS,
  );

  it(
    'answer breaks off: a session that falls silent in mid-answer is left, and the next one goes on',
    async () => {
      const [stage, { call, session }] = await breaking;
      stage.realtime.script = { replies: [{ text: 'On Thursday we have a table for you.', durationMs: 3_000 }] };
      stage.realtime.faults.arm('stall', { type: 'response.output_audio.delta', nth: 4 });
      await call.say(WORDS);
      await session.waitFor('committed');
      await told(stage, call, 'model session lost', { code: 'model-stalled' }, LIMIT_MS);
      const next = await sessionInUse(stage.realtime);
      await answered(next);
      expect(remembered(next).some((text) => text.startsWith('assistant: On'))).toBe(true);
      await hangUp(stage, call);
    },
    LIMIT_MS,
  );

  it(
    'time is up: the caller is told before, and hears a goodbye at the end',
    async () => {
      const [stage, { call, session }] = await timing;
      await session.waitFor('conversation.item.added', LIMIT_MS, said('25 seconds'));
      await session.waitFor('conversation.item.added', LIMIT_MS, said(SENTENCE.timeUp));
      // The assistant says it, in the voice that the caller knows; Telnyx says nothing.
      await expectEnd(stage, call, 'max-duration', undefined, LIMIT_MS);
      expect(linesOf(stage, call, 'a limit of the call is reached')).toMatchObject([{ reason: 'max-duration' }]);
      // The greeting, the notice, the goodbye; each was heard.
      expect(asked(session)).toBe(3);
      expect(call.heard.playedBytes).toBeGreaterThanOrEqual(3 * 400 * 8);
    },
    LIMIT_MS,
  );

  it(
    'session renewed: before the longest life is over, in a pause, and the caller notices nothing',
    async () => {
      const [stage, { call, session }] = await renewing;
      const next = await sessionInUse(stage.realtime, LIMIT_MS);
      await session.closed;
      await told(stage, call, 'the model session is renewed before its end');
      expect(linesOf(stage, call, 'model session lost')).toEqual([]);
      expect([await counter(stage, 'modelSessionsLost'), await counter(stage, 'resumes')]).toEqual([0, 0]);
      expect(remembered(next)[0]).toBe('assistant: Hello, this is the assistant.');
      await call.say(WORDS);
      await answered(next);
      expect(requestsFor(stage, call).map(({ action }) => action)).toEqual(['answer']);
      await hangUp(stage, call);
    },
    LIMIT_MS,
  );
});

const said =
  (words: string): Parameters<DoubleSession['waitFor']>[2] =>
  ({ item }) =>
    JSON.stringify(item).includes(words);
