import { GREETING, greeted, ScriptedTool, setUp, settle, TOKENS } from '../../test/support/scripted-conversation.js';

describe('the report of a conversation', () => {
  it('has what was said and done in order, as far as it was heard, with turns, usage and cost', async () => {
    const lookup = new ScriptedTool('lookup');
    const { conversation, session, line, clock, pass } = await greeted({ tools: [lookup] });
    session().tells.speechStarted('turn-1');
    session().tells.speechStopped('turn-1');
    session().tells.turnCommitted('turn-1');
    session().tells.responseCreated('resp-1');
    session().calls('resp-1', 'call-1', 'lookup', '{"day":"Friday"}');
    session().done('resp-1', 'completed', undefined, 0.25);
    await lookup.answers('"at two"');
    session().tells.callerTranscript('turn-1', 'When am I due on Friday?', {
      ...{ seconds: 3, inputTextTokens: 0, inputAudioTokens: 30, outputTextTokens: 6, costUsd: 0.125 },
    });
    clock.advance(700);
    session().answers('resp-2', 'answer', 2_000, 'You are due at two in the afternoon');
    session().finishes('resp-2', 'answer', 0.5);
    line.hears(1_000);
    session().tells.speechStarted('turn-2');
    session().tells.speechStopped('turn-2');
    session().tells.turnCommitted('turn-2');
    session().tells.callerTranscriptFailed('turn-2');
    line.presses('9#');
    session().answers('resp-3', 'last', 1_000, 'As you wish');
    await pass(1);
    const report = await conversation.finish();
    expect(report.transcript).toMatchObject([
      { kind: 'assistant', text: GREETING, cut: false, heardShare: 1 },
      { kind: 'caller', text: 'When am I due on Friday?' },
      { kind: 'tool', name: 'lookup', argumentsText: '{"day":"Friday"}', output: '"at two"' },
      { kind: 'assistant', text: 'You are due at …', cut: true, heardShare: 0.5 },
      { kind: 'caller', text: undefined },
      { kind: 'keys', keys: '9' },
      // The call was over before a word of it was heard.
    ]);
    expect(report.transcript).toHaveLength(7 - 1);
    expect(report.turns).toMatchObject([
      { turn: 1, answeredAfterMs: 700, interrupted: true, costUsd: 0.5, usage: TOKENS },
      { turn: 2, interrupted: false },
    ]);
    expect(report).toMatchObject({ interruptions: 1, resumes: 0, transcriptionSeconds: 3, costUsd: 0.875 });
    expect(report.usage.outputAudioTokens).toBe(2 * TOKENS.outputAudioTokens);
    const times = report.transcript.map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('has no cost where any price is unknown', async () => {
    const { conversation, session } = await greeted();
    session().answers('resp', 'answer', 100);
    session().tells.responseDone({
      ...{ responseId: 'resp', status: 'completed', reason: undefined, failure: undefined },
      ...{ usage: TOKENS, costUsd: undefined },
    });
    expect((await conversation.finish()).costUsd).toBeUndefined();
  });

  it('marks the answer that the end of the call cut off', async () => {
    const { conversation, session, line } = await greeted();
    session().answers('resp', 'answer', 1_000, 'one two three four');
    session().tells.audioDone('resp', 'answer');
    line.hears(500);
    const { transcript } = await conversation.finish();
    expect(transcript.at(-1)).toMatchObject({ text: 'one two …', cut: true, heardShare: 0.5 });
  });

  it('waits for the caller’s last words, as long as it may', async () => {
    const { conversation, session, clock } = await greeted({ lastWordsWaitMs: 3_000 });
    session().tells.speechStarted('turn');
    const last = session();
    let report: unknown;
    void conversation.finish().then((finished) => (report = finished));
    await settle();
    expect(last.log).toEqual(['finish listening to the end']);
    last.tells.speechStopped('turn');
    last.tells.turnCommitted('turn');
    await settle();
    expect(report).toBeUndefined();
    last.tells.callerTranscript('turn', 'Goodbye then.', undefined);
    await settle();
    expect(report).toMatchObject({ transcript: [{}, { kind: 'caller', text: 'Goodbye then.' }] });
    expect(last.closed).toBe(true);
    clock.advance(10_000);
  });

  it('waits for a turn that has ended and was not taken yet', async () => {
    const { conversation, session } = await greeted({ lastWordsWaitMs: 3_000 });
    session().tells.speechStarted('turn');
    session().tells.speechStopped('turn');
    const last = session();
    const finished = conversation.finish();
    last.tells.turnCommitted('turn');
    last.tells.callerTranscript('turn', 'Goodbye then.', undefined);
    expect((await finished).transcript).toMatchObject([{}, { kind: 'caller', text: 'Goodbye then.' }]);
    expect(last.log).toEqual(['finish listening']);
  });

  it.each([
    ['they do not come', () => undefined],
    ['the session is lost', (tells: { lost(failure: object): void }) => tells.lost({})],
  ])('waits no longer when %s', async (_case, how) => {
    const { conversation, session, clock } = await greeted({ lastWordsWaitMs: 3_000 });
    session().callerTurn('turn');
    const last = session();
    const finished = conversation.finish();
    await settle();
    how(last.tells);
    if (!last.closed) clock.advance(3_000);
    expect((await finished).transcript.at(-1)).toMatchObject({ kind: 'caller', text: undefined });
    expect(last.closed).toBe(true);
  });

  it('waits for nothing when all is written down, nobody wants words, or there is no session', async () => {
    const written = await greeted({ lastWordsWaitMs: 3_000 });
    written.session().callerTurn('turn', 'Goodbye.');
    const last = written.session();
    expect((await written.conversation.finish()).transcript).toHaveLength(2);
    expect(last.log).toEqual([]);
    const early = setUp({ lastWordsWaitMs: 3_000 });
    early.model.failures.push('wait');
    early.conversation.begin();
    expect((await early.conversation.finish()).transcript).toEqual([]);
  });

  it('does not end the call for what its last words cost', async () => {
    const { conversation, session, ends } = await greeted({ lastWordsWaitMs: 3_000, limits: { maxCallCostUsd: 0.1 } });
    session().callerTurn('turn');
    const last = session();
    const finished = conversation.finish();
    last.tells.callerTranscript('turn', 'Goodbye.', {
      ...{ seconds: 3, inputTextTokens: 0, inputAudioTokens: 30, outputTextTokens: 6, costUsd: 5 },
    });
    expect((await finished).costUsd).toBe(5);
    expect(ends).toEqual([]);
  });

  it('does not wait for the words of a session that is gone', async () => {
    const { conversation, session, line } = await greeted({ lastWordsWaitMs: 3_000 });
    session().callerTurn('turn');
    session().answers('resp', 'answer', 100);
    session().finishes('resp', 'answer');
    line.hears(100);
    session().loses();
    await settle();
    const { transcript } = await conversation.finish();
    expect(transcript[1]).toMatchObject({ kind: 'caller', text: undefined });
  });
});
