import { FATAL, greeted, RETRYABLE, ScriptedTool, settle } from '../../test/support/scripted-conversation.js';

type Greeted = Awaited<ReturnType<typeof greeted>>;

const FAREWELL = expect.stringMatching(/^remember system: This call has to end now\..*"Time is up\."$/) as string;

/** A call of a minute, at its end: the assistant is asked for its last words. */
async function atItsEnd(given: { interruptMinSpeechMs?: number } = {}): Promise<Greeted> {
  const all = await greeted({ ...given, limits: { maxCallDurationMs: 60_000 } });
  await all.pass(60_000);
  return all;
}

describe('the longest call', () => {
  it('ends with a sentence that the assistant says, when the caller has heard it', async () => {
    const { session, line, ends } = await atItsEnd();
    expect(session().log).toEqual([FAREWELL, 'create without tools']);
    session().answers('resp', 'bye', 1_000);
    session().finishes('resp', 'bye');
    line.hears(999);
    expect(ends).toEqual([]);
    line.hears(1);
    expect(ends).toEqual(['max-duration']);
  });

  it('is announced, where that is wanted', async () => {
    const { session, pass } = await greeted({
      limits: { maxCallDurationMs: 60_000, maxCallDurationNoticeMs: 20_000 },
    });
    await pass(40_000);
    expect(session().log).toEqual([
      expect.stringMatching(/^remember system: This call can only last 20 seconds/),
      'create',
    ]);
  });

  it('cuts off what is being said, and says its sentence after that', async () => {
    const { session, line, pass } = await greeted({ limits: { maxCallDurationMs: 60_000 } });
    await pass(59_000);
    session().answers('resp', 'answer', 30_000);
    line.hears(1_000);
    await pass(1_000);
    expect(session().log).toEqual(['cancel resp', 'truncate answer 1000', FAREWELL]);
    session().done('resp', 'cancelled');
    expect(session().log.at(-1)).toBe('create without tools');
  });

  it.each([
    ['fails', (all: Greeted) => all.session().done('resp', 'failed', RETRYABLE)],
    ['fails for good', (all: Greeted) => all.session().done('resp', 'failed', FATAL)],
    ['is empty', (all: Greeted) => all.session().done('resp', 'completed')],
    ['is stopped by the caller', (all: Greeted) => all.session().done('resp', 'cancelled')],
    ['is lost with its session', (all: Greeted) => all.session().loses()],
    ['is lost for good', (all: Greeted) => all.session().loses(FATAL)],
    ['never comes', (all: Greeted) => all.pass(15_000)],
  ])('whose sentence %s ends with the sentence said without the assistant', async (_case, how) => {
    const all = await atItsEnd();
    all.session().tells.responseCreated('resp');
    await Promise.resolve(how(all));
    expect(all.ends).toEqual(['max-duration with: Time is up.']);
    await all.pass(30_000);
    expect(all.ends).toHaveLength(1);
  });

  it('without a session ends with the sentence said without the assistant', async () => {
    const { session, model, ends, pass } = await greeted({ limits: { maxCallDurationMs: 60_000 } });
    await pass(59_900);
    model.failures.push('wait');
    session().loses();
    await pass(100);
    expect(ends).toEqual(['max-duration with: Time is up.']);
  });

  it('is not held up by what the caller says over its sentence', async () => {
    const { session, line, ends } = await atItsEnd({ interruptMinSpeechMs: 400 });
    session().answers('resp', 'bye', 1_000);
    session().callerTurn('but');
    session().finishes('resp', 'bye');
    expect(session().count('create')).toBe(0);
    line.hears(1_000);
    expect(ends).toEqual(['max-duration']);
  });

  it('waits for a caller who speaks, drops what the model answers to that, and says its sentence', async () => {
    const { session, line, ends, pass } = await greeted({ limits: { maxCallDurationMs: 60_000 } });
    await pass(59_900);
    session().tells.speechStarted('turn');
    await pass(100);
    expect(session().count('create without tools')).toBe(0);
    session().tells.speechStopped('turn');
    session().tells.turnCommitted('turn');
    session().answers('own', 'answer', 1_000);
    expect(session().log.at(-2)).toBe('cancel own');
    expect(line.played).not.toContain('answer');
    session().done('own', 'cancelled');
    expect(session().log.at(-1)).toBe('create without tools');
    session().answers('resp', 'bye', 500);
    session().finishes('resp', 'bye');
    line.hears(500);
    expect(ends).toEqual(['max-duration']);
  });

  it('is not told of results that come then, nor asked about them', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session, line, ends, pass } = await greeted({ tools: [lookup], limits: { maxCallDurationMs: 60_000 } });
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup');
    session().done('resp');
    await pass(60_000);
    session().answers('resp-2', 'bye', 500);
    await lookup.answers('"late"');
    session().finishes('resp-2', 'bye');
    line.hears(500);
    expect(ends).toEqual(['max-duration']);
    expect(session().count('create') + session().count('create without tools')).toBe(1);
  });
});

describe('an idle caller', () => {
  const limits = { idlePromptMs: 10_000, idleHangUpMs: 5_000 };

  it('is asked whether they are there, told goodbye, and the call is ended', async () => {
    const { session, line, ends, pass } = await greeted({ limits });
    await pass(9_900);
    expect(session().log).toEqual([]);
    await pass(100);
    expect(session().log).toEqual([expect.stringMatching(/still there/), 'create']);
    session().answers('resp', 'hello?', 500);
    session().finishes('resp', 'hello?');
    await pass(60_000);
    expect(session().count('create without tools')).toBe(0);
    line.hears(500);
    await pass(5_000);
    expect(session().log.slice(2)).toEqual([expect.stringMatching(/"I cannot hear you\."$/), 'create without tools']);
    session().answers('resp-2', 'bye', 500);
    session().finishes('resp-2', 'bye');
    line.hears(500);
    expect(ends).toEqual(['caller-idle']);
  });

  it('is not asked while a tool runs, or the assistant is about to hang up', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session, pass } = await greeted({ limits, tools: [lookup] });
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup');
    session().done('resp');
    await pass(60_000);
    expect(session().log).toEqual([]);
    await lookup.answers('"done"');
    session().answers('resp-2', 'bye', 500);
    session().calls('resp-2', 'call-2', 'hang_up');
    session().finishes('resp-2', 'bye');
    await pass(14_000);
    expect(session().log.join()).not.toContain('still there');
  });

  it.each([
    ['speaks', (all: Greeted) => all.session().tells.speechStarted('turn')],
    ['presses a key', (all: Greeted) => all.line.presses('1')],
  ])('who %s is not idle', async (_case, how) => {
    const all = await greeted({ limits });
    await all.pass(9_900);
    how(all);
    await all.pass(1_000);
    expect(all.session().log).toEqual([]);
  });

  it('is asked again in the next session, where the first one is lost over it', async () => {
    const { session, pass } = await greeted({ limits });
    await pass(10_000);
    session().loses();
    await settle();
    expect(session().log.slice(-2)).toEqual([expect.stringMatching(/still there/), 'create']);
  });
});

describe('a limit that the assistant is not asked about', () => {
  it('is a monologue: it is stopped, and the second time the call is ended', async () => {
    const { session, line, ends, pass } = await greeted({ limits: { maxMonologueMs: 30_000 } });
    session().answers('resp', 'story', 60_000);
    session().finishes('resp', 'story');
    line.hears(1_000);
    await pass(30_000);
    expect(line.idle).toBe(true);
    expect(session().log).toEqual(['truncate story 1000', expect.stringMatching(/speaking for very long/), 'create']);
    session().answers('resp-2', 'more', 60_000);
    session().finishes('resp-2', 'more');
    await pass(30_000);
    expect(ends).toEqual(['assistant-monologue with: Goodbye.']);
  });

  it('is the cost, also where it was reached in parts and a transfer lies between them', async () => {
    const all = await greeted({ limits: { maxCallCostUsd: 1 } });
    const { session, line, ends, conversation } = all;
    session().answers('resp', 'word', 500);
    session().calls('resp', 'call-1', 'transfer', '{"to":"sales"}');
    session().finishes('resp', 'word', 0.6);
    line.hears(500);
    conversation.backFromTransfer('busy');
    await settle();
    session().answers('resp-2', 'answer', 500);
    session().finishes('resp-2', 'answer', 0.3);
    expect(ends).toEqual([]);
    session().callerTurn('turn', 'Words.', {
      ...{ seconds: 2, inputTextTokens: 0, inputAudioTokens: 0, outputTextTokens: 0, costUsd: 0.2 },
    });
    expect(ends).toEqual(['cost-ceiling with: Goodbye.']);
  });
});

describe('silence', () => {
  it('that lasts too long ends the call', async () => {
    const { session, ends, pass } = await greeted({ limits: { maxSilenceMs: 20_000 } });
    await pass(20_000);
    session().tells.responseCreated('resp');
    session().done('resp', 'failed', RETRYABLE);
    expect(ends).toEqual(['silence with: I cannot hear you.']);
  });

  it('is no less silent for the tones of a wait', async () => {
    const lookup = new ScriptedTool('lookup');
    const { session, line, pass } = await greeted({
      tools: [lookup],
      limits: { maxSilenceMs: 20_000 },
      waitSignal: { kind: 'tone', afterMs: 2_000 },
    });
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'lookup');
    session().done('resp');
    for (let second = 0; second < 20; second++) {
      await pass(1_000);
      line.hears(600);
    }
    expect(line.played).toContain('wait-tone');
    expect(session().log.at(-1)).toBe('create without tools');
  });
});
