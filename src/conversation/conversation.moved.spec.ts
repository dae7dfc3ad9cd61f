import { jest } from '@jest/globals';
import { type Before, moved, restored, WRITTEN_DOWN_WITHIN_MS } from '../../test/support/moved-conversation.js';
import {
  FATAL,
  greeted,
  GREETING,
  type GivenSettings,
  ScriptedTool,
  setUp,
  settle,
  TOKENS,
} from '../../test/support/scripted-conversation.js';
import { ScriptedStore } from '../../test/support/scripted-store.js';
import { readState } from './record/conversation-state.js';
import { OUTCOME_UNKNOWN } from './record/transcript.js';

const SAID: unknown = `remember assistant: ${GREETING}`;
const GO_ON: unknown = expect.stringMatching(/^remember system: The connection to you was renewed.*Do not greet again/);
const INTERRUPTED: unknown = expect.stringMatching(
  /^remember system: The phone line was interrupted.*Do not greet again/,
);
const CUT_OFF: unknown = expect.stringMatching(/^remember system: .*cut you off.*Go on from there/);
const LOST_WORDS: unknown = expect.stringMatching(/^remember system: .*What the caller said last is lost/);

/** Notes that this is the caller's question, and that the model answers it. */
const asks: Before = ({ session }) => session().callerTurn('turn', 'When am I due?');

describe('a conversation whose process is killed, in another one,', () => {
  it('listens and says nothing where it was the caller’s turn and nobody spoke', async () => {
    const { session, line, conversation, counters } = await moved({}, () => undefined);
    expect(session().log).toEqual([SAID, GO_ON]);
    line.says(3);
    expect(session().log).toEqual([SAID, GO_ON, 'audio']);
    expect(conversation.summary).toMatchObject({ resumes: 1 });
    expect(counters.resumes).toBe(1);
  });

  it('greets where nothing of the greeting was heard', async () => {
    const store = new ScriptedStore();
    const before = setUp({ store });
    before.conversation.begin();
    await before.pass(WRITTEN_DOWN_WITHIN_MS);
    before.session().answers('resp', 'greeting', 2_000, GREETING);
    before.line.hears(10);
    await before.pass(WRITTEN_DOWN_WITHIN_MS);
    const { session, conversation, line } = await restored(before, store);
    expect(session().log).toEqual([expect.stringMatching(/^remember system: .*Open it now/), 'create']);
    session().answers('resp', 'again', 100, GREETING);
    session().finishes('resp', 'again');
    line.hears(100);
    expect((await conversation.finish()).transcript).toHaveLength(1);
  });

  it('greets where the session for it was not there yet', async () => {
    const store = new ScriptedStore();
    const before = setUp({ store });
    before.model.failures.push('wait');
    before.conversation.begin();
    await settle();
    const { session } = await restored(before, store);
    expect(session().log).toEqual([expect.stringMatching(/^remember system: .*Open it now/), 'create']);
  });

  it('does not greet again where half of the greeting was heard, and goes on from there', async () => {
    const store = new ScriptedStore();
    const before = setUp({ store });
    before.conversation.begin();
    await settle();
    before.session().answers('resp', 'greeting', 2_000, GREETING);
    before.session().finishes('resp', 'greeting');
    before.line.hears(1_000);
    await before.pass(WRITTEN_DOWN_WITHIN_MS);
    const { session, conversation } = await restored(before, store);
    expect(session().log).toEqual(['remember assistant: Hello, this is …', CUT_OFF, 'create']);
    expect((await conversation.finish()).transcript).toMatchObject([
      { kind: 'assistant', text: 'Hello, this is …', cut: true, heardShare: 0.5 },
    ]);
  });

  it('goes on with a sentence from where the caller last heard it', async () => {
    const { session, conversation } = await moved({}, async (all) => {
      await asks(all);
      all.session().answers('resp', 'answer', 4_000, 'You are due at two in the afternoon on Friday');
      all.session().finishes('resp', 'answer');
      all.line.hears(1_000);
      // Heard further without anything being told of it.
      await all.pass(WRITTEN_DOWN_WITHIN_MS);
      all.line.hears(1_000);
    });
    expect(session().log).toEqual([
      SAID,
      'remember caller: When am I due?',
      'remember assistant: You are due at two in …',
      CUT_OFF,
      'create',
    ]);
    session().answers('resp-2', 'rest', 1_000, 'in the afternoon.');
    expect((await conversation.finish()).transcript[2]).toMatchObject({ cut: true, heardShare: 0.5 });
  });

  it('forgets an answer of which nothing was heard, and gives it', async () => {
    const { session, conversation } = await moved({}, async (all) => {
      await asks(all);
      all.session().answers('resp', 'answer', 4_000);
    });
    expect(session().log).toEqual([SAID, 'remember caller: When am I due?', INTERRUPTED, 'create']);
    expect((await conversation.finish()).transcript).toHaveLength(2);
  });

  it.each([
    ['by the model itself', {}],
    ['when asked', { interruptMinSpeechMs: 300 }],
  ])('gives the answer that was owed %s', async (_case, given: GivenSettings) => {
    const { session } = await moved(given, asks);
    expect(session().log).toEqual([SAID, 'remember caller: When am I due?', INTERRUPTED, 'create']);
    expect(session().log).not.toContainEqual(CUT_OFF);
    expect(session().log).not.toContainEqual(LOST_WORDS);
  });

  it('asks for words that were not written down', async () => {
    const { session } = await moved({}, ({ session }) => session().callerTurn('turn'));
    expect(session().log).toEqual([SAID, LOST_WORDS, 'create']);
  });

  it('asks for words in the middle of which it was, when the caller says no more', async () => {
    const { session, pass } = await moved({}, ({ session }) => session().tells.speechStarted('turn'));
    expect(session().log).toEqual([SAID, LOST_WORDS]);
    await pass(1_000);
    expect(session().log).toEqual([SAID, LOST_WORDS, 'create']);
  });

  it('does not talk into words in the middle of which it was, and that go on', async () => {
    const { session, pass } = await moved({}, ({ session }) => session().tells.speechStarted('turn'));
    await pass(300);
    session().tells.speechStarted('turn-1');
    await pass(2_000);
    session().tells.speechStopped('turn-1');
    session().tells.turnCommitted('turn-1');
    // The model answers by itself what it has heard.
    expect(session().log).toEqual([SAID, LOST_WORDS]);
  });

  it('tells of a tool that ran as of unknown outcome, runs it never again, and answers', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session, conversation } = await moved({ tools: [lookup] }, ({ session }) => {
      session().tells.responseCreated('resp');
      session().calls('resp', 'call-1', 'lookup', '{"day":"Friday"}');
      session().done('resp');
    });
    expect(session().log).toEqual([
      SAID,
      `remember tool: lookup({"day":"Friday"}) = ${OUTCOME_UNKNOWN}`,
      INTERRUPTED,
      'create',
    ]);
    await lookup.answers('"at two"');
    expect(session().log).toHaveLength(4);
    expect(lookup.runs).toHaveLength(1);
    expect((await conversation.finish()).transcript[1]).toMatchObject({ kind: 'tool', output: undefined });
  });

  it('knows of a tool that began to run just before the kill', async () => {
    const store = new ScriptedStore();
    const before = setUp({ store, tools: [new ScriptedTool('lookup')] });
    before.conversation.begin();
    await settle();
    before.session().tells.responseCreated('resp');
    before.session().calls('resp', 'call-1', 'lookup');
    const { session } = await restored(before, store);
    expect(session().log).toContain(`remember tool: lookup({}) = ${OUTCOME_UNKNOWN}`);
  });

  it('does not promise a result that was to come later', async () => {
    const remind = new ScriptedTool('remind', 'later');
    const { session } = await moved({ tools: [remind] }, ({ session, line }) => {
      session().tells.responseCreated('resp');
      session().calls('resp', 'call-1', 'remind');
      session().done('resp');
      session().answers('resp-2', 'answer', 100, 'I will.');
      session().finishes('resp-2', 'answer');
      line.hears(100);
    });
    expect(session().log).toEqual([
      SAID,
      `remember tool: remind({}) = ${OUTCOME_UNKNOWN}`,
      'remember assistant: I will.',
      GO_ON,
    ]);
  });

  it('has the outcomes of tools that were done', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session } = await moved({ tools: [lookup] }, async ({ session }) => {
      session().tells.responseCreated('resp');
      session().calls('resp', 'call-1', 'lookup');
      session().done('resp');
      await lookup.answers('"at two"');
    });
    expect(session().log).toEqual([SAID, 'remember tool: lookup({}) = "at two"', INTERRUPTED, 'create']);
  });

  it('answers to keys, and to those of an entry that was not complete', async () => {
    const { session, conversation } = await moved({}, async ({ line, pass }) => {
      line.presses('12#');
      await pass(300);
      line.presses('34');
    });
    expect(session().log).toEqual([
      SAID,
      expect.stringMatching(/^remember caller: .*: 1 2$/),
      expect.stringMatching(/^remember caller: .*: 3 4$/),
      INTERRUPTED,
      'create',
    ]);
    expect((await conversation.finish()).transcript.slice(1)).toMatchObject([{ keys: '12' }, { keys: '34' }]);
  });

  it('tells what the model was told and did not answer', async () => {
    const { session } = await moved({ limits: { idlePromptMs: 5_000 } }, ({ pass }) => pass(5_100));
    expect(session().log).toEqual([
      SAID,
      INTERRUPTED,
      expect.stringMatching(/^remember system: The caller has not said anything/),
      'create',
    ]);
  });

  it('lets go of what was taken out', async () => {
    const { session, store, pass } = await moved({}, ({ session }) => {
      session().callerTurn('turn', 'When am I due?');
      session().answers('resp', 'answer', 4_000);
      // Cut off before a sound of it was heard.
      session().tells.speechStarted('turn-2');
    });
    await pass(1_000);
    expect(session().log).toEqual([SAID, 'remember caller: When am I due?', LOST_WORDS, 'create']);
    expect([...store.saved.keys()].filter((key) => key.startsWith('entry/'))).toHaveLength(2);
  });

  it.each<[string, GivenSettings, Before, string]>([
    [
      'a farewell under way',
      { limits: { maxCallDurationMs: 5_000 } },
      async ({ pass, session }) => {
        await pass(5_000);
        session().answers('resp', 'word', 1_000, 'Time is up.');
      },
      'max-duration with: Time is up.',
    ],
    [
      'a goodbye before it hangs up',
      {},
      ({ session }) => {
        session().answers('resp', 'word', 1_000, 'Goodbye then.');
        session().calls('resp', 'call-1', 'hang_up');
        session().finishes('resp', 'word');
      },
      'assistant-hung-up with: Goodbye.',
    ],
    [
      'a hang-up that nobody may have heard of',
      {},
      ({ session, line }) => {
        session().answers('resp', 'word', 1_000, 'Goodbye then.');
        session().calls('resp', 'call-1', 'hang_up');
        session().finishes('resp', 'word');
        line.hears(1_000);
      },
      'assistant-hung-up',
    ],
    ['an end for want of a model', {}, ({ session }) => session().loses(FATAL), 'model-lost with: Sorry.'],
  ])('ends the call where that was about to happen: %s', async (_case, given, happens, end) => {
    const { ends, model } = await moved(given, happens);
    expect(ends).toEqual([end]);
    expect(model.sessions).toEqual([]);
  });

  it('ends the call only after whoever begins it knows of it', async () => {
    const store = new ScriptedStore();
    const before = setUp({ store });
    before.conversation.begin();
    await settle();
    before.session().loses(FATAL);
    await before.pass(WRITTEN_DOWN_WITHIN_MS);
    before.kill();
    const { conversation, ends } = setUp({ clock: before.clock, saved: store.saved });
    conversation.begin();
    expect(ends).toEqual([]);
    await settle();
    expect(ends).toHaveLength(1);
  });

  /** The assistant says a word, and wants the caller put through. */
  const transfers: Before = ({ session }) => {
    session().answers('resp', 'word', 1_000, 'One moment, please.');
    session().calls('resp', 'call-1', 'transfer', '{"to":"sales"}');
    session().finishes('resp', 'word');
  };

  it('transfers the call where that was about to happen, and is back with the caller when it fails', async () => {
    const { call, conversation, session, model } = await moved({}, async (all) => {
      await transfers(all);
      all.line.hears(500);
    });
    expect(call.transfers).toEqual(['sales at +15550100001 with: Putting you through.']);
    expect(model.sessions).toEqual([]);
    conversation.backFromTransfer('busy');
    await settle();
    expect(session().log).toEqual([
      SAID,
      'remember assistant: One …',
      'remember tool: transfer({"to":"sales"}) = {"status":"failed","reason":"busy"}',
      expect.stringMatching(/^remember system: The transfer to sales did not work \(busy\)/),
      'create',
    ]);
  });

  it('that was waiting for a transfer is back with the caller, and knows why', async () => {
    const store = new ScriptedStore();
    const given: GivenSettings = { store, returning: 'no-answer' };
    const all = await moved({}, async (before) => {
      await transfers(before);
      before.line.hears(1_000);
    });
    expect(all.before.call.transfers).toHaveLength(1);
    expect(all.session().log.at(-2)).toMatch(/The transfer to sales did not work \(failed\)/);
    const again = await restored(all, all.store, given);
    // It had been told already, and not spoken about it.
    expect(again.session().log).toEqual([
      SAID,
      'remember assistant: One moment, please.',
      'remember tool: transfer({"to":"sales"}) = {"status":"failed","reason":"failed"}',
      INTERRUPTED,
      'create',
    ]);
  });

  it('knows why a transfer came to nothing, where that was told', async () => {
    const { session } = await moved({ returning: 'no-answer' }, async (before) => {
      await transfers(before);
      before.line.hears(1_000);
    });
    expect(session().log.at(-2)).toMatch(/The transfer to sales did not work \(no-answer\)/);
  });

  it('can be killed again and again, and still knows everything', async () => {
    let all = await moved({}, asks);
    for (const [round, words] of ['At two.', 'Anything else?'].entries()) {
      all.session().answers(`resp-${round}`, `answer-${round}`, 1_000, words);
      all.session().finishes(`resp-${round}`, `answer-${round}`);
      all.line.hears(1_000);
      await all.pass(WRITTEN_DOWN_WITHIN_MS);
      all = await restored(all, all.store);
    }
    expect(all.session().log).toEqual([
      SAID,
      'remember caller: When am I due?',
      'remember assistant: At two.',
      'remember assistant: Anything else?',
      GO_ON,
    ]);
    expect(all.conversation.summary).toMatchObject({ resumes: 3 });
  });

  it('knows it, too, when it is killed before it has said a word', async () => {
    let all = await moved({}, asks);
    all = await restored(all, all.store);
    expect(all.session().log).toEqual([SAID, 'remember caller: When am I due?', INTERRUPTED, 'create']);
    const words = all.conversation.finish();
    expect((await words).transcript).toHaveLength(2);
  });
});

describe('the account of a conversation that moved', () => {
  it('is that of the whole call', async () => {
    const { conversation, session, line, clock } = await moved({}, ({ session, line }) => {
      session().callerTurn('turn', 'When am I due?', {
        ...{ seconds: 3, inputTextTokens: 0, inputAudioTokens: 30, outputTextTokens: 6, costUsd: 0.125 },
      });
      session().answers('resp', 'answer', 1_000, 'At two.');
      session().finishes('resp', 'answer', 0.25);
      line.hears(1_000);
      session().answers('resp-2', 'more', 1_000, 'one two three four');
      line.hears(500);
      session().callerTurn('turn-2', 'Stop.');
    });
    clock.advance(500);
    session().answers('resp-3', 'sorry', 1_000, 'Sorry.');
    session().finishes('resp-3', 'sorry', 0.5);
    line.hears(1_000);
    const report = await conversation.finish();
    expect(report.transcript).toMatchObject([
      { text: GREETING },
      { text: 'When am I due?' },
      { text: 'At two.' },
      { text: 'one …', cut: true },
      { text: 'Stop.' },
      { text: 'Sorry.' },
    ]);
    expect(report.turns).toMatchObject([
      { turn: 1, interrupted: true, costUsd: 0.25, usage: TOKENS },
      { turn: 2, interrupted: false, costUsd: 0.5, usage: TOKENS },
    ]);
    expect(report).toMatchObject({ interruptions: 1, resumes: 1, transcriptionSeconds: 3, costUsd: 0.875 });
    expect(report.usage.outputAudioTokens).toBe(2 * TOKENS.outputAudioTokens);
    expect(conversation.summary).toMatchObject({ turns: 2, interruptions: 1, costUsd: 0.875 });
  });

  it('has no cost where any price was unknown', async () => {
    const { conversation } = await moved({}, ({ session }) => {
      session().answers('resp', 'answer', 100);
      session().tells.responseDone({
        ...{ responseId: 'resp', status: 'completed', reason: undefined, failure: undefined },
        ...{ usage: TOKENS, costUsd: undefined },
      });
    });
    expect((await conversation.finish()).costUsd).toBeUndefined();
  });
});

describe('the limits of a conversation that moved', () => {
  afterEach(() => void jest.restoreAllMocks());

  /** The wall clocks of both processes go with the test's. */
  async function withTime(given: GivenSettings, happens: Before) {
    return moved(given, async (all) => {
      const atMs = Date.now() - all.clock.nowMs();
      jest.spyOn(Date, 'now').mockImplementation(() => atMs + all.clock.nowMs());
      await happens(all);
    });
  }

  it('count from its true beginning', async () => {
    const given = { limits: { maxCallDurationMs: 60_000 } };
    const { session, pass } = await withTime(given, ({ pass }) => pass(50_000));
    await pass(7_000);
    expect(session().log).not.toContainEqual(expect.stringMatching(/Time is up/));
    await pass(1_500);
    expect(session().log).toContainEqual(expect.stringMatching(/Time is up/));
  });

  it('count from the call’s, where that was not written down', async () => {
    const { conversation, session, pass } = setUp({
      ...{ limits: { maxCallDurationMs: 60_000 }, saved: new Map(), beganAtMs: Date.now() - 55_000 },
    });
    conversation.begin();
    await pass(6_000);
    expect(session().log).toContainEqual(expect.stringMatching(/Time is up/));
  });

  it('add its cost to what it cost before', async () => {
    const { session, ends } = await moved({ limits: { maxCallCostUsd: 1 } }, ({ session, line }) => {
      session().answers('resp', 'answer', 100);
      session().finishes('resp', 'answer', 0.75);
      line.hears(100);
    });
    expect(ends).toEqual([]);
    session().answers('resp-2', 'more', 100);
    session().finishes('resp-2', 'more', 0.5);
    expect(ends).toEqual(['cost-ceiling with: Goodbye.']);
  });

  it('give an idle caller their time anew', async () => {
    const limits = { idlePromptMs: 10_000, idleHangUpMs: 5_000 };
    const { session, pass } = await moved({ limits }, ({ pass }) => pass(9_000));
    await pass(9_000);
    expect(session().log).toEqual([SAID, GO_ON]);
    await pass(2_000);
    expect(session().count('create')).toBe(1);
  });
});

describe('a conversation of which little was written down', () => {
  it('does not greet as if it were new, and asks the caller', async () => {
    const { conversation, session } = setUp({ saved: new Map() });
    conversation.begin();
    await settle();
    expect(session().log).toEqual([
      expect.stringMatching(/^remember system: .*What was said before is lost: ask the caller.*Do not greet again/),
      'create',
    ]);
  });

  it('passes over what cannot be read', async () => {
    const { store } = await moved({}, asks);
    const saved = store.saved;
    for (const [key, value] of [
      ['floor', { heard: 'all' }],
      ['totals', null],
      ['notes', [{ role: 'pirate', text: 'Ahoy' }]],
      ['entry/0', { kind: 'assistant' }],
      ['entry/99', { kind: 'keys', number: 1, atMs: 1, keys: '1' }],
      ['entry/x', 'y'],
      ['turn/1', 7],
      ['begun', { atMs: 'yesterday' }],
      ['unheard-of', {}],
    ] as const) {
      saved.set(key, value);
    }
    const { conversation, session } = setUp({ saved });
    conversation.begin();
    await settle();
    expect(session().log).toEqual(['remember caller: When am I due?', LOST_WORDS, 'create']);
    expect((await conversation.finish()).transcript).toMatchObject([{ kind: 'caller', text: 'When am I due?' }]);
  });
});

describe('what is written down', () => {
  it('is nothing new while nothing happens, however much is heard of the caller', async () => {
    const store = new ScriptedStore();
    const all = setUp({ store });
    all.conversation.begin();
    await all.pass(1_000);
    const { saves } = store;
    for (let i = 0; i < 50; i++) {
      all.line.says(1);
      await all.pass(20);
    }
    expect(store.saves).toBe(saves);
  });

  it('is written within 20 ms where it was said by the caller, or done', async () => {
    const store = new ScriptedStore();
    const lookup = new ScriptedTool('lookup');
    const limits = { maxCallDurationMs: 20_000, maxCallDurationNoticeMs: 15_000 };
    const { session, line, pass } = await greeted({ store, limits, tools: [lookup] });
    const written = async (key: string): Promise<unknown> => {
      await pass(20);
      return store.saved.get(key);
    };
    session().tells.speechStarted('turn');
    expect(await written('floor')).toMatchObject({ callerTurnOpen: true });
    session().tells.speechStopped('turn');
    session().tells.turnCommitted('turn');
    expect(await written('entry/1')).toMatchObject({ kind: 'caller' });
    session().tells.callerTranscript('turn', 'When am I due?', undefined);
    expect(await written('entry/1')).toMatchObject({ text: 'When am I due?' });
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup');
    expect(store.saved.get('entry/2')).toMatchObject({ kind: 'tool', running: true });
    await lookup.answers('"at two"');
    expect(await written('entry/2')).toMatchObject({ output: '"at two"', running: false });
    session().done('resp');
    session().answers('resp-2', 'answer', 100, 'At two.');
    session().finishes('resp-2', 'answer');
    line.hears(100);
    line.presses('12');
    expect(await written('keys')).toBe('12');
    line.presses('#');
    expect(await written('entry/4')).toMatchObject({ keys: '12' });
    await pass(4_900);
    expect(await written('notes')).toHaveLength(1);
    session().answers('resp-3', 'word', 1_000, 'Goodbye then.');
    session().calls('resp-3', 'call-2', 'hang_up');
    expect(await written('closing')).toEqual({ toolCallId: 'call-2' });
    session().tells.speechStarted('turn-2');
    expect(await written('closing')).toBeNull();
    await pass(15_000);
    expect(await written('ending')).toEqual({ reason: 'max-duration', told: false });
  });

  it('is written a few times a second while the assistant’s words come, and are heard', async () => {
    const store = new ScriptedStore();
    const all = setUp({ store });
    all.conversation.begin();
    await all.pass(1_000);
    all.session().tells.responseCreated('resp');
    const { saves } = store;
    for (let i = 0; i < 200; i++) {
      all.session().tells.assistantTranscript('resp', 'greeting', 'word ');
      await all.pass(5);
    }
    expect(store.saves - saves).toBeLessThanOrEqual(4);
    expect(store.saves - saves).toBeGreaterThan(2);
    await all.pass(WRITTEN_DOWN_WITHIN_MS);
    expect(store.saved.get('entry/0')).toMatchObject({ text: 'word '.repeat(200) });
    all.session().tells.audio('resp', 'greeting', Buffer.alloc(80_000));
    await all.pass(WRITTEN_DOWN_WITHIN_MS);
    const before = store.saves;
    for (let i = 0; i < 50; i++) {
      all.line.hears(20);
      await all.pass(20);
    }
    expect(store.saves - before).toBeLessThanOrEqual(4);
    expect(store.saves - before).toBeGreaterThan(2);
    expect(readState(store.saved).floor?.heard).toMatchObject([{ entry: 0 }]);
    expect(readState(store.saved).floor?.heard[0]?.heardMs).toBeGreaterThan(650);
  });

  it('is written no more when the conversation is over', async () => {
    const store = new ScriptedStore();
    const all = setUp({ store });
    all.conversation.begin();
    await settle();
    all.session().answers('resp', 'greeting', 2_000);
    all.conversation.close();
    const { saves } = store;
    await all.pass(2_000);
    expect(store.saves).toBe(saves);
  });
});
