import { connectCall, eventually, greetedCall, requestsFor, sessionInUse } from './support/calls.js';
import {
  answered,
  asked,
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

const LIMIT = 'a limit of the call is reached';

describe('a call that comes to a limit', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setFailingStage({
      env: { IDLE_PROMPT_AFTER_S: '1', IDLE_HANG_UP_AFTER_S: '1', MAX_MONOLOGUE_S: '2' },
    });
  });
  afterAll(() => stage.close());
  beforeEach(() => {
    stage.realtime.script = { replies: [{ text: 'Hello, this is the assistant.', durationMs: 400 }] };
  });
  afterEach(() => mendStage(stage));

  it('caller silent: they are asked whether they are there, and hear a goodbye before the hang-up', async () => {
    const { call, session } = await connectCall(stage);
    await expectEnd(stage, call, 'caller-idle', undefined);
    const told = remembered(session).filter((text) => text.startsWith('system:'));
    expect(told).toEqual([
      expect.stringContaining('Open it now'),
      expect.stringContaining('still there'),
      expect.stringContaining(SENTENCE.idle),
    ]);
    // Greeting, question and goodbye, each heard to its end.
    expect(asked(session)).toBe(3);
    expect(call.heard.playedBytes).toBeGreaterThanOrEqual(3 * 400 * 8);
    expect(linesOf(stage, call, LIMIT)).toMatchObject([{ reason: 'caller-idle' }]);
  });

  it('goodbye not said: where the assistant cannot say it, Telnyx does', async () => {
    const { call, session } = await greetedCall(stage);
    await session.waitFor('response.done');
    stage.realtime.faults.arm('failResponse', { code: 'server_error' }, 100);
    await expectEnd(stage, call, 'caller-idle', SENTENCE.idle);
  });

  it('goodbye not said: a session lost in the middle of it leaves it to Telnyx', async () => {
    const { call, session } = await greetedCall(stage);
    await session.waitForClientEvent('conversation.item.create', ({ item }) =>
      JSON.stringify(item).includes(SENTENCE.idle),
    );
    session.drop();
    await expectEnd(stage, call, 'caller-idle', SENTENCE.idle);
  });

  it('empty answer: a model that says nothing at all does not keep the caller in silence', async () => {
    stage.realtime.script = { replies: [{ items: [] }] };
    const { call } = await connectCall(stage);
    await expectEnd(stage, call, 'caller-idle', SENTENCE.idle);
    expect(linesOf(stage, call, 'the model answered with nothing').length).toBeGreaterThan(1);
  });

  it('model gone silent: it comes to light when the assistant would ask the caller, and the next session speaks', async () => {
    const { call, session } = await greetedCall(stage);
    session.stall();
    await call.say(WORDS);
    await told(stage, call, 'model session lost', { code: 'model-stalled' }, 15_000);
    await answered(await sessionInUse(stage.realtime));
    await call.waitFor('heard-audio', 5_000, 2);
  });

  it('assistant does not stop: it is cut off and has to ask the caller; the second time the call is over', async () => {
    stage.realtime.script = { replies: [{ text: 'And then, and then, and then.', durationMs: 30_000 }] };
    const { call, session } = await connectCall(stage);
    await expectEnd(stage, call, 'assistant-monologue', SENTENCE.goodbye);
    expect(remembered(session).filter((text) => text.includes('speaking for very long'))).toHaveLength(1);
    expect(linesOf(stage, call, 'the assistant is cut off')).toHaveLength(1);
    expect(linesOf(stage, call, LIMIT)).toMatchObject([{ reason: 'assistant-monologue' }]);
  });
});

describe('a call in which nobody makes a sound', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setFailingStage({
      env: { IDLE_PROMPT_AFTER_S: '0', IDLE_HANG_UP_AFTER_S: '0', MAX_SILENCE_S: '1', GREETING: 'off' },
    });
  });
  afterAll(() => stage.close());
  afterEach(() => mendStage(stage));

  it('silence: the call is ended with a goodbye by the assistant', async () => {
    const { call, session } = await connectCall(stage);
    await expectEnd(stage, call, 'silence', undefined);
    expect(remembered(session)).toEqual([expect.stringContaining(SENTENCE.idle)]);
    expect(call.heard.playedBytes).toBeGreaterThanOrEqual(400 * 8);
    expect(linesOf(stage, call, LIMIT)).toMatchObject([{ reason: 'silence' }]);
  });

  it('silence: the goodbye is said by Telnyx when the model is the reason', async () => {
    // Two seconds, and more than the limit, until there is a session.
    stage.realtime.faults.arm('delayUpgrade', { ms: 60_000 }, 100);
    const call = stage.telnyx.placeCall();
    await expectEnd(stage, call, 'silence', SENTENCE.idle);
  });
});

describe('a call that becomes too expensive', () => {
  it('cost ceiling: the caller hears a goodbye, and the model is asked for nothing more', async () => {
    // The greeting alone costs about a tenth of a cent.
    const stage = await setFailingStage({ env: { MAX_CALL_COST_USD: '0.0001' } });
    try {
      const { call, session } = await connectCall(stage);
      await expectEnd(stage, call, 'cost-ceiling', SENTENCE.goodbye);
      expect(asked(session)).toBe(1);
      expect(linesOf(stage, call, LIMIT)).toMatchObject([{ reason: 'cost-ceiling' }]);
      expect(requestsFor(stage, call).map(({ action }) => action)).toEqual(['answer', 'speak', 'hangup']);
      await eventually(() => (session.open ? undefined : true), 'the end of the session');
    } finally {
      await stage.close();
    }
  });
});
