import { type AssistantScript, type DoubleSession } from '../simulator/realtime/index.js';
import { type ConnectedCall, greetedCall, hangUp, requestsFor, sessionInUse } from './support/calls.js';
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

const NO_ANSWER = 'the model could not answer';
const ANSWER_MS = 400;
const SCRIPT: AssistantScript = {
  replies: [
    { text: 'Hello, this is the assistant.', durationMs: 300 },
    { text: 'On Thursday we have a table for you.', durationMs: ANSWER_MS },
  ],
  hears: ['And on Thursday?'],
};

let stage: Stage;
beforeAll(async () => {
  // Retries are longer than this, so that they are waits that a signal fills.
  stage = await setFailingStage({ env: { WAIT_SIGNAL_AFTER_MS: '1000' } });
});
afterAll(() => stage.close());
beforeEach(() => {
  stage.realtime.script = SCRIPT;
});
afterEach(() => mendStage(stage));

/** The caller has said something, and an answer of this status came of it. */
async function sayAndAwait({ call, session }: ConnectedCall, status: string): Promise<void> {
  await call.say(WORDS);
  await answered(session, status);
}

/** The caller hears the whole answer. */
async function hearsAnswer({ call, session }: ConnectedCall, heardBeforeBytes: number): Promise<void> {
  await answered(session);
  await call.waitForQuiet(60);
  expect(call.heard.playedBytes - heardBeforeBytes).toBeGreaterThanOrEqual(ANSWER_MS * 8);
}

const notes = (session: DoubleSession): string[] =>
  remembered(session).filter((text) => text.startsWith('system:') && text.includes('filter'));

describe('an answer that the model does not give', () => {
  it('no credit: the caller is told at once, and the operator where to look', async () => {
    const { call } = await greetedCall(stage);
    stage.realtime.faults.arm('failResponse', { code: 'insufficient_quota' }, 100);
    await call.say(WORDS);
    await expectEnd(stage, call, 'model-lost', SENTENCE.sorry);
    expect(linesOf(stage, call, NO_ANSWER)).toMatchObject([
      { code: 'insufficient_quota', reason: expect.stringContaining('check billing') as string, retry: false },
    ]);
  });

  it.each([
    ['before its first word', {}],
    ['after some words', { afterAudioMs: 200 }],
  ])('answer failed: %s, it is asked for once more and heard', async (_, when) => {
    const connected = await greetedCall(stage);
    const { call, session } = connected;
    const [heardBefore, failedBefore] = [call.heard.playedBytes, await counter(stage, 'responsesFailed')];
    stage.realtime.faults.arm('failResponse', { code: 'server_error', ...when });
    await sayAndAwait(connected, 'failed');
    await hearsAnswer(connected, heardBefore);
    expect(linesOf(stage, call, NO_ANSWER)).toMatchObject([{ code: 'server_error', retry: true }]);
    expect(await counter(stage, 'responsesFailed')).toBe(failedBefore + 1);
    // The greeting, and the answer once more: the failed one the model gave by itself.
    expect(asked(session)).toBe(2);
    await hangUp(stage, call);
  });

  it('rate limit: the answer is asked for when the model says, and the caller hears that they wait', async () => {
    const connected = await greetedCall(stage);
    const { call, session } = connected;
    const heardBefore = call.heard.playedBytes;
    // It says: try again in 1.5 s.
    stage.realtime.faults.arm('failResponse', { code: 'rate_limit_exceeded' });
    await sayAndAwait(connected, 'failed');
    const failedAt = performance.now();
    await session.waitForClientEvent('response.create', undefined, 10_000);
    await session.waitForClientEvent('response.create', undefined, 10_000);
    expect(performance.now() - failedAt).toBeGreaterThan(1_300);
    expect(call.heard.spoken.map(({ text }) => text)).toEqual([SENTENCE.wait]);
    await hearsAnswer(connected, heardBefore);
    expect(linesOf(stage, call, NO_ANSWER)).toMatchObject([{ code: 'rate_limit_exceeded', retry: true }]);
    await hangUp(stage, call);
  });

  it('answer fails every time: it is asked for twice more, and then the caller is told', async () => {
    const { call, session } = await greetedCall(stage);
    stage.realtime.faults.arm('failResponse', { code: 'server_error' }, 100);
    await call.say(WORDS);
    await expectEnd(stage, call, 'model-lost', SENTENCE.sorry);
    expect(linesOf(stage, call, NO_ANSWER).map(({ retry }) => retry)).toEqual([true, true, false]);
    expect(asked(session)).toBe(3);
  });

  it('greeting failed: it is asked for once more and heard', async () => {
    stage.realtime.faults.arm('failResponse', { code: 'server_error' });
    const call = stage.telnyx.placeCall();
    const session = await sessionInUse(stage.realtime);
    await answered(session, 'failed');
    stage.realtime.script = { replies: [{ text: 'Hello', durationMs: ANSWER_MS }] };
    await hearsAnswer({ call, session }, 0);
    await hangUp(stage, call);
  });

  it('request refused: an answer that the model would not begin is asked for once more', async () => {
    const refusedBefore = await counter(stage, 'modelRefusals');
    const error = { type: 'server_error', code: null, message: 'Something went wrong.' };
    stage.realtime.faults.arm('reject', { type: 'response.create', error });
    const call = stage.telnyx.placeCall();
    const session = await sessionInUse(stage.realtime);
    await answered(session);
    await call.waitFor('heard-audio');
    expect(linesOf(stage, call, NO_ANSWER)).toMatchObject([{ code: 'server_error', retry: true }]);
    expect(await counter(stage, 'modelRefusals')).toBe(refusedBefore + 1);
    await hangUp(stage, call);
  });

  it('error event: the call goes on as if nothing had been said', async () => {
    const connected = await greetedCall(stage);
    const { call, session } = connected;
    const refusedBefore = await counter(stage, 'modelRefusals');
    session.sendError({ message: 'Something happened that concerns nobody.' });
    const heardBefore = call.heard.playedBytes;
    await call.say(WORDS);
    await hearsAnswer(connected, heardBefore);
    expect(await counter(stage, 'modelRefusals')).toBe(refusedBefore + 1);
    expect(linesOf(stage, call, NO_ANSWER)).toEqual([]);
    expect(session.open).toBe(true);
    await hangUp(stage, call);
  });

  it.each([
    ['before its first word', {}],
    ['after some words', { afterAudioMs: 200 }],
  ])('content filter: %s, the model is told not to try again, and says something else', async (_, when) => {
    const connected = await greetedCall(stage);
    const { call, session } = connected;
    stage.realtime.faults.arm('incompleteResponse', { reason: 'content_filter', ...when });
    await sayAndAwait(connected, 'incomplete');
    const heardBefore = call.heard.playedBytes;
    await hearsAnswer(connected, heardBefore);
    expect(notes(session)).toHaveLength(1);
    expect(linesOf(stage, call, NO_ANSWER)).toMatchObject([{ code: 'content-filter', retry: true }]);
    await hangUp(stage, call);
  });

  it('content filter: the caller is told when it stops whatever is said', async () => {
    const { call } = await greetedCall(stage);
    stage.realtime.faults.arm('incompleteResponse', { reason: 'content_filter' }, 100);
    await call.say(WORDS);
    await expectEnd(stage, call, 'model-lost', SENTENCE.sorry);
    expect(linesOf(stage, call, NO_ANSWER).map(({ retry }) => retry)).toEqual([true, true, false]);
  });

  it('answer cut short: one that ends before a word was said is asked for once more', async () => {
    const connected = await greetedCall(stage);
    const heardBefore = connected.call.heard.playedBytes;
    stage.realtime.faults.arm('incompleteResponse', { reason: 'max_output_tokens' });
    await sayAndAwait(connected, 'incomplete');
    await hearsAnswer(connected, heardBefore);
    expect(linesOf(stage, connected.call, NO_ANSWER)).toMatchObject([{ code: 'max_output_tokens', retry: true }]);
    await hangUp(stage, connected.call);
  });

  it('answer cut short: one that was heard in part stands, and the caller goes on', async () => {
    const connected = await greetedCall(stage);
    const { call, session } = connected;
    stage.realtime.faults.arm('incompleteResponse', { reason: 'max_output_tokens', afterAudioMs: 200 });
    await sayAndAwait(connected, 'incomplete');
    await sayAndAwait(connected, 'completed');
    expect(asked(session)).toBe(1);
    expect(linesOf(stage, call, NO_ANSWER)).toEqual([]);
    await hangUp(stage, call);
  });

  it('empty answer: it is asked for once more and heard', async () => {
    const connected = await greetedCall(stage);
    const { call } = connected;
    const heardBefore = call.heard.playedBytes;
    const replies = [{ items: [] }, { text: 'On Thursday, yes.', durationMs: ANSWER_MS }];
    stage.realtime.script = { choose: ({ replyIndex }) => replies[replyIndex - 1] };
    await sayAndAwait(connected, 'completed');
    await hearsAnswer(connected, heardBefore);
    expect(linesOf(stage, call, 'the model answered with nothing')).toHaveLength(1);
    await hangUp(stage, call);
  });

  it('transcription failed: the caller is answered all the same, and by the next session too', async () => {
    stage.realtime.switches.transcriptionTiming = 'failed';
    const connected = await greetedCall(stage);
    const { call, session } = connected;
    const heardBefore = call.heard.playedBytes;
    await call.say(WORDS);
    await hearsAnswer(connected, heardBefore);
    session.drop();
    await told(stage, call, 'the conversation goes on in a new session');
    const next = await sessionInUse(stage.realtime);
    await sayAndAwait({ call, session: next }, 'completed');
    expect(requestsFor(stage, call).map(({ action }) => action)).toEqual(['answer']);
    await hangUp(stage, call);
  });
});
