import {
  FATAL,
  GREETING,
  greeted,
  RETRYABLE,
  type ScriptedLine,
  type ScriptedSession,
  setUp,
  settle,
} from '../../test/support/scripted-conversation.js';
import { type ModelFailure, type TokenUsage } from './model.port.js';

describe('a conversation begins', () => {
  it('with the greeting, before any of the caller’s audio', async () => {
    const { conversation, line, session, model } = setUp();
    model.failures.push('wait');
    conversation.begin();
    line.says(10);
    await settle();
    model.proceed();
    await settle();
    expect(session().log).toEqual([
      expect.stringMatching(/^remember system: .*Hello, this is an AI assistant\./) as string,
      'create',
      'audio',
    ]);
    expect(session().appendedBytes).toBe(1_600);
    line.says(1);
    expect(session().appendedBytes).toBe(1_760);
  });

  it('without one where the caller speaks first', async () => {
    const { conversation, session } = setUp({ greeting: undefined });
    conversation.begin();
    await settle();
    expect(session().log).toEqual([]);
  });

  it('in the law that the line speaks', async () => {
    const { conversation, line, model } = setUp();
    line.law = 'pcma';
    conversation.begin();
    await settle();
    expect(model.laws).toEqual(['pcma']);
  });

  it('after some attempts, when the model is not there at first', async () => {
    const { conversation, line, session, model, pass } = setUp();
    model.failures.push(RETRYABLE, RETRYABLE, RETRYABLE);
    conversation.begin();
    line.says(1);
    await pass(4_000);
    expect(model.attemptsAtMs).toEqual([0, 250, 1_250, 3_250]);
    expect(session().log).toContain('create');
    expect(session().appendedBytes).toBe(160);
  });

  it.each<[string, ModelFailure[], number]>([
    ['after the last attempt', [RETRYABLE, RETRYABLE, RETRYABLE, RETRYABLE], 4],
    ['at once where trying again cannot help', [FATAL], 1],
  ])('not at all without a model: the caller is told, %s', async (_case, failures, attempts) => {
    const { conversation, ends, model, pass } = setUp();
    model.failures.push(...failures);
    conversation.begin();
    await pass(10_000);
    expect(ends).toEqual(['model-unavailable with: Sorry.']);
    expect(model.attemptsAtMs).toHaveLength(attempts);
  });

  it('not at all when the caller is gone before the model is there', async () => {
    const { conversation, ends, model, session } = setUp();
    model.failures.push('wait');
    conversation.begin();
    await settle();
    conversation.close();
    model.proceed();
    await settle();
    expect(session().closed).toBe(true);
    expect(session().log).toEqual([]);
    expect(ends).toEqual([]);
  });

  it('and makes no further attempt once the caller is gone', async () => {
    const { conversation, ends, model, pass } = setUp();
    model.failures.push(RETRYABLE, RETRYABLE);
    conversation.begin();
    await pass(100);
    conversation.close();
    await pass(10_000);
    expect(model.attemptsAtMs).toHaveLength(1);
    expect(ends).toEqual([]);
  });
});

describe('the caller interrupts', () => {
  it('an answer that is being written: it stops at once, and the model is told what was heard', async () => {
    const { line, session, counters } = await greeted();
    session().callerTurn('turn-1');
    session().answers('resp', 'answer', 3_000);
    line.hears(1_234.5);
    session().tells.speechStarted('turn-2');
    expect(line.flushes).toBe(1);
    expect(line.callerSpeaking).toBe(true);
    expect(session().log).toEqual(['truncate answer 1234']);
    expect(counters.interruptions).toBe(1);
  });

  it('and nothing that is still written of that answer is played', async () => {
    const { line, session } = await greeted();
    session().answers('resp', 'answer', 1_000);
    line.hears(500);
    session().tells.speechStarted('turn');
    line.played = '';
    session().tells.audio('resp', 'answer', Buffer.alloc(1_600));
    session().tells.audio('resp', 'second', Buffer.alloc(1_600));
    session().tells.audio('resp', 'second', Buffer.alloc(1_600));
    session().done('resp', 'cancelled');
    expect(line.played).toBe('');
    expect(line.idle).toBe(true);
    // Of an item that came too late nothing was heard: it is no part of the talk.
    expect(session().log).toEqual(['truncate answer 500', 'delete second']);
  });

  it('an answer that was written to its end and is still playing', async () => {
    const { line, session } = await greeted();
    session().answers('resp', 'answer', 3_000);
    session().finishes('resp', 'answer');
    line.hears(2_000);
    session().tells.speechStarted('turn');
    expect(line.flushes).toBe(1);
    expect(session().log).toEqual(['truncate answer 2000']);
  });

  it('several items: those heard stay, the one being heard is cut, the others go', async () => {
    const { line, session } = await greeted();
    session().answers('resp', 'one', 1_000);
    session().tells.audioDone('resp', 'one');
    session().tells.audio('resp', 'two', Buffer.alloc(8_000));
    session().tells.audioDone('resp', 'two');
    session().tells.audio('resp', 'three', Buffer.alloc(8_000));
    line.hears(1_400);
    session().tells.speechStarted('turn');
    expect(session().log).toEqual(['truncate two 400', 'delete three']);
  });

  it('an item of which less than a frame was heard: it goes', async () => {
    const { line, session } = await greeted();
    session().answers('resp', 'answer', 1_000);
    line.hears(19);
    session().tells.speechStarted('turn');
    expect(session().log).toEqual(['delete answer']);
  });

  it('nothing, when all was heard: what was said stays whole', async () => {
    const { line, session, counters } = await greeted();
    session().answers('resp', 'answer', 1_000);
    session().finishes('resp', 'answer');
    line.hears(1_000);
    session().tells.speechStarted('turn');
    expect(session().log).toEqual([]);
    expect(line.flushes).toBe(0);
    expect(counters.interruptions).toBe(0);
  });

  it('an answer that was asked for and has not begun: it is cancelled when it does', async () => {
    const { conversation, line, session } = setUp();
    conversation.begin();
    await settle();
    session().tells.speechStarted('turn');
    session().tells.responseCreated('resp-greeting');
    expect(session().log.at(-1)).toBe('cancel resp-greeting');
    session().tells.audio('resp-greeting', 'greeting', Buffer.alloc(1_600));
    expect(line.played).toBe('');
    session().done('resp-greeting', 'cancelled');
    session().tells.speechStopped('turn');
    session().tells.turnCommitted('turn');
    session().answers('resp-2', 'answer', 500);
    expect(line.played).toBe('answer ');
    expect(session().count('cancel resp-2')).toBe(0);
  });

  it.each(['conversation_already_has_active_response', 'server_error'])(
    'an answer whose request is refused then (%s): the next one is not cancelled in its place',
    async (code) => {
      const { conversation, line, session, pass } = setUp();
      conversation.begin();
      await settle();
      session().tells.speechStarted('turn');
      session().tells.refused(code, 'session-1-request-1');
      session().tells.speechStopped('turn');
      session().tells.turnCommitted('turn');
      session().answers('resp', 'answer', 500);
      session().finishes('resp', 'answer');
      await pass(5_000);
      expect(line.played).toBe('answer ');
      // Nor is there another greeting behind it.
      expect(session().count('create')).toBe(1);
    },
  );

  it('an answer that fails thereupon: it is not asked for again', async () => {
    const { session, pass } = await greeted();
    session().answers('resp', 'answer', 1_000);
    session().tells.speechStarted('turn');
    session().done('resp', 'failed', RETRYABLE);
    session().tells.speechStopped('turn');
    session().tells.turnCommitted('turn');
    await pass(5_000);
    expect(session().count('create')).toBe(0);
  });

  it('and the model stops by itself where it takes the turns', async () => {
    const { session } = await greeted();
    session().answers('resp', 'answer', 1_000);
    session().tells.speechStarted('turn');
    expect(session().log.filter((entry) => entry.startsWith('cancel'))).toEqual([]);
  });
});

describe('where short speech does not interrupt', () => {
  const given = { interruptMinSpeechMs: 400 };

  it('a cough is no turn: the assistant speaks on and the cough is taken out', async () => {
    const { line, session } = await greeted(given);
    session().answers('resp', 'answer', 3_000);
    session().tells.speechStarted('cough');
    line.says(10);
    session().tells.speechStopped('cough');
    session().tells.turnCommitted('cough');
    session().tells.callerTranscript('cough', 'Hm.', undefined);
    expect(line.flushes).toBe(0);
    expect(session().log).toEqual(['audio', 'delete cough']);
  });

  it('speech that is long enough interrupts, and the answer is cancelled', async () => {
    const { line, session, clock } = await greeted(given);
    session().answers('resp', 'answer', 3_000);
    line.hears(700);
    session().tells.speechStarted('turn');
    line.says(19);
    expect(line.flushes).toBe(0);
    line.says(1);
    expect(line.flushes).toBe(1);
    expect(session().log).toEqual(['audio', 'cancel resp', 'truncate answer 700']);
    clock.advance(10_000);
    expect(line.flushes).toBe(1);
    session().done('resp', 'cancelled');
    session().tells.speechStopped('turn');
    session().tells.turnCommitted('turn');
    expect(session().log.at(-1)).toBe('create');
  });

  it('a short word at the end of the assistant’s turn is an answer to it', async () => {
    const { line, session } = await greeted(given);
    session().answers('resp', 'question', 1_000);
    session().finishes('resp', 'question');
    line.hears(900);
    session().tells.speechStarted('yes');
    line.says(10);
    line.hears(100);
    session().tells.speechStopped('yes');
    session().tells.turnCommitted('yes');
    expect(session().log).toEqual(['audio', 'create']);
  });

  it('any speech is a turn while the assistant is silent', async () => {
    const { session } = await greeted(given);
    session().callerTurn('turn');
    expect(session().log).toEqual(['create']);
  });

  it('a turn that comes while an answer is asked for gets its own answer after that', async () => {
    const { session } = await greeted(given);
    session().callerTurn('one');
    session().tells.turnCommitted('two');
    expect(session().count('create')).toBe(1);
    session().answers('resp-1', 'a', 500);
    session().finishes('resp-1', 'a');
    expect(session().count('create')).toBe(2);
  });
});

describe('a protected greeting', () => {
  const given = { greetingProtected: true };

  async function greeting() {
    const all = setUp(given);
    all.conversation.begin();
    await settle();
    return all;
  }

  it('is heard to its end, whatever the caller says; what they said is answered after it', async () => {
    const { line, session } = await greeting();
    session().tells.speechStarted('early');
    session().answers('resp-greeting', 'greeting', 2_000, GREETING);
    line.hears(500);
    session().tells.speechStopped('early');
    session().tells.turnCommitted('early');
    session().callerTurn('again');
    expect(line.flushes).toBe(0);
    expect(session().count('create')).toBe(1);
    session().finishes('resp-greeting', 'greeting');
    expect(session().count('create')).toBe(2);
    expect(session().log.filter((entry) => /^(cancel|truncate|delete)/.test(entry))).toEqual([]);
  });

  /** Whether speech over the next answer interrupts it. */
  function nextAnswerIsInterrupted(line: ScriptedLine, session: ScriptedSession): boolean {
    const before = line.flushes;
    session.answers('resp-next', 'next', 2_000);
    line.hears(500);
    session.tells.speechStarted('over it');
    return line.flushes === before + 1;
  }

  it('does not protect what comes after it', async () => {
    const { line, session } = await greeting();
    session().answers('resp-greeting', 'greeting', 1_000);
    session().finishes('resp-greeting', 'greeting');
    line.hears(1_000);
    expect(nextAnswerIsInterrupted(line, session())).toBe(true);
  });

  it('is over too when it was heard before the model said that it was done', async () => {
    const { line, session } = await greeting();
    session().answers('resp-greeting', 'greeting', 1_000);
    line.hears(1_000);
    session().tells.audioDone('resp-greeting', 'greeting');
    session().done('resp-greeting');
    expect(nextAnswerIsInterrupted(line, session())).toBe(true);
  });

  it('is over too when nothing came of it', async () => {
    const { line, session } = await greeting();
    session().tells.responseCreated('resp-greeting');
    session().done('resp-greeting', 'completed');
    expect(nextAnswerIsInterrupted(line, session())).toBe(true);
  });

  it('is protected in a second try, and over after that', async () => {
    const { line, session, pass } = await greeting();
    session().tells.responseCreated('resp-1');
    session().done('resp-1', 'failed', RETRYABLE);
    await pass(500);
    session().answers('resp-2', 'greeting', 1_000, GREETING);
    session().tells.speechStarted('early');
    expect(line.flushes).toBe(0);
    session().tells.speechStopped('early');
    session().finishes('resp-2', 'greeting');
    line.hears(1_000);
    expect(nextAnswerIsInterrupted(line, session())).toBe(true);
  });

  it('is over when the model is lost in the middle of it', async () => {
    const { line, session } = await greeting();
    session().answers('resp-greeting', 'greeting', 1_000, GREETING);
    session().loses();
    await settle();
    line.hears(1_000);
    session().tells.speechStarted('early');
    session().tells.responseCreated('resp-early');
    session().done('resp-early', 'cancelled');
    session().tells.speechStopped('early');
    expect(nextAnswerIsInterrupted(line, session())).toBe(true);
  });
});

describe('the model fails to answer', () => {
  it('it is asked again a little later, and after three failures the caller is told', async () => {
    const { session, ends, pass, clock } = await greeted();
    session().callerTurn('turn');
    session().tells.responseCreated('resp-1');
    session().done('resp-1', 'failed', RETRYABLE);
    await pass(450);
    expect(session().count('create')).toBe(0);
    await pass(50);
    expect(session().count('create')).toBe(1);
    session().tells.responseCreated('resp-2');
    session().done('resp-2', 'failed', RETRYABLE);
    await pass(1_500);
    expect(session().count('create')).toBe(2);
    expect(ends).toEqual([]);
    session().tells.responseCreated('resp-3');
    session().done('resp-3', 'failed', RETRYABLE);
    expect(ends).toEqual(['model-lost with: Sorry.']);
    clock.advance(60_000);
    expect(session().count('create')).toBe(2);
  });

  it('and the count begins anew with every answer that succeeds', async () => {
    const { session, ends, pass } = await greeted();
    for (let turn = 0; turn < 6; turn++) {
      session().tells.responseCreated(`bad-${turn}`);
      session().done(`bad-${turn}`, 'failed', RETRYABLE);
      await pass(500);
      session().answers(`good-${turn}`, `item-${turn}`, 20);
      session().finishes(`good-${turn}`, `item-${turn}`);
    }
    expect(ends).toEqual([]);
    expect(session().count('create')).toBe(6);
  });

  it('and the caller is told at once where trying again cannot help', async () => {
    const { session, ends } = await greeted();
    session().tells.responseCreated('resp');
    session().done('resp', 'failed', FATAL);
    expect(ends).toEqual(['model-lost with: Sorry.']);
  });

  it('and the next try is left out when the caller speaks, or has been answered, meanwhile', async () => {
    const { session, pass } = await greeted();
    session().tells.responseCreated('resp-1');
    session().done('resp-1', 'failed', RETRYABLE);
    session().tells.speechStarted('turn');
    await pass(500);
    expect(session().count('create')).toBe(0);
    session().tells.speechStopped('turn');
    session().tells.responseCreated('resp-2');
    session().done('resp-2', 'failed', RETRYABLE);
    await pass(200);
    session().answers('resp-3', 'answer', 100);
    session().finishes('resp-3', 'answer');
    await pass(5_000);
    expect(session().count('create')).toBe(0);
  });

  it('and a request for the greeting that is refused is made again', async () => {
    const { conversation, session, pass } = setUp();
    conversation.begin();
    await settle();
    session().tells.refused('server_error', 'session-1-request-1');
    await pass(500);
    expect(session().count('create')).toBe(2);
  });

  it('and a refusal of anything else changes nothing', async () => {
    const { session, ends, counters, pass } = await greeted();
    session().tells.refused('response_cancel_not_active', 'x');
    session().tells.refused('item_truncate_invalid_item_id', undefined);
    await pass(5_000);
    expect(session().log).toEqual([]);
    expect(ends).toEqual([]);
    expect(counters.modelRefusals).toBe(2);
  });

  it('and where the session is lost before the next try, the new one is asked', async () => {
    const { session, model, pass } = await greeted();
    session().callerTurn('turn', 'My question.');
    session().tells.responseCreated('resp');
    session().done('resp', 'failed', RETRYABLE);
    model.failures.push(RETRYABLE, RETRYABLE);
    session().loses();
    await pass(5_000);
    expect(model.sessions).toHaveLength(2);
    expect(session().count('create')).toBe(1);
  });

  it('and where it says nothing at all, another session is asked the same', async () => {
    const { session, model, pass } = await greeted();
    const silent = session();
    silent.callerTurn('turn', 'My question.');
    await pass(9_000);
    expect(model.sessions).toHaveLength(2);
    expect(silent.closed).toBe(true);
    expect(session().log).toContain('remember caller: My question.');
    expect(session().count('create')).toBe(1);
  });

  it('and where the caller speaks on, no answer is due yet', async () => {
    const { session, model, pass } = await greeted();
    session().callerTurn('turn', 'My question.');
    session().tells.speechStarted('more');
    await pass(60_000);
    expect(model.sessions).toHaveLength(1);
  });
});

describe('the model is lost', () => {
  it('in the middle of an answer: a new session knows what was heard and goes on without a second greeting', async () => {
    const { line, session, model } = await greeted();
    session().callerTurn('turn', 'When is my appointment?');
    session().answers('resp', 'answer', 3_000, 'It is on Friday');
    line.hears(1_000);
    session().loses();
    line.says(5);
    await settle();
    expect(model.sessions).toHaveLength(2);
    expect(session().log).toEqual([
      `remember assistant: ${GREETING}`,
      'remember caller: When is my appointment?',
      'remember assistant: It is on Friday',
      expect.stringMatching(/^remember system: .*Do not greet again/) as string,
      'create',
      'audio',
    ]);
    expect(session().appendedBytes).toBe(800);
    // What had come of the answer is still played to its end.
    expect(line.flushes).toBe(0);
    line.hears(2_000);
    expect(line.idle).toBe(true);
  });

  it('after an interruption: the new session knows only what was heard', async () => {
    const { line, session } = await greeted();
    session().answers('resp', 'answer', 2_000, 'one two three four five six');
    line.hears(1_000);
    session().tells.speechStarted('turn');
    session().loses();
    await settle();
    expect(session().log).toContain('remember assistant: one two …');
  });

  it('with words on their way whose audio never came: nobody has heard them', async () => {
    const { session } = await greeted();
    session().tells.responseCreated('resp');
    session().tells.assistantTranscript('resp', 'answer', 'Never spoken.');
    session().loses();
    await settle();
    expect(session().log.join()).not.toContain('Never spoken.');
  });

  it('while all is quiet: nothing is asked of the new session', async () => {
    const { session, model } = await greeted();
    session().loses();
    await settle();
    expect(model.sessions).toHaveLength(2);
    expect(session().count('create')).toBe(0);
  });

  it.each<[string, (session: ScriptedSession) => void]>([
    ['between the turn, written down, and its answer', (session) => session.callerTurn('turn', 'Hello?')],
    ['between the request and the answer', (session) => session.tells.responseCreated('resp')],
  ])('%s: the new session owes an answer', async (_case, before) => {
    const { session } = await greeted();
    before(session());
    session().loses();
    await settle();
    expect(session().count('create')).toBe(1);
  });

  it.each<[string, (session: ScriptedSession) => void]>([
    ['while the caller speaks', () => undefined],
    [
      'between the turn and its words',
      (session) => {
        session.tells.speechStopped('turn');
        session.tells.turnCommitted('turn');
      },
    ],
  ])('%s: the new session hears it again, and answers that', async (_case, then) => {
    const { session, line, pass, conversation } = await greeted();
    line.says(10, 0xff);
    session().tells.speechStarted('turn');
    line.says(50);
    then(session());
    session().loses();
    line.says(5, 0xff);
    await settle();
    expect(session().log.filter((entry) => !entry.startsWith('remember'))).toEqual(['audio']);
    expect(session().appendedBytes).toBe(65 * 160);
    session().callerTurn('again', 'My question.');
    session().answers('resp', 'answer', 100);
    session().finishes('resp', 'answer');
    line.hears(100);
    await pass(5_000);
    expect(session().count('create')).toBe(0);
    const { transcript } = await conversation.finish();
    expect(transcript.filter(({ kind }) => kind === 'caller')).toMatchObject([{ text: 'My question.' }]);
  });

  it('while the caller speaks, and nothing is heard in it again: the new session is asked', async () => {
    const { session, line, pass } = await greeted();
    session().tells.speechStarted('turn');
    line.says(5);
    session().loses();
    await pass(2_900);
    expect(session().count('create')).toBe(0);
    await pass(100);
    expect(session().count('create')).toBe(1);
  });

  it('after an answer: the new session does not hear what was answered', async () => {
    const { session, line } = await greeted();
    session().tells.speechStarted('turn');
    line.says(50);
    session().tells.speechStopped('turn');
    session().tells.turnCommitted('turn');
    session().answers('resp', 'answer', 100);
    session().finishes('resp', 'answer');
    session().loses();
    line.says(3);
    await settle();
    expect(session().appendedBytes).toBe(3 * 160);
  });

  it('before anything of the greeting was heard: the new session greets', async () => {
    const { conversation, session, line } = setUp();
    conversation.begin();
    await settle();
    session().tells.responseCreated('resp-greeting');
    session().loses();
    await settle();
    expect(session().log).toEqual([expect.stringContaining(GREETING), 'create']);
    session().answers('resp-2', 'greeting', 500, GREETING);
    expect(line.played).toBe('greeting ');
  });

  it('for good: the caller is told, and no other session is opened', async () => {
    const { session, ends, model, pass } = await greeted();
    session().loses(FATAL);
    await pass(10_000);
    expect(ends).toEqual(['model-lost with: Sorry.']);
    expect(model.sessions).toHaveLength(1);
  });

  it('and cannot be had again: the caller is told', async () => {
    const { session, ends, model, pass } = await greeted();
    model.failures.push(RETRYABLE, RETRYABLE, RETRYABLE, RETRYABLE);
    session().loses();
    await pass(10_000);
    expect(ends).toEqual(['model-unavailable with: Sorry.']);
  });

  it('again and again without an answer in between: the caller is told instead of being kept waiting', async () => {
    const { session, ends, model, pass } = await greeted();
    for (let i = 0; i < 20 && ends.length === 0; i++) {
      session().loses();
      await pass(100);
    }
    expect(ends).toEqual(['model-lost with: Sorry.']);
    expect(model.sessions.length).toBeLessThan(8);
  });

  it('every now and then in a long call: it goes on', async () => {
    const { session, ends, pass } = await greeted();
    for (let hour = 0; hour < 12; hour++) {
      session().loses();
      await pass(100);
      session().answers(`resp-${hour}`, `item-${hour}`, 20);
      session().finishes(`resp-${hour}`, `item-${hour}`);
    }
    expect(ends).toEqual([]);
  });

  it('and what the old session left behind does not disturb the new one', async () => {
    const { line, session } = await greeted({ interruptMinSpeechMs: 400 });
    session().answers('resp', 'answer', 1_000);
    line.hears(100);
    session().tells.speechStarted('turn');
    line.says(5);
    session().loses();
    expect(line.callerSpeaking).toBe(false);
    await settle();
    session().log.length = 0;
    line.says(100);
    expect(line.flushes).toBe(0);
    // The item is not of this session: it is cut, but the model is not told of an id that it does not know.
    session().answers('resp-2', 'item-2', 1_000);
    session().tells.speechStarted('turn-2');
    line.says(30);
    expect(line.flushes).toBe(1);
    expect(session().log.filter((entry) => /truncate|delete/.test(entry))).toEqual(['delete item-2']);
  });
});

describe('a conversation', () => {
  it('tells the model when the line comes back with another law', async () => {
    const { conversation, line, session } = await greeted();
    line.law = 'pcma';
    conversation.lineBack();
    expect(session().log).toEqual(['law pcma']);
  });

  it('counts turns, interruptions, sessions and tokens', async () => {
    const { conversation, line, session } = await greeted();
    session().callerTurn('turn');
    session().answers('resp', 'answer', 1_000);
    line.hears(500);
    session().tells.speechStarted('turn-2');
    const usage: TokenUsage = {
      inputTextTokens: 1,
      inputAudioTokens: 2,
      cachedTextTokens: 3,
      cachedAudioTokens: 4,
      outputTextTokens: 5,
      outputAudioTokens: 6,
    };
    for (const responseId of ['resp', 'resp-2']) {
      session().tells.responseDone({
        responseId,
        status: 'cancelled',
        reason: 'turn_detected',
        failure: undefined,
        usage,
        costUsd: 0.25,
      });
    }
    session().loses();
    await settle();
    expect(conversation.summary).toMatchObject({
      turns: 1,
      interruptions: 1,
      resumes: 1,
      usage: { inputTextTokens: 2, inputAudioTokens: 4, outputAudioTokens: 12 },
    });
  });

  it('is silent once it was closed', async () => {
    const { conversation, line, session, ends, pass } = await greeted();
    session().answers('resp', 'answer', 1_000);
    const last = session();
    const { tells } = last;
    conversation.close();
    expect(last.closed).toBe(true);
    expect(line.idle).toBe(true);
    conversation.close();
    line.says(3);
    line.listener?.lineBack();
    tells.lost(RETRYABLE);
    await pass(10_000);
    expect(ends).toEqual([]);
    expect(last.log).toEqual([]);
  });
});
