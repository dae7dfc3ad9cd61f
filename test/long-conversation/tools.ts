import { pause } from '../support/staged-talk.js';
import { WAIT } from './bakery.js';
import { type Beat } from './scene.js';

export const ownTool: Beat = async ({ talk }) => {
  await talk.asks(
    'What about my order number seven?',
    { items: [{ name: 'find_order', arguments: { order: 7 } }] },
    ({ lastInput }) => ({ text: `The answer was ${lastInput}` }),
  );
  return [
    'caller: What about my order number seven?',
    'tool: find_order({"order":7}) = {"order":7,"state":"baked"}',
    'assistant: The answer was {"order":7,"state":"baked"}',
  ];
};

/** Telnyx says the sentence while the caller waits. */
export const slowTool: Beat = async ({ talk }) => {
  const { spoken } = talk.call.heard;
  const before = spoken.length;
  await talk.asks(
    'How long will the white bread take?',
    { items: [{ name: 'look_into_oven' }] },
    { text: 'It takes twelve minutes more.' },
  );
  expect(spoken.slice(before).map(({ text }) => text)).toEqual([WAIT]);
  return [
    'caller: How long will the white bread take?',
    'tool: look_into_oven({}) = {"minutesLeft":12}',
    'assistant: It takes twelve minutes more.',
  ];
};

/** Where Telnyx does not speak beside a stream there are tones, and no more attempts: after two seconds, then every three. */
export const slowToolWithTones: Beat = async ({ talk, telnyx }) => {
  telnyx.switches.refusedWhileStreaming = ['speak'];
  const words = 'And how long will the cheese rolls take?';
  talk.plan({ items: [{ name: 'look_into_oven' }] }, { text: 'Twelve minutes as well.' });
  await talk.hearing(() => talk.says(words), 3);
  telnyx.switches.refusedWhileStreaming = [];
  return [`caller: ${words}`, 'tool: look_into_oven({}) = {"minutesLeft":12}', 'assistant: Twelve minutes as well.'];
};

/** One answer, when both are done. */
export const twoTools: Beat = async ({ talk }) => {
  await talk.asks(
    'Is seven ready, and how is the oven?',
    { items: [{ name: 'find_order', arguments: { order: 7 } }, { name: 'look_into_oven' }] },
    { text: 'Seven is ready, and the oven needs twelve minutes.' },
  );
  return [
    'caller: Is seven ready, and how is the oven?',
    'tool: find_order({"order":7}) = {"order":7,"state":"baked"}',
    'tool: look_into_oven({}) = {"minutesLeft":12}',
    'assistant: Seven is ready, and the oven needs twelve minutes.',
  ];
};

export const lateTool: Beat = async ({ talk }) => {
  talk.plan(
    { items: [{ name: 'ask_branch' }] },
    { text: 'I am asking our branch.' },
    // What came later is no output of a call any more, but an item of its own.
    () => ({ text: talk.session.items.at(-1)?.text.includes('"loaves":3') ? 'They have three.' : 'I do not know.' }),
  );
  await talk.hearing(() => talk.says('And what does your branch have?'), 2);
  return [
    'caller: And what does your branch have?',
    'tool: ask_branch({}) = {"loaves":3}',
    'assistant: I am asking our branch.',
    'assistant: They have three.',
  ];
};

export const brokenTool: Beat = async ({ talk }) => {
  await talk.asks('Can I have a table at noon?', { items: [{ name: 'book_table' }] }, ({ lastInput }) => ({
    text: lastInput.includes('500') ? 'I cannot book at the moment.' : lastInput,
  }));
  return [
    'caller: Can I have a table at noon?',
    /^tool: book_table\(\{\}\) = .*500/,
    'assistant: I cannot book at the moment.',
  ];
};

export const mcpTool: Beat = async ({ talk }) => {
  await talk.asks(
    'Do you have my address?',
    { items: [{ mcp: 'customers', name: 'find_customer', arguments: { name: 'Ada' } }] },
    ({ lastInput }) => ({ text: `You live in ${lastInput}.` }),
  );
  return ['caller: Do you have my address?', 'assistant: You live in Main Street.'];
};

/** It is not run a second time: its result is told to the next session. */
export const toolWhileModelIsLost: Beat = async ({ talk, shop }) => {
  const before = shop.requests.length;
  talk.plan({ items: [{ name: 'look_into_oven' }] }, { text: 'I am still looking.' }, () => ({
    text: talk.session.items.at(-1)?.text.includes('"minutesLeft":12') ? 'Twelve minutes.' : 'I do not know.',
  }));
  await talk.hearing(async () => {
    await talk.says('And the dark bread, when will that be done?');
    await shop.waitFor(before + 1);
    await pause(500);
    talk.session.drop();
  }, 2);
  expect(shop.requests).toHaveLength(before + 1);
  return [
    'caller: And the dark bread, when will that be done?',
    'tool: look_into_oven({}) = {"minutesLeft":12}',
    'assistant: I am still looking.',
    'assistant: Twelve minutes.',
  ];
};
