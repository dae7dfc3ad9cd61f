import {
  GREETING,
  greeted,
  RETRYABLE,
  type ScriptedSession,
  setUp,
  settle,
} from '../../test/support/scripted-conversation.js';

/** A conversation whose session is due for renewal in `ms`, and those after it never. */
async function renewedAfter(ms: number) {
  const all = setUp();
  all.model.lastsMs = ms;
  all.conversation.begin();
  await settle();
  all.model.lastsMs = Infinity;
  all.session().answers('resp-greeting', 'greeting', 2_000, GREETING);
  all.session().finishes('resp-greeting', 'greeting');
  all.line.hears(2_000);
  const old = all.session();
  old.log.length = 0;
  return { ...all, old };
}

describe('a session that comes to its end', () => {
  it('is exchanged in a pause: the new one knows the conversation, and nothing is asked of it', async () => {
    const { model, session, old, pass, conversation, ends } = await renewedAfter(60_000);
    await pass(60_000);
    expect(model.sessions).toHaveLength(2);
    expect(old.closed).toBe(true);
    expect(session().log).toEqual([
      `remember assistant: ${GREETING}`,
      expect.stringMatching(/^remember system: .*Do not greet again/),
    ]);
    expect(conversation.summary).toMatchObject({ resumes: 0 });
    expect(ends).toEqual([]);
  });

  it.each<[string, (session: ScriptedSession) => void, (session: ScriptedSession) => void]>([
    [
      'the caller speaks, or their turn is not taken yet, or not written down',
      (session) => session.tells.speechStarted('turn'),
      (session) => {
        session.tells.speechStopped('turn');
        session.tells.turnCommitted('turn');
        session.answers('resp', 'answer', 100);
        session.finishes('resp', 'answer');
      },
    ],
    ['the assistant speaks', (session) => session.answers('resp', 'answer', 100), () => undefined],
    [
      'a tool runs',
      (session) => {
        session.tells.responseCreated('resp');
        session.tells.remoteToolBegun('mcp', 'search');
        session.done('resp');
      },
      () => undefined,
    ],
  ])('is not exchanged while %s', async (_case, before, then) => {
    const { model, old, pass, line } = await renewedAfter(60_000);
    await pass(59_900);
    before(old);
    await pass(500);
    then(old);
    line.hears(50);
    await pass(1_000);
    expect(model.sessions).toHaveLength(1);
    expect(old.closed).toBe(false);
  });

  it('is exchanged when the words of the last turn are written down', async () => {
    const { model, old, pass, line } = await renewedAfter(60_000);
    await pass(59_900);
    old.callerTurn('turn');
    old.answers('resp', 'answer', 100);
    old.finishes('resp', 'answer');
    line.hears(100);
    await pass(1_000);
    expect(model.sessions).toHaveLength(1);
    old.tells.callerTranscript('turn', 'My question.', undefined);
    line.listener?.itemHeard('none', 0);
    await settle();
    expect(model.sessions).toHaveLength(2);
    expect(model.sessions[1]?.log).toContain('remember caller: My question.');
  });

  it('is kept while there is no other to be had, and exchanged later', async () => {
    const { model, old, pass } = await renewedAfter(60_000);
    model.failures.push(RETRYABLE, RETRYABLE, RETRYABLE, RETRYABLE);
    await pass(70_000);
    expect(model.sessions).toHaveLength(1);
    expect(old.closed).toBe(false);
    await pass(15_000);
    expect(model.sessions).toHaveLength(2);
  });

  it('whose successor is lost before its use gets another one', async () => {
    const { model, old, pass, line } = await renewedAfter(60_000);
    model.failures.push('wait');
    await pass(60_000);
    old.answers('resp', 'answer', 500);
    model.proceed();
    await settle();
    expect(model.sessions).toHaveLength(2);
    model.sessions[1]?.close();
    old.finishes('resp', 'answer');
    line.hears(500);
    await settle();
    expect(model.sessions).toHaveLength(3);
    expect(model.sessions[2]?.log).not.toEqual([]);
    expect(old.closed).toBe(true);
  });

  it('and is lost before the pause: the one that stands ready takes its place at once', async () => {
    const { model, old, pass } = await renewedAfter(60_000);
    model.failures.push('wait');
    await pass(60_000);
    old.answers('resp', 'answer', 500);
    model.proceed();
    await settle();
    old.loses();
    await settle();
    expect(model.sessions).toHaveLength(2);
    expect(model.sessions[1]?.count('create')).toBe(1);
  });

  it('leaves no session open when the call is over', async () => {
    const { model, old, pass, conversation } = await renewedAfter(60_000);
    model.failures.push('wait');
    await pass(60_000);
    old.answers('resp', 'answer', 500);
    model.proceed();
    await settle();
    conversation.close();
    await pass(60_000);
    expect(model.sessions.map(({ closed }) => closed)).toEqual([true, true]);
  });
});

describe('a wait for the model', () => {
  const waitSignal = { kind: 'speech', afterMs: 2_000 } as const;

  it('is filled with a sentence where one can be said beside the line, and with tones after it', async () => {
    const { session, model, line, call, pass } = await greeted({ waitSignal });
    model.failures.push('wait');
    session().loses();
    await pass(1_900);
    expect(call.said).toEqual([]);
    await pass(200);
    expect(call.said).toEqual(['One moment.']);
    expect(line.played).not.toContain('tone');
    await pass(6_500);
    expect(line.played).toContain('wait-tone-1');
  });

  it('is filled with tones where it cannot', async () => {
    const { session, model, line, call, pass } = await greeted({ waitSignal });
    call.saysBeside = false;
    model.failures.push('wait');
    session().loses();
    await pass(2_500);
    expect(line.played).toContain('wait-tone-1');
    model.proceed();
    await settle();
    const { played } = line;
    await pass(7_000);
    expect(line.played).toBe(played);
  });

  it('is not filled while the assistant can still be heard', async () => {
    const { session, model, call, pass } = await greeted({ waitSignal });
    session().answers('resp', 'answer', 10_000);
    model.failures.push('wait');
    session().loses();
    await pass(5_000);
    expect(call.said).toEqual([]);
  });

  it('for an answer that is asked for again is one, too', async () => {
    const { session, call, pass } = await greeted({ waitSignal });
    session().tells.responseCreated('resp');
    session().done('resp', 'failed', { ...RETRYABLE, retryAfterMs: 8_000 });
    await pass(2_500);
    expect(call.said).toEqual(['One moment.']);
  });
});

describe('a session that is lost in an answer, before the caller’s words were written down', () => {
  async function lost() {
    const all = await greeted();
    all.session().tells.speechStarted('turn');
    all.line.says(50);
    all.session().tells.speechStopped('turn');
    all.session().tells.turnCommitted('turn');
    all.session().answers('resp', 'answer', 2_000, 'one two three four');
    all.line.hears(500);
    all.session().loses();
    await settle();
    return all;
  }

  it('has them heard again without cutting off what the caller is hearing', async () => {
    const { session, line, conversation } = await lost();
    const { flushes } = line;
    session().callerTurn('again', 'My question.');
    expect(line.flushes).toBe(flushes);
    expect(conversation.summary).toMatchObject({ interruptions: 0 });
  });

  it('keeps their place before the answer', async () => {
    const { session, line, conversation } = await lost();
    session().callerTurn('again', 'My question.');
    line.hears(1_500);
    const { transcript } = await conversation.finish();
    expect(transcript.slice(-2)).toMatchObject([
      { kind: 'caller', text: 'My question.' },
      { kind: 'assistant', text: 'one two three four' },
    ]);
  });
});
