import { speakingMs, pause } from '../support/staged-talk.js';
import { GREETING } from './bakery.js';
import { type Beat } from './scene.js';

export const greeting: Beat = async ({ talk }) => {
  await talk.call.waitFor('heard-audio');
  await talk.call.waitForQuiet(1_000);
  return [`assistant: ${GREETING}`];
};

export const question: Beat = async ({ talk }) => {
  await talk.asks('Do you have rye bread today?', { text: 'Yes, we have rye bread, fresh from this morning.' });
  return ['caller: Do you have rye bread today?', 'assistant: Yes, we have rye bread, fresh from this morning.'];
};

export const keys: Beat = async ({ talk }) => {
  talk.plan(({ lastInput }) => ({ text: `You pressed ${/: ([\d ]+\d)/.exec(lastInput)?.[1] ?? lastInput}.` }));
  await talk.hearing(async () => {
    for (const key of '1122#') {
      talk.call.pressKey(key);
      await pause(250);
    }
  });
  return ['keys: 1122', 'assistant: You pressed 1 1 2 2.'];
};

export const interruption: Beat = async ({ talk }) => {
  const long = 'On Monday we are open from seven to six, on Tuesday from eight to five, and on Wednesday not at all.';
  await talk.asksAndHears(2_500, 'When are you open?', { text: long, durationMs: speakingMs(long) });
  await talk.asks('Stop, only today please.', { text: 'Today until six.' });
  return [
    'caller: When are you open?',
    /^assistant, cut: On Monday we are open .* …$/,
    'caller: Stop, only today please.',
    'assistant: Today until six.',
  ];
};

export const idleCaller: Beat = async ({ talk }) => {
  talk.plan({ text: 'Are you still there?' });
  await talk.hearingSometime(() => undefined);
  await talk.asks('Yes, I was looking for a pen.', { text: 'Take your time.' });
  return ['assistant: Are you still there?', 'caller: Yes, I was looking for a pen.', 'assistant: Take your time.'];
};

/** What the caller orders, and what the assistant makes of it. */
const ORDER = [
  ['For the party I need forty rolls, half of them with seeds.', 'Forty rolls, twenty with seeds and twenty without.'],
  ['Then six long white loaves, and please have them sliced.', 'Six white loaves, sliced. Thick or thin slices?'],
  ['As thin as your machine can do it, they are for small sandwiches.', 'As thin as we can, then.'],
  ['And two of the big dark ones, the ones with the walnuts.', 'Two walnut loaves. Those are not sliced, are they?'],
  ['No, leave them whole, we cut them at the table.', 'They stay whole. What else would you like?'],
  [
    'Pretzels, thirty of them, with a little less salt than last time.',
    'Thirty pretzels, with less salt. I note that.',
  ],
  ['Do you still have that butter from the farm down the road?', 'We do, in pieces of half a pound.'],
  ['Then four pieces of it, and a jar of the plum jam.', 'Four pieces of butter and a jar of plum jam.'],
  ['My sister cannot eat wheat. Is there anything for her?', 'There is a rice bread. We bake it in a room of its own.'],
  ['One of those, please, and wrap it apart from all the rest.', 'One rice bread, wrapped on its own.'],
  ['How long would all of that keep, if I fetch it a day before?', 'The loaves for three days, the rolls for one.'],
  ['Then I would rather come in the morning, before the guests do.', 'We open at seven, and it will be ready by then.'],
] as const;

/** Long enough for the session to come to its end on the way: the next one takes its place in a pause. */
export const longOrder: Beat = async ({ talk }) => {
  const { session } = talk;
  const said: string[] = [];
  for (const [wish, answer] of ORDER) {
    await talk.asks(wish, { text: answer });
    await pause(4_000);
    said.push(`caller: ${wish}`, `assistant: ${answer}`);
  }
  expect(talk.session.id).not.toBe(session.id);
  // Closed by the gateway: it was not lost.
  expect(await session.closed).toMatchObject({ code: 1000 });
  return said;
};

/** The call ends when the goodbye was heard, not before; Telnyx does not take the first hang-up. */
export const goodbye: Beat = async ({ talk, telnyx }) => {
  const { call } = talk;
  const text = 'Goodbye, and thank you for calling!';
  telnyx.faults.rest.next('hangup', { kind: 'error', status: 503, code: '10007' });
  talk.plan({ items: [{ text, durationMs: speakingMs(text) }, { name: 'hang_up' }] });
  await talk.says('Thank you, that is all.');
  const saidMs = call.heard.elapsedMs;
  await call.waitFor('ended', 30_000);
  const heard = call.heard.segments.filter(({ endedAtMs }) => endedAtMs > saidMs);
  const heardMs = heard.reduce((sum, { startedAtMs, endedAtMs }) => sum + endedAtMs - startedAtMs, 0);
  expect(heardMs).toBeGreaterThan(speakingMs(text) - 20);
  return ['caller: Thank you, that is all.', `assistant: ${text}`, /^tool: hang_up\(\{\}\)/];
};
