import { restored } from '../../test/support/moved-conversation.js';
import {
  FATAL,
  GREETING,
  greeted,
  type GivenSettings,
  ScriptedTool,
  setUp,
  settle,
  TOKENS,
} from '../../test/support/scripted-conversation.js';
import { ScriptedStore } from '../../test/support/scripted-store.js';

type Greeted = Awaited<ReturnType<typeof greeted>>;

const CUT_OFF: unknown = expect.stringMatching(/^remember system: .*cut you off.*Go on from there/);
const LOST_WORDS: unknown = expect.stringMatching(/^remember system: .*What the caller said last is lost/);

/** @returns whether the moment has come. */
function watch(moment: Promise<void>): () => Promise<boolean> {
  let come = false;
  void moment.then(() => (come = true));
  return async () => {
    await settle();
    return come;
  };
}

/** The assistant is in the middle of a sentence. */
function speaks({ session, line }: Greeted): void {
  session().callerTurn('turn', 'When am I due?');
  session().answers('resp', 'answer', 4_000, 'You are due at two in the afternoon on Friday');
  line.hears(2_000);
  session().log.length = 0;
}

describe('a quiet moment', () => {
  it('is now, where it is the caller’s turn and nobody speaks', async () => {
    const { conversation } = await greeted();
    expect(await watch(conversation.whenQuiet(60_000))()).toBe(true);
  });

  it('comes when the caller has heard the answer, and their words are written down', async () => {
    const { conversation, session, line, pass } = await greeted();
    session().tells.speechStarted('turn');
    const come = watch(conversation.whenQuiet(60_000));
    expect(await come()).toBe(false);
    session().tells.speechStopped('turn');
    session().tells.turnCommitted('turn');
    expect(await come()).toBe(false);
    session().answers('resp', 'answer', 1_000);
    session().finishes('resp', 'answer');
    expect(await come()).toBe(false);
    line.hears(1_000);
    expect(await come()).toBe(false);
    session().tells.callerTranscript('turn', 'When am I due?', undefined);
    // The last second of the caller goes along: it must not reach back to what was answered.
    expect(await come()).toBe(false);
    await pass(1_700);
    expect(await come()).toBe(true);
  });

  it('does not come while a tool runs', async () => {
    const lookup = new ScriptedTool('lookup');
    const { conversation, session, line } = await greeted({ tools: [lookup] });
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup');
    session().done('resp');
    const come = watch(conversation.whenQuiet(60_000));
    expect(await come()).toBe(false);
    await lookup.answers('"at two"');
    expect(await come()).toBe(false);
    session().answers('resp-2', 'answer', 100);
    session().finishes('resp-2', 'answer');
    line.hears(100);
    expect(await come()).toBe(true);
  });

  it.each<[string, GivenSettings, (all: Greeted) => unknown]>([
    ['keys are being entered', {}, ({ line }) => line.presses('1')],
    ['a goodbye is said', { limits: { maxCallDurationMs: 5_000 } }, ({ pass }) => pass(5_000)],
    [
      'the assistant is about to hang up',
      {},
      ({ session }) => {
        session().tells.responseCreated('resp');
        session().calls('resp', 'call-1', 'hang_up');
      },
    ],
    [
      'there is no session',
      {},
      ({ session, model }) => {
        model.failures.push('wait');
        session().loses();
      },
    ],
  ])('does not come while %s; but no longer than is waited for', async (_case, given, happens) => {
    const all = await greeted(given);
    await happens(all);
    const come = watch(all.conversation.whenQuiet(1_000));
    await all.pass(950);
    expect(await come()).toBe(false);
    await all.pass(50);
    expect(await come()).toBe(true);
  });

  it('has come where the call is over, or with somebody else', async () => {
    const ended = await greeted();
    ended.session().tells.speechStarted('turn');
    const come = watch(ended.conversation.whenQuiet(60_000));
    ended.conversation.close();
    expect(await come()).toBe(true);
    const away = await greeted();
    away.session().answers('resp', 'word', 100, 'One moment, please.');
    away.session().calls('resp', 'call-1', 'transfer', '{"to":"sales"}');
    away.session().finishes('resp', 'word');
    away.line.hears(100);
    expect(await watch(away.conversation.whenQuiet(60_000))()).toBe(true);
  });
});

describe('a conversation that stands still', () => {
  it('cuts the assistant off at once, and writes down how far it was heard', async () => {
    const store = new ScriptedStore();
    const all = await greeted({ store });
    speaks(all);
    all.conversation.freeze();
    expect(all.line.idle).toBe(true);
    expect(all.session().log).toEqual(['cancel resp', 'truncate answer 2000']);
    expect(all.session().closed).toBe(false);
    const { session } = await restored(all, store);
    expect(session().log).toEqual([
      `remember assistant: ${GREETING}`,
      'remember caller: When am I due?',
      'remember assistant: You are due at two in …',
      CUT_OFF,
      'create',
    ]);
  });

  it('hears and does nothing, however long it lasts', async () => {
    const limits = { maxCallDurationMs: 30_000, idlePromptMs: 5_000, idleHangUpMs: 5_000, maxSilenceMs: 10_000 };
    const all = await greeted({ limits, waitSignal: { kind: 'speech', afterMs: 1_000 } });
    const { conversation, session, line, call, ends, pass } = all;
    conversation.freeze();
    const { appendedBytes } = session();
    line.says(50);
    line.presses('1#');
    conversation.keyFromWebhook('2', undefined);
    await pass(60_000);
    expect(session().log).toEqual([]);
    expect(session().appendedBytes).toBe(appendedBytes);
    expect([ends, call.said, call.transfers]).toEqual([[], [], []]);
  });

  it('does not run the tools that its session calls meanwhile', async () => {
    const lookup = new ScriptedTool('lookup');
    const { conversation, session } = await greeted({ tools: [lookup] });
    session().tells.responseCreated('resp');
    conversation.freeze();
    session().calls('resp', 'call-1', 'lookup');
    session().done('resp');
    expect(lookup.runs).toEqual([]);
  });

  it('writes down the result of a tool that ran, and what things cost', async () => {
    const store = new ScriptedStore();
    const lookup = new ScriptedTool('lookup');
    const all = await greeted({ store, tools: [lookup] });
    all.session().tells.responseCreated('resp');
    all.session().calls('resp', 'call-1', 'lookup');
    all.session().done('resp');
    all.conversation.freeze();
    all.session().done('resp-before', 'cancelled', undefined, 0.5);
    await lookup.answers('"at two"');
    expect(all.session().count('create')).toBe(0);
    await all.pass(100);
    const { session, conversation } = await restored(all, store);
    expect(session().log).toEqual([
      `remember assistant: ${GREETING}`,
      'remember tool: lookup({}) = "at two"',
      expect.stringMatching(/^remember system: The phone line was interrupted/),
      'create',
    ]);
    expect(await conversation.finish()).toMatchObject({ usage: TOKENS, costUsd: 0.5 });
  });

  it('has what was being keyed in', async () => {
    const store = new ScriptedStore();
    const all = await greeted({ store });
    all.line.presses('12');
    all.conversation.freeze();
    const { session } = await restored(all, store);
    expect(session().log).toEqual([
      `remember assistant: ${GREETING}`,
      expect.stringMatching(/^remember caller: .*: 1 2$/),
      expect.stringMatching(/^remember system: The phone line was interrupted/),
      'create',
    ]);
  });

  it('is over when it is closed', async () => {
    const store = new ScriptedStore();
    const all = await greeted({ store });
    speaks(all);
    all.conversation.freeze();
    const session = all.session();
    session.loses(FATAL);
    const { saves } = store;
    all.conversation.close();
    all.conversation.thaw();
    await all.pass(60_000);
    expect([all.ends, all.call.said, store.saves, all.model.sessions.length]).toEqual([[], [], saves, 1]);
  });

  it('can be finished, with a report', async () => {
    const all = await greeted({ lastWordsWaitMs: 3_000 });
    all.session().callerTurn('turn');
    const last = all.session();
    all.conversation.freeze();
    const finished = all.conversation.finish();
    last.tells.callerTranscript('turn', 'Goodbye.', undefined);
    expect((await finished).transcript).toMatchObject([{}, { kind: 'caller', text: 'Goodbye.' }]);
    expect(last.closed).toBe(true);
  });
});

describe('a conversation that goes on after it stood still', () => {
  it('listens where it was the caller’s turn', async () => {
    const { conversation, session, line, model } = await greeted();
    conversation.freeze();
    conversation.thaw();
    line.says(2);
    expect(session().log).toEqual(['law pcmu', 'audio']);
    session().callerTurn('turn', 'Hello?');
    session().answers('resp', 'answer', 500);
    expect(line.played).toContain('answer');
    expect(model.sessions).toHaveLength(1);
  });

  it('says what was cut off', async () => {
    const all = await greeted();
    speaks(all);
    all.conversation.freeze();
    all.session().done('resp', 'cancelled');
    all.conversation.thaw();
    expect(all.session().log).toEqual(['cancel resp', 'truncate answer 2000', CUT_OFF, 'law pcmu', 'create']);
  });

  it('asks for what the caller was saying, when they have stopped', async () => {
    const { conversation, session } = await greeted();
    session().tells.speechStarted('turn');
    conversation.freeze();
    conversation.thaw();
    expect(session().log).toEqual([LOST_WORDS, 'law pcmu']);
    session().tells.speechStopped('turn');
    session().tells.turnCommitted('turn');
    session().answers('resp', 'answer', 100);
    session().finishes('resp', 'answer');
    // The answer to their turn was all that was owed.
    expect(session().count('create')).toBe(0);
  });

  it('gives the answer that the model wrote meanwhile', async () => {
    const { conversation, session, line } = await greeted();
    session().callerTurn('turn', 'When am I due?');
    conversation.freeze();
    session().answers('resp', 'answer', 500);
    session().finishes('resp', 'answer');
    expect(line.played).not.toContain('answer');
    conversation.thaw();
    expect(line.played).toContain('answer');
    expect(session().log).toEqual(['law pcmu']);
  });

  it('greets where it had not', async () => {
    const { conversation, model, session } = setUp();
    model.failures.push('wait');
    conversation.begin();
    await settle();
    conversation.freeze();
    model.proceed();
    await settle();
    expect(model.sessions.map(({ closed }) => closed)).toEqual([true]);
    conversation.thaw();
    await settle();
    expect(session().log).toEqual([expect.stringMatching(/^remember system: .*Open it now/), 'create']);
  });

  it('opens another session where its own was lost', async () => {
    const all = await greeted();
    speaks(all);
    all.conversation.freeze();
    all.session().loses();
    await all.pass(1_000);
    expect(all.model.sessions).toHaveLength(1);
    all.conversation.thaw();
    await settle();
    expect(all.model.sessions).toHaveLength(2);
    expect(all.session().log.slice(-2)).toEqual([CUT_OFF, 'create']);
  });

  it('is with the caller whom a transfer gave back meanwhile', async () => {
    const { conversation, session, line, model } = await greeted();
    session().answers('resp', 'word', 100, 'One moment, please.');
    session().calls('resp', 'call-1', 'transfer', '{"to":"sales"}');
    session().finishes('resp', 'word');
    line.hears(100);
    conversation.freeze();
    conversation.backFromTransfer('busy');
    await settle();
    expect(model.sessions).toHaveLength(1);
    conversation.thaw();
    await settle();
    expect(model.sessions).toHaveLength(2);
    expect(session().log.at(-2)).toMatch(/The transfer to sales did not work \(busy\)/);
  });

  it.each<[string, GivenSettings, (all: Greeted) => unknown, string]>([
    [
      'in a farewell',
      { limits: { maxCallDurationMs: 5_000 } },
      async ({ session, pass }) => {
        await pass(5_000);
        session().answers('resp', 'word', 1_000, 'Time is up.');
        session().finishes('resp', 'word');
      },
      'max-duration with: Time is up.',
    ],
    [
      'before it hung up',
      {},
      ({ session }) => {
        session().answers('resp', 'word', 1_000, 'Goodbye.');
        session().calls('resp', 'call-1', 'hang_up');
      },
      'assistant-hung-up with: Goodbye.',
    ],
  ])('ends the call where it was made to stand still %s', async (_case, given, happens, end) => {
    const all = await greeted(given);
    await happens(all);
    all.conversation.freeze();
    await all.pass(30_000);
    expect(all.ends).toEqual([]);
    all.conversation.thaw();
    expect(all.ends).toEqual([end]);
  });

  it('counts its limits on', async () => {
    const { conversation, session, pass } = await greeted({ limits: { maxCallDurationMs: 60_000 } });
    await pass(30_000);
    conversation.freeze();
    await pass(10_000);
    conversation.thaw();
    await pass(19_000);
    expect(session().log).toEqual(['law pcmu']);
    await pass(1_500);
    expect(session().log).toContainEqual(expect.stringMatching(/Time is up/));
  });
});

describe('what the caller says while the conversation stands still', () => {
  it('is heard by the process that goes on with it, with the second before, and by nobody here', async () => {
    const store = new ScriptedStore();
    const before = await greeted({ store });
    for (let i = 0; i < 500; i++, before.clock.advance(20)) before.line.says(1, 1);
    before.conversation.freeze();
    const heardHere = before.session().appendedBytes;
    for (let i = 0; i < 20; i++, before.clock.advance(20)) before.line.says(1, 2);
    expect(before.session().appendedBytes).toBe(heardHere);
    const unheard = before.conversation.takeUnheard();
    before.conversation.close();
    expect(unheard.length - unheard.indexOf(2)).toBe(20 * 160);
    expect(Math.abs(unheard.indexOf(2) - 8_000)).toBeLessThan(300);
    const after = setUp({ clock: before.clock, store, saved: store.saved, unheard });
    after.conversation.begin();
    await settle();
    expect(after.session().heard.equals(unheard)).toBe(true);
    // It was the caller's turn and still is: the model answers what it hears, and is not asked to.
    expect(after.session().count('create')).toBe(0);
  });

  it('is not heard twice where it goes on here', async () => {
    const { conversation, line, session, clock } = await greeted();
    for (let i = 0; i < 50; i++, clock.advance(20)) line.says(1);
    conversation.freeze();
    line.says(1);
    const heard = session().appendedBytes;
    conversation.thaw();
    expect(session().appendedBytes).toBe(heard);
    expect(conversation.takeUnheard()).toHaveLength(0);
  });
});
