import { restored } from '../../test/support/moved-conversation.js';
import {
  FATAL,
  type GivenSettings,
  GREETING,
  greeted,
  RETRYABLE,
  ScriptedTool,
  setUp,
  settle,
} from '../../test/support/scripted-conversation.js';
import { ScriptedStore } from '../../test/support/scripted-store.js';
import { type ConversationObserver, type TurnTimeline } from './observer.port.js';

/** A conversation that has greeted, and the turns that are told of after that, with their times from then on. */
async function watched(given: GivenSettings = {}) {
  const all = await greeted(given);
  const { watcher, clock } = all;
  const greeting = told(watcher.turns)[0];
  const beginMs = greeting.endedAtMs - clock.nowMs();
  const turns = (): TurnTimeline[] => told(watcher.turns).slice(1);
  const turn = (number: number): TurnTimeline => {
    const one = watcher.turns.find((other) => other.number === number);
    if (!one) throw new Error(`turn ${number} was not told of: ${watcher.turns.map((other) => other.number).join()}`);
    return one;
  };
  /** @param ms on the clock of the test. */
  const at = (ms: number): number => beginMs + ms;
  return { ...all, turns, turn, at };
}

function told(turns: readonly TurnTimeline[]): [TurnTimeline, ...TurnTimeline[]] {
  const [first, ...others] = turns;
  if (!first) throw new Error('no turn was told of');
  return [first, ...others];
}

describe('turns are told of', () => {
  it('from the greeting on, which is number 0, when it was heard', async () => {
    const { conversation, watcher, session, line, pass, clock } = setUp();
    conversation.begin();
    await pass(100);
    session().tells.responseCreated('resp-greeting');
    clock.advance(200);
    session().speaks('resp-greeting', 'greeting', 2_000, GREETING);
    clock.advance(300);
    session().finishes('resp-greeting', 'greeting');
    clock.advance(1_900);
    expect(watcher.turns).toEqual([]);
    line.hears(2_000);
    const [opening] = watcher.openings;
    const beginMs = opening?.startedAtMs ?? 0;
    expect(watcher.turns).toEqual([
      {
        ...{ number: 0, cause: 'greeting', outcome: 'heard', sessionId: 'session-1' },
        ...{ startedAtMs: beginMs, endedAtMs: beginMs + 2_500, callerSpeech: undefined, tools: [] },
        responses: [
          {
            ...{ responseId: 'resp-greeting', askedAtMs: beginMs, createdAtMs: beginMs + 100 },
            ...{ firstAudioAtMs: beginMs + 300, doneAtMs: beginMs + 600, dropped: false, audioMs: 2_000 },
            outcome: expect.objectContaining({ status: 'completed' }) as object,
          },
        ],
        playout: { firstSentAtMs: beginMs + 300, firstHeardAtMs: beginMs + 500, endedAtMs: beginMs + 2_500 },
        ...{ cut: undefined, bargeInMs: undefined, words: { caller: undefined, assistant: GREETING } },
      },
    ]);
  });

  it('with the caller’s speech, the response, and what was heard of it', async () => {
    const { session, line, clock, turns, at } = await watched();
    clock.advance(5_000);
    session().tells.speechStarted('turn');
    clock.advance(1_200);
    session().tells.speechStopped('turn');
    session().tells.turnCommitted('turn');
    clock.advance(150);
    session().tells.responseCreated('resp');
    session().tells.callerTranscript('turn', 'When do you open?', undefined);
    clock.advance(250);
    session().speaks('resp', 'answer', 600, 'At nine.');
    session().speaks('resp', 'answer', 400, '');
    session().finishes('resp', 'answer', 0.5);
    clock.advance(1_100);
    expect(turns()).toEqual([]);
    line.hears(1_000);
    expect(turns()).toMatchObject([
      {
        ...{ number: 1, cause: 'caller', outcome: 'heard', startedAtMs: at(5_000), endedAtMs: at(7_700) },
        callerSpeech: { startedAtMs: at(5_000), endedAtMs: at(6_200) },
        responses: [
          {
            ...{ responseId: 'resp', askedAtMs: undefined, createdAtMs: at(6_350), firstAudioAtMs: at(6_600) },
            ...{ doneAtMs: at(6_600), audioMs: 1_000, outcome: { status: 'completed', costUsd: 0.5 } },
          },
        ],
        playout: { firstSentAtMs: at(6_600), firstHeardAtMs: at(6_700), endedAtMs: at(7_700) },
        words: { caller: 'When do you open?', assistant: 'At nine.' },
      },
    ]);
  });

  it('from when the model says that the caller began', async () => {
    const { session, clock, conversation, turns, at } = await watched();
    clock.advance(5_000);
    session().tells.speechStarted('turn', 310);
    clock.advance(1_000);
    conversation.close();
    expect(turns()).toMatchObject([
      { outcome: 'over', callerSpeech: { startedAtMs: at(4_690), endedAtMs: at(6_000) }, responses: [] },
    ]);
  });

  it('when the caller cut them off, and the model has said what became of the response', async () => {
    const { session, line, clock, turns, turn, at } = await watched();
    session().callerTurn('turn-1', 'Tell me more.');
    session().answers('resp-1', 'answer', 3_000, 'one two three four five six');
    clock.advance(1_100);
    line.hears(1_000);
    session().tells.speechStarted('turn-2', 200);
    expect(turns()).toEqual([]);
    clock.advance(50);
    session().done('resp-1', 'cancelled');
    expect(turns()).toMatchObject([
      {
        ...{ number: 1, outcome: 'interrupted', bargeInMs: 200, cut: { heardMs: 1_000, ofMs: 3_000 } },
        responses: [{ responseId: 'resp-1', dropped: true, doneAtMs: at(1_150), outcome: { status: 'cancelled' } }],
        playout: { firstSentAtMs: at(0), firstHeardAtMs: at(100), endedAtMs: at(1_100) },
        words: { caller: 'Tell me more.', assistant: 'one two …' },
      },
    ]);
    session().tells.speechStopped('turn-2');
    session().tells.turnCommitted('turn-2');
    session().answers('resp-2', 'answer-2', 100);
    session().finishes('resp-2', 'answer-2');
    line.hears(100);
    expect(turn(2)).toMatchObject({ outcome: 'heard', cause: 'caller', startedAtMs: at(900), cut: undefined });
  });

  it('with the time it took to let the caller through, where short noises are not', async () => {
    const { session, line, clock, turn } = await watched({ interruptMinSpeechMs: 300 });
    session().callerTurn('turn-1');
    session().answers('resp', 'answer', 5_000);
    line.hears(1_000);
    session().tells.speechStarted('turn-2');
    for (let frame = 0; frame < 20; frame++) {
      clock.advance(20);
      line.says(1, 0x00);
    }
    session().done('resp', 'cancelled');
    expect(turn(1)).toMatchObject({ outcome: 'interrupted', cut: { heardMs: 1_000, ofMs: 5_000 } });
    expect(turn(1).bargeInMs).toBeGreaterThanOrEqual(300);
    expect(turn(1).bargeInMs).toBeLessThanOrEqual(400);
  });

  it('and a noise is none', async () => {
    const { session, line, clock, turns } = await watched({ interruptMinSpeechMs: 300 });
    session().callerTurn('turn-1');
    session().answers('resp', 'answer', 1_000);
    session().tells.speechStarted('noise');
    clock.advance(100);
    session().tells.speechStopped('noise');
    session().tells.turnCommitted('noise');
    session().finishes('resp', 'answer');
    line.hears(1_000);
    expect(turns()).toMatchObject([{ number: 1, outcome: 'heard', cut: undefined }]);
  });

  it('as one where the caller only paused', async () => {
    const { session, line, clock, turns, at } = await watched();
    session().callerTurn('turn-1', 'My number is');
    clock.advance(300);
    session().tells.speechStarted('turn-2');
    clock.advance(900);
    session().tells.speechStopped('turn-2');
    session().tells.turnCommitted('turn-2');
    session().tells.callerTranscript('turn-2', 'twelve.', undefined);
    session().answers('resp', 'answer', 100);
    session().finishes('resp', 'answer');
    line.hears(100);
    expect(turns()).toMatchObject([
      { callerSpeech: { startedAtMs: at(0), endedAtMs: at(1_200) }, words: { caller: 'My number is twelve.' } },
    ]);
  });

  it('as skipped, where the assistant chose to say nothing', async () => {
    const { session, turns, conversation } = await watched();
    session().callerTurn('turn');
    session().tells.responseCreated('resp');
    session().calls('resp', 'call', 'skip_turn');
    session().done('resp');
    expect(turns()).toMatchObject([
      {
        ...{ outcome: 'skipped', playout: undefined, responses: [{ responseId: 'resp' }] },
        tools: [{ toolCallId: 'call', name: 'skip_turn', kind: 'built-in', error: undefined, late: false }],
      },
    ]);
    // What is said much later is no answer to that.
    session().answers('resp-2', 'later', 100);
    expect((await conversation.finish()).turns).toEqual([]);
  });

  it('with all responses of an answer that failed at first', async () => {
    const { session, line, pass, turns, at } = await watched();
    session().callerTurn('turn');
    session().tells.responseCreated('resp-1');
    session().done('resp-1', 'failed', RETRYABLE);
    await pass(500);
    session().answers('resp-2', 'answer', 100);
    session().finishes('resp-2', 'answer');
    line.hears(100);
    expect(turns()).toMatchObject([
      {
        outcome: 'heard',
        responses: [
          { responseId: 'resp-1', outcome: { status: 'failed', failure: RETRYABLE } },
          { responseId: 'resp-2', askedAtMs: at(500), outcome: { status: 'completed' } },
        ],
      },
    ]);
  });

  it('as failed, where asking again is no use', async () => {
    const { session, turns, ends } = await watched();
    session().callerTurn('turn');
    session().tells.responseCreated('resp');
    session().done('resp', 'failed', FATAL);
    expect(turns()).toMatchObject([{ outcome: 'failed', responses: [{ outcome: { failure: FATAL } }] }]);
    expect(ends).toHaveLength(1);
  });

  it('as failed, where the caller went on before it was asked for again', async () => {
    const { session, turns } = await watched();
    session().callerTurn('turn-1');
    session().tells.responseCreated('resp');
    session().done('resp', 'failed', RETRYABLE);
    session().callerTurn('turn-2');
    expect(turns()).toMatchObject([{ number: 1, outcome: 'failed' }]);
  });

  it('for keys, from the end of the entry', async () => {
    const { session, line, clock, turns, turn, at } = await watched();
    session().answers('resp-1', 'answer-1', 3_000);
    line.hears(700);
    clock.advance(700);
    line.presses('1');
    session().done('resp-1', 'cancelled');
    clock.advance(400);
    line.presses('#');
    session().answers('resp-2', 'answer-2', 100);
    session().finishes('resp-2', 'answer-2');
    line.hears(100);
    expect(turns()).toHaveLength(2);
    expect(turn(1)).toMatchObject({ cause: 'note', outcome: 'interrupted', cut: { heardMs: 700, ofMs: 3_000 } });
    expect(turn(1).bargeInMs).toBeUndefined();
    expect(turn(2)).toMatchObject({ cause: 'keys', outcome: 'heard', callerSpeech: undefined, startedAtMs: at(1_100) });
  });

  it('for something of our own that the assistant is to say', async () => {
    const { session, line, pass, turns, at } = await watched({
      limits: { idlePromptMs: 10_000, idleHangUpMs: 10_000 },
    });
    await pass(10_000);
    session().answers('resp', 'still there', 100);
    session().finishes('resp', 'still there');
    line.hears(100);
    expect(turns()).toMatchObject([
      { cause: 'note', outcome: 'heard', startedAtMs: at(10_000), responses: [{ askedAtMs: at(10_000) }] },
    ]);
  });

  it('behind a greeting that nothing interrupts, each for itself', async () => {
    const { conversation, session, line, clock, watcher } = setUp({ greetingProtected: true });
    conversation.begin();
    await settle();
    session().answers('resp-greeting', 'greeting', 2_000);
    session().callerTurn('turn', 'Hello?');
    session().finishes('resp-greeting', 'greeting');
    clock.advance(2_000);
    line.hears(2_000);
    expect(watcher.turns).toMatchObject([
      { number: 0, outcome: 'heard', cause: 'greeting', callerSpeech: undefined, responses: [{}], cut: undefined },
    ]);
    session().answers('resp', 'answer', 100);
    session().finishes('resp', 'answer');
    line.hears(100);
    expect(watcher.turns[1]).toMatchObject({ number: 1, outcome: 'heard', words: { caller: 'Hello?' } });
    expect(watcher.turns[1]?.responses).toHaveLength(1);
  });

  it('to nobody who throws: the call goes on', async () => {
    const observer: ConversationObserver = {
      turnOver: () => {
        throw new Error('no');
      },
      sessionOpened: () => {
        throw new Error('no');
      },
      modelRefused: () => {
        throw new Error('no');
      },
    };
    const { session, line, ends } = await greeted({ observer });
    session().tells.refused('response_cancel_not_active', 'evt_1');
    session().callerTurn('turn');
    session().answers('resp', 'answer', 100);
    session().finishes('resp', 'answer');
    line.hears(100);
    expect(ends).toEqual([]);
    expect(line.played).toContain('answer');
  });
});

describe('refusals of the model are told of', () => {
  it('as a lost answer where one was asked for, and as no loss where the model was only faster', async () => {
    const { session, line, watcher } = await watched();
    session().tells.refused('response_cancel_not_active', 'evt_cancel');
    session().tells.refused('invalid_request_error', undefined);
    line.presses('1#');
    session().tells.refused('conversation_already_has_active_response', undefined);
    session().answers('resp', 'answer', 100);
    session().finishes('resp', 'answer');
    expect(watcher.refusals.map(({ answerLost }) => answerLost)).toEqual([false, false, false]);
    // What was put off is asked for now.
    session().tells.refused('rate_limit_exceeded', undefined);
    expect(watcher.refusals.at(-1)).toEqual({ code: 'rate_limit_exceeded', answerLost: true });
  });
});

describe('tools are told of with their turn', () => {
  it('one of the operator’s own, with both responses', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session, line, clock, turns, at } = await watched({ tools: [lookup] });
    session().callerTurn('turn');
    session().tells.responseCreated('resp-1');
    session().calls('resp-1', 'call', 'lookup');
    session().done('resp-1');
    clock.advance(800);
    await lookup.answers('"at two"');
    session().answers('resp-2', 'answer', 100);
    session().finishes('resp-2', 'answer');
    expect(turns()).toEqual([]);
    line.hears(100);
    expect(turns()).toMatchObject([
      {
        ...{ number: 1, outcome: 'heard', responses: [{ responseId: 'resp-1' }, { askedAtMs: at(800) }] },
        tools: [
          {
            ...{ toolCallId: 'call', name: 'lookup', kind: 'http', error: undefined, late: false },
            ...{ startedAtMs: at(0), endedAtMs: at(800) },
          },
        ],
      },
    ]);
  });

  it('with a word for what went wrong', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session, turns, conversation } = await watched({ tools: [lookup] });
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup');
    session().calls('resp', 'call-2', 'no such');
    session().calls('resp', 'call-3', 'send_keys', '{"keys":"everything"}');
    session().calls('resp', 'call-4', 'transfer', '{"to":"nobody"}');
    await lookup.answers('"no"', false);
    session().tells.remoteToolBegun('mcp', 'search');
    session().tells.remoteToolDone('mcp', 'search', false);
    conversation.close();
    expect(turns()[0]?.tools.map(({ name, kind, error }) => [name, kind, error])).toEqual([
      // The model's own invention is no name for a figure.
      ['unknown', 'http', 'unknown-tool'],
      ['send_keys', 'built-in', 'invalid-arguments'],
      ['transfer', 'built-in', 'invalid-arguments'],
      ['lookup', 'http', 'failed'],
      ['search', 'mcp', 'failed'],
    ]);
  });

  it('with what they were given and what came of it, wherever they ran', async () => {
    const lookup = new ScriptedTool('lookup');
    const remind = new ScriptedTool('remind', 'later');
    const { session, turns, conversation } = await watched({ tools: [lookup, remind] });
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup', '{"day":5}');
    session().calls('resp', 'call-2', 'send_keys', '{"keys":"12"}');
    session().calls('resp', 'call-3', 'remind', '{"of":"milk"}');
    await lookup.answers('"at two"');
    const words = { argumentsText: '', output: undefined as string | undefined };
    session().tells.remoteToolBegun('mcp', 'search', words);
    session().tells.remoteToolDone('mcp', 'search', true);
    Object.assign(words, { argumentsText: '{"for":"cheese"}', output: 'none' });
    conversation.close();
    expect(Object.fromEntries(turns()[0]?.tools.map(({ name, words: told }) => [name, told]) ?? [])).toEqual({
      lookup: { argumentsText: '{"day":5}', output: '"at two"' },
      send_keys: { argumentsText: '{"keys":"12"}', output: '{"status":"sent"}' },
      // The model has been told that it runs: that is not what came of it.
      remind: { argumentsText: '{"of":"milk"}', output: undefined },
      search: { argumentsText: '{"for":"cheese"}', output: 'none' },
    });
  });

  it('one that runs at the model', async () => {
    const { session, line, clock, turns, at } = await watched();
    session().callerTurn('turn');
    session().tells.responseCreated('resp-1');
    session().tells.remoteToolBegun('mcp', 'search');
    session().done('resp-1');
    clock.advance(300);
    session().tells.remoteToolDone('mcp', 'search', true);
    session().answers('resp-2', 'answer', 100);
    session().finishes('resp-2', 'answer');
    line.hears(100);
    expect(turns()).toMatchObject([
      {
        tools: [
          { toolCallId: 'mcp', name: 'search', kind: 'mcp', startedAtMs: at(0), endedAtMs: at(300), late: false },
        ],
        responses: [{ responseId: 'resp-1' }, { responseId: 'resp-2' }],
      },
    ]);
  });

  it('one that runs on after it belongs to the turn in which it ends, and is late', async () => {
    const remind = new ScriptedTool('remind', 'later');
    const { session, line, clock, turn, turns, at } = await watched({ tools: [remind] });
    session().callerTurn('turn');
    session().tells.responseCreated('resp-1');
    session().calls('resp-1', 'call', 'remind');
    session().done('resp-1');
    session().answers('resp-2', 'answer', 100);
    session().finishes('resp-2', 'answer');
    line.hears(100);
    expect(turns()).toMatchObject([{ number: 1, outcome: 'heard', tools: [] }]);
    clock.advance(9_000);
    await remind.answers('"saved"');
    session().answers('resp-3', 'saved', 100);
    session().finishes('resp-3', 'saved');
    line.hears(100);
    expect(turn(2)).toMatchObject({
      ...{ cause: 'note', outcome: 'heard', startedAtMs: at(9_000) },
      tools: [{ toolCallId: 'call', startedAtMs: at(0), endedAtMs: at(9_000), late: true }],
    });
  });

  it('one that the caller talked over belongs to what they said', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session, line, turn } = await watched({ tools: [lookup] });
    session().callerTurn('turn-1');
    session().tells.responseCreated('resp-1');
    session().calls('resp-1', 'call', 'lookup');
    session().done('resp-1');
    session().callerTurn('turn-2');
    expect(turn(1)).toMatchObject({ outcome: 'interrupted', tools: [], playout: undefined });
    await lookup.answers('"at two"');
    session().answers('resp-2', 'answer', 100);
    session().finishes('resp-2', 'answer');
    session().answers('resp-3', 'at two', 100);
    session().finishes('resp-3', 'at two');
    line.hears(200);
    expect(turn(2)).toMatchObject({ outcome: 'heard', tools: [{ toolCallId: 'call', late: true }] });
    expect(turn(2).responses).toHaveLength(2);
  });

  it('the hang-up, whose turn is heard to its end', async () => {
    const { session, line, turns, ends, conversation, clock } = await watched();
    session().callerTurn('turn');
    session().answers('resp', 'bye', 500);
    session().calls('resp', 'call', 'hang_up');
    session().finishes('resp', 'bye');
    clock.advance(500);
    line.hears(500);
    expect(ends).toHaveLength(1);
    conversation.close();
    expect(turns()).toMatchObject([{ outcome: 'heard', tools: [{ name: 'hang_up', error: undefined, late: false }] }]);
  });

  it('one that was lost with the session that ran it', async () => {
    const { session, clock, turns, conversation, at } = await watched();
    session().callerTurn('turn');
    session().tells.responseCreated('resp');
    session().tells.remoteToolBegun('mcp', 'search');
    session().done('resp');
    clock.advance(100);
    session().loses();
    await settle();
    conversation.close();
    expect(turns()).toMatchObject([{ tools: [{ endedAtMs: at(100), error: 'session-lost', late: false }] }]);
  });

  it('a transfer whose session was lost, whose turn goes on no longer', async () => {
    const { session, line, call, turns, turn, conversation } = await watched();
    session().callerTurn('turn');
    session().tells.responseCreated('resp');
    session().calls('resp', 'call', 'transfer', '{"to":"sales"}');
    session().loses();
    await settle();
    expect(call.transfers).toHaveLength(1);
    expect(turns()).toMatchObject([{ outcome: 'lost', tools: [{ name: 'transfer', error: undefined }] }]);
    conversation.backFromTransfer('busy');
    await settle();
    session().answers('resp-2', 'sorry', 100);
    session().finishes('resp-2', 'sorry');
    line.hears(100);
    expect(turn(2)).toMatchObject({ outcome: 'heard', responses: [{ responseId: 'resp-2' }] });
  });

  it('one that never ended, with the end of the call', async () => {
    const remind = new ScriptedTool('remind', 'later');
    const { session, line, clock, turn, conversation, at } = await watched({ tools: [remind] });
    session().tells.responseCreated('resp-1');
    session().calls('resp-1', 'call', 'remind');
    session().done('resp-1');
    session().answers('resp-2', 'answer', 100);
    session().finishes('resp-2', 'answer');
    line.hears(100);
    clock.advance(1_000);
    conversation.close();
    expect(turn(2)).toMatchObject({
      ...{ outcome: 'over', responses: [] },
      tools: [{ toolCallId: 'call', endedAtMs: at(1_000), error: 'abandoned', late: true }],
    });
  });
});

describe('a turn that does not end by itself is told of', () => {
  it('as lost with its session, when what came of the answer was heard; the rest is another turn', async () => {
    const { session, line, clock, turns, turn, at } = await watched();
    session().callerTurn('turn');
    session().answers('resp-1', 'answer', 1_000);
    clock.advance(500);
    session().loses();
    await settle();
    expect(turns()).toEqual([]);
    clock.advance(600);
    line.hears(1_000);
    expect(turn(1)).toMatchObject({
      ...{ outcome: 'lost', sessionId: 'session-1', endedAtMs: at(1_100) },
      responses: [{ responseId: 'resp-1', outcome: undefined, doneAtMs: at(500), audioMs: 1_000 }],
    });
    session().answers('resp-2', 'rest', 100);
    session().finishes('resp-2', 'rest');
    line.hears(100);
    expect(turn(2)).toMatchObject({ outcome: 'heard', cause: 'note', sessionId: 'session-2' });
  });

  it('as one, where nothing of the answer had come: the caller has waited all the time', async () => {
    const { session, line, clock, turns, pass, at } = await watched();
    session().callerTurn('turn', 'Hello?');
    clock.advance(200);
    session().tells.responseCreated('resp-1');
    session().loses();
    await pass(300);
    session().answers('resp-2', 'answer', 100);
    session().finishes('resp-2', 'answer');
    line.hears(100);
    expect(turns()).toMatchObject([
      {
        ...{ outcome: 'heard', cause: 'caller', sessionId: 'session-2', playout: { firstSentAtMs: at(500) } },
        callerSpeech: { endedAtMs: at(0) },
        responses: [{ responseId: 'resp-1', outcome: undefined }, { responseId: 'resp-2' }],
      },
    ]);
  });

  it('as one, where the next session hears the words again: they ended when they were said', async () => {
    const { session, line, pass, turns, conversation, at } = await watched();
    line.says(100);
    session().callerTurn('turn');
    session().loses();
    await pass(1_000);
    session().tells.speechStarted('again');
    await pass(50);
    session().tells.speechStopped('again');
    session().tells.turnCommitted('again');
    session().answers('resp', 'answer', 100);
    session().finishes('resp', 'answer');
    line.hears(100);
    expect(turns()).toMatchObject([
      {
        callerSpeech: { startedAtMs: at(0), endedAtMs: at(0) },
        playout: { firstSentAtMs: at(1_050) },
        responses: [{}],
      },
    ]);
    expect((await conversation.finish()).turns).toMatchObject([{ answeredAfterMs: 1_050 }]);
  });

  it('as lost, when the call ends before there is another session', async () => {
    const { session, model, turns, conversation } = await watched();
    session().callerTurn('turn');
    session().tells.responseCreated('resp');
    model.failures.push('wait');
    session().loses();
    await settle();
    conversation.close();
    expect(turns()).toMatchObject([{ outcome: 'lost', responses: [{ outcome: undefined }] }]);
  });

  it('as heard, when the call is being ended for something else', async () => {
    const { session, line, turns, ends, conversation } = await watched({ limits: { maxCallCostUsd: 0.1 } });
    session().callerTurn('turn');
    session().answers('resp', 'answer', 100);
    session().finishes('resp', 'answer', 0.5);
    expect(ends).toHaveLength(1);
    line.hears(100);
    conversation.close();
    expect(turns()).toMatchObject([{ outcome: 'heard' }]);
  });

  it('as over, when the call ends in the middle of it', async () => {
    const { session, line, clock, turns, conversation, at } = await watched();
    session().callerTurn('turn');
    session().answers('resp', 'answer', 2_000);
    line.hears(700);
    clock.advance(800);
    conversation.close();
    expect(turns()).toMatchObject([
      {
        ...{ outcome: 'over', endedAtMs: at(800), cut: { heardMs: 700, ofMs: 2_000 } },
        responses: [{ responseId: 'resp', outcome: undefined, doneAtMs: at(800) }],
        playout: { endedAtMs: at(800) },
      },
    ]);
  });

  it('as over, when the caller goes away in mid-word', async () => {
    const { session, clock, turns, conversation, at } = await watched();
    session().tells.speechStarted('turn');
    clock.advance(800);
    await conversation.finish();
    expect(turns()).toMatchObject([
      { outcome: 'over', callerSpeech: { startedAtMs: at(0), endedAtMs: at(800) }, playout: undefined, responses: [] },
    ]);
  });

  it('as over, when the conversation stands still; the rest is another turn, here', async () => {
    const { session, line, turns, turn, conversation } = await watched();
    session().callerTurn('turn');
    session().answers('resp-1', 'answer', 2_000);
    line.hears(700);
    conversation.freeze();
    expect(turns()).toMatchObject([
      { number: 1, outcome: 'over', cut: { heardMs: 700, ofMs: 2_000 }, responses: [{ outcome: undefined }] },
    ]);
    session().done('resp-1', 'cancelled');
    conversation.thaw();
    expect(turns()).toHaveLength(1);
    session().answers('resp-2', 'rest', 100);
    session().finishes('resp-2', 'rest');
    line.hears(100);
    expect(turn(2)).toMatchObject({ outcome: 'heard', cause: 'note', responses: [{ responseId: 'resp-2' }] });
    session().tells.speechStarted('turn-3');
    conversation.close();
    expect(turn(3)).toMatchObject({ outcome: 'over', cause: 'caller' });
  });

  it('as over, when the conversation stands still; the rest is another turn, in another process', async () => {
    const store = new ScriptedStore();
    const before = await greeted({ store });
    before.session().callerTurn('turn', 'Hello?');
    before.conversation.freeze();
    expect(before.watcher.turns).toMatchObject([
      { number: 0 },
      { number: 1, outcome: 'over', words: { caller: 'Hello?' } },
    ]);
    await before.pass(50);
    before.conversation.close();
    expect(before.watcher.turns).toHaveLength(2);
    const { session, line, watcher } = await restored(before, store);
    session().answers('resp', 'answer', 100);
    session().finishes('resp', 'answer');
    line.hears(100);
    // The words it answers are those of the other process.
    expect(watcher.turns).toMatchObject([{ number: 2, outcome: 'heard', cause: 'caller', callerSpeech: undefined }]);
  });
});

describe('sessions with the model are told of', () => {
  it('the first one', async () => {
    const { watcher, conversation, model, pass } = setUp();
    model.failures.push(RETRYABLE, RETRYABLE);
    conversation.begin();
    await pass(2_000);
    const [opening] = watcher.openings;
    expect(watcher.openings).toEqual([
      {
        ...{ cause: 'begin', attempts: 3, sessionId: 'session-1', failure: undefined, itemsTold: 0, dial: undefined },
        ...{ startedAtMs: opening?.startedAtMs, endedAtMs: (opening?.startedAtMs ?? 0) + 1_250 },
      },
    ]);
  });

  it('and that there is none', async () => {
    const { watcher, conversation, model, pass } = setUp();
    model.failures.push(RETRYABLE, FATAL);
    conversation.begin();
    await pass(1_000);
    expect(watcher.openings).toMatchObject([{ cause: 'begin', attempts: 2, sessionId: undefined, failure: FATAL }]);
  });

  it('and that nobody waited for one', async () => {
    const { watcher, conversation, model, pass } = setUp();
    model.failures.push('wait');
    conversation.begin();
    await pass(700);
    conversation.close();
    model.proceed();
    await settle();
    expect(watcher.openings).toMatchObject([{ attempts: 1, sessionId: undefined, failure: undefined }]);
    const [{ startedAtMs, endedAtMs } = { startedAtMs: 0, endedAtMs: 0 }] = watcher.openings;
    expect(endedAtMs - startedAtMs).toBe(700);
  });

  it('one after a loss, from the loss on, with what it was told', async () => {
    const { watcher, session, model, pass, clock, at } = await watched();
    session().callerTurn('turn', 'Hello?');
    clock.advance(100);
    model.failures.push(RETRYABLE);
    session().loses();
    await pass(300);
    expect(watcher.openings.slice(1)).toMatchObject([
      { cause: 'lost', startedAtMs: at(100), endedAtMs: at(350), attempts: 2, sessionId: 'session-2', itemsTold: 2 },
    ]);
  });

  it('one that takes another’s place, from the request until it was there', async () => {
    const { conversation, watcher, model, session, line, pass } = setUp();
    model.lastsMs = 60_000;
    conversation.begin();
    await settle();
    model.lastsMs = Infinity;
    session().answers('resp-greeting', 'greeting', 2_000, GREETING);
    session().finishes('resp-greeting', 'greeting');
    line.hears(2_000);
    model.failures.push('wait');
    await pass(60_100);
    const first = session();
    model.proceed();
    first.tells.speechStarted('turn');
    await pass(5_000);
    expect(watcher.openings).toHaveLength(1);
    first.tells.speechStopped('turn');
    first.tells.turnCommitted('turn');
    first.tells.callerTranscript('turn', 'Hello?', undefined);
    first.answers('resp', 'answer', 100);
    first.finishes('resp', 'answer');
    line.hears(100);
    const beganMs = watcher.openings[0]?.startedAtMs ?? 0;
    expect(watcher.openings[1]).toMatchObject({
      ...{ cause: 'renewal', startedAtMs: beganMs + 60_000, endedAtMs: beganMs + 60_100 },
      ...{ sessionId: 'session-2', attempts: 1 },
    });
    expect(watcher.turns).toMatchObject([{ outcome: 'heard' }, { outcome: 'heard', sessionId: 'session-1' }]);
  });

  it('one in the process to which a conversation has moved, and one after a transfer that came to nothing', async () => {
    const store = new ScriptedStore();
    const before = await greeted({ store });
    await before.pass(50);
    const after = await restored(before, store);
    expect(after.watcher.openings).toMatchObject([{ cause: 'moved', sessionId: 'session-1', itemsTold: 1 }]);
    after.session().answers('resp', 'moment', 100);
    after.session().calls('resp', 'call', 'transfer', '{"to":"sales"}');
    after.session().finishes('resp', 'moment');
    after.line.hears(100);
    expect(after.watcher.turns).toMatchObject([{ number: 1, outcome: 'heard', tools: [{ name: 'transfer' }] }]);
    after.conversation.backFromTransfer('busy');
    await settle();
    expect(after.watcher.openings[1]).toMatchObject({ cause: 'returned', sessionId: 'session-2' });
  });
});
