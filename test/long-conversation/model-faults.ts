import { pause, speakingMs } from '../support/staged-talk.js';
import { WAIT } from './bakery.js';
import { type Beat } from './scene.js';

/** Takes a plan, and is never heard. */
const IN_VAIN = { text: 'Nobody hears this.' };

export const lostWhileCallerSpeaks: Beat = async ({ talk }) => {
  const words = 'I would also like to order a cake for the birthday of my daughter.';
  talk.plan({ text: 'A birthday cake takes us two days.' });
  await talk.hearing(async () => {
    const said = talk.says(words);
    await pause(2_000);
    talk.session.drop();
    await said;
  });
  return [`caller: ${words}`, 'assistant: A birthday cake takes us two days.'];
};

/** Slow to speak as to write, so that the loss comes in the middle of what is written. */
export const lostWhileAssistantSpeaks: Beat = async ({ talk, realtime }) => {
  const long = 'We have chocolate cake, apple cake, cheese cake, and one with plums that is made to order only.';
  realtime.switches.deliveryRatio = 1;
  await talk.asksAndHears(3_000, 'Which cakes are there?', { text: long, durationMs: speakingMs(long) });
  talk.plan({ text: 'And there is one with plums.' });
  await talk.hearing(() => talk.session.drop());
  realtime.switches.deliveryRatio = 8;
  return [
    'caller: Which cakes are there?',
    /^assistant.*: We have chocolate cake/,
    'assistant: And there is one with plums.',
  ];
};

export const errorWithoutClose: Beat = async ({ talk }) => {
  talk.session.sendError({ message: 'The server had an error while processing your request.' });
  await talk.asks('With cream on top?', { text: 'With cream, if you like.' });
  return ['caller: With cream on top?', 'assistant: With cream, if you like.'];
};

export const failedAnswers: Beat = async ({ talk, realtime }) => {
  realtime.faults.arm('failResponse', { code: 'rate_limit_exceeded' });
  realtime.faults.arm('failResponse', { code: 'server_error', afterAudioMs: 800 });
  talk.plan(
    IN_VAIN,
    { text: 'The cake costs thirty dollars', durationMs: 3_000 },
    { text: 'It costs thirty dollars.' },
  );
  await talk.hearing(() => talk.says('What does it cost?'), 2);
  return ['caller: What does it cost?', /^assistant.*: The cake/, 'assistant: It costs thirty dollars.'];
};

export const filteredAnswer: Beat = async ({ talk, realtime }) => {
  realtime.faults.arm('incompleteResponse', { reason: 'content_filter', afterAudioMs: 600 });
  talk.plan({ text: 'A poem about it goes like this', durationMs: 3_000 });
  await talk.asks('Write something rude on it.', { text: 'I cannot help with that.' });
  return ['caller: Write something rude on it.', /^assistant.*: A poem/, 'assistant: I cannot help with that.'];
};

export const stalled: Beat = async ({ talk, realtime }) => {
  const { session } = talk;
  realtime.faults.arm('stall', { type: 'response.created' });
  await talk.asks('Will it be ready on Friday?', IN_VAIN, { text: 'On Friday, yes.' });
  expect(session.open).toBe(false);
  return ['caller: Will it be ready on Friday?', 'assistant: On Friday, yes.'];
};

export const refusedThenSlow: Beat = async ({ talk, realtime }) => {
  realtime.faults.arm('refuseUpgrade', { status: 503 });
  realtime.faults.arm('delayUpgrade', { ms: 5_000 });
  talk.session.drop();
  await talk.asks('Until when can I come?', { text: 'Until six.' });
  expect(talk.call.heard.spoken.at(-1)?.text).toBe(WAIT);
  return ['caller: Until when can I come?', 'assistant: Until six.'];
};

/** The next session is lost as well, before it is of any use. */
export const lostAgain: Beat = async ({ talk, realtime }) => {
  realtime.faults.arm('drop', { type: 'session.updated' });
  realtime.faults.arm('delaySessionCreated', { ms: 1_500 });
  talk.session.drop();
  await talk.asks('Do you bake on Sundays, too?', { text: 'On Sundays we sleep.' });
  return ['caller: Do you bake on Sundays, too?', 'assistant: On Sundays we sleep.'];
};

export const expired: Beat = async ({ talk }) => {
  talk.session.expire();
  await talk.asks('Can I pay by card?', { text: 'By card or in cash.' });
  return ['caller: Can I pay by card?', 'assistant: By card or in cash.'];
};

/** Twice, late, and not at all. */
export const disorder: Beat = async ({ talk, realtime }) => {
  realtime.faults.arm('duplicate', { type: 'response.created' });
  realtime.faults.arm('duplicate', { type: 'response.done' });
  realtime.faults.arm('omit', { type: 'response.output_audio.done' });
  realtime.faults.arm('lateTranscript', { ms: 4_000 });
  await talk.asks('Is there a place to park?', { text: 'In the yard behind the house.' });
  return ['caller: Is there a place to park?', 'assistant: In the yard behind the house.'];
};

/** Each of the model's two ways to say no to a request: the answer is asked for again. */
export const refusedRequest: Beat = async ({ talk, realtime }) => {
  realtime.faults.arm('reject', { type: 'response.create', error: { type: 'server_error', code: null } });
  talk.plan({ text: 'You pressed nine.' });
  await talk.hearing(() => {
    talk.call.pressKey('9');
    talk.call.pressKey('#');
  });
  return ['keys: 9', 'assistant: You pressed nine.'];
};
