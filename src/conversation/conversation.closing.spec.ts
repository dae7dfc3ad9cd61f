import { greeted, settle } from '../../test/support/scripted-conversation.js';

type Greeted = Awaited<ReturnType<typeof greeted>>;

/** The assistant says goodbye, of which the caller has heard nothing yet, and hangs up. */
function saysGoodbye({ session }: Greeted): void {
  session().answers('resp', 'bye', 1_000, 'Goodbye.');
  session().calls('resp', 'call-1', 'hang_up');
  session().finishes('resp', 'bye');
}

describe('hang_up', () => {
  it('ends the call when the goodbye was heard, and not before', async () => {
    const all = await greeted();
    saysGoodbye(all);
    all.line.hears(999);
    expect(all.ends).toEqual([]);
    all.line.hears(1);
    expect(all.ends).toEqual(['assistant-hung-up']);
  });

  it('without a goodbye: the assistant is asked for one first', async () => {
    const { session, line, ends } = await greeted();
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'hang_up');
    session().done('resp');
    expect(session().log).toEqual([expect.stringMatching(/^output call-1: .*Say goodbye/), 'create']);
    expect(ends).toEqual([]);
    session().answers('resp-2', 'bye', 500);
    session().finishes('resp-2', 'bye');
    line.hears(500);
    expect(ends).toEqual(['assistant-hung-up']);
  });

  it('asked for again with the goodbye is the same wish', async () => {
    const { session, line, ends } = await greeted();
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'hang_up');
    session().done('resp');
    session().answers('resp-2', 'bye', 500);
    session().calls('resp-2', 'call-2', 'hang_up');
    session().finishes('resp-2', 'bye');
    expect(ends).toEqual([]);
    line.hears(500);
    expect(ends).toEqual(['assistant-hung-up']);
  });

  it('of a model that will not say goodbye: it is said without it', async () => {
    const { session, ends } = await greeted();
    for (const [responseId, toolCallId] of [
      ['resp-1', 'call-1'],
      ['resp-2', 'call-2'],
    ] as const) {
      session().tells.responseCreated(responseId);
      session().calls(responseId, toolCallId, 'hang_up');
      session().done(responseId);
    }
    expect(ends).toEqual(['assistant-hung-up with: Goodbye.']);
  });

  it('of a model that says nothing more at all: the same, after a while', async () => {
    const { session, ends, pass } = await greeted();
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'hang_up');
    session().done('resp', 'cancelled');
    session().tells.responseCreated('resp-2');
    session().done('resp-2', 'cancelled');
    await pass(15_000);
    expect(ends).toEqual(['assistant-hung-up with: Goodbye.']);
  });

  it('is not done when the caller cuts in, and the model knows', async () => {
    const all = await greeted();
    const { session, line, ends, pass } = all;
    saysGoodbye(all);
    line.hears(500);
    session().callerTurn('wait', 'Wait!');
    session().answers('resp-2', 'yes', 500);
    session().finishes('resp-2', 'yes');
    line.hears(500);
    await pass(100_000);
    expect(ends).toEqual([]);
    expect(session().log).toContainEqual(expect.stringMatching(/^output call-1: .*The caller spoke/));
  });

  it('is not done when the caller speaks as the goodbye ends', async () => {
    const all = await greeted({ interruptMinSpeechMs: 400 });
    const { session, line, ends } = all;
    saysGoodbye(all);
    line.hears(900);
    session().tells.speechStarted('wait');
    line.hears(100);
    expect(ends).toEqual([]);
    session().tells.speechStopped('wait');
    session().tells.turnCommitted('wait');
    expect(session().log.at(-1)).toBe('create');
    expect(ends).toEqual([]);
  });

  it('whose goodbye was announced, and which is cut in upon then: that is told as news', async () => {
    const { session, line, ends } = await greeted();
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'hang_up');
    session().done('resp');
    session().answers('resp-2', 'bye', 500);
    line.hears(100);
    session().tells.speechStarted('wait');
    expect(session().log.at(-1)).toMatch(/^remember system: .*'hang_up'.*not done/);
    expect(ends).toEqual([]);
  });

  it.each([
    ['in the middle of the goodbye: what came of it is heard', 400, 'assistant-hung-up'],
    ['before a word of it: it is said without the assistant', 0, 'assistant-hung-up with: Goodbye.'],
  ])('with the session lost %s', async (_case, audioMs, end) => {
    const { session, line, ends, model } = await greeted();
    session().tells.responseCreated('resp');
    if (audioMs > 0) session().speaks('resp', 'bye', audioMs);
    session().calls('resp', 'call-1', 'hang_up');
    session().loses();
    await settle();
    if (audioMs > 0) {
      expect(ends).toEqual([]);
      line.hears(audioMs);
    }
    expect(ends).toEqual([end]);
    // Nobody is needed to say more.
    expect(model.sessions).toHaveLength(1);
  });

  it('in an answer that the content filter stops is not done: the caller is told why', async () => {
    const { session, line, ends, pass } = await greeted();
    session().answers('resp', 'bye', 500);
    session().calls('resp', 'call-1', 'hang_up');
    session().done('resp', 'incomplete', undefined, undefined, 'content_filter');
    line.hears(500);
    await pass(500);
    expect(session().log).toEqual([
      expect.stringMatching(/^remember system: .*stopped by a filter/),
      expect.stringMatching(/^output call-1: .*not done/),
      'create',
    ]);
    await pass(5_000);
    expect(ends).toEqual([]);
  });

  it('together with a transfer: the last word counts', async () => {
    const { session, line, ends, call } = await greeted();
    session().answers('resp', 'word', 500);
    session().calls('resp', 'call-1', 'hang_up');
    session().calls('resp', 'call-2', 'transfer', '{"to":"sales"}');
    session().finishes('resp', 'word');
    line.hears(500);
    expect(ends).toEqual([]);
    expect(call.transfers).toEqual(['sales at +15550100001']);
  });

  it('that is switched off is no tool', async () => {
    const { session } = await greeted({ builtIn: ['skip_turn'] });
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'hang_up');
    expect(session().log).toEqual(['output call-1: {"error":"There is no such tool."}']);
  });
});

describe('send_keys', () => {
  it.each([
    [true, '{"status":"sent"}'],
    [false, '{"error":"The keys could not be sent."}'],
  ])('presses keys towards the caller, and tells the model (sent: %s)', async (sends, output) => {
    const { session, call } = await greeted();
    call.sendsKeys = sends;
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'send_keys', '{"keys":"12#"}');
    session().done('resp');
    await settle();
    expect(call.keysSent).toEqual(['12#']);
    expect(session().log).toEqual([`output call-1: ${output}`, 'create']);
  });

  it('presses nothing that is no key', async () => {
    const { session, call } = await greeted();
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'send_keys', '{"keys":"12;rm"}');
    session().done('resp');
    await settle();
    expect(call.keysSent).toEqual([]);
    expect(session().log).toEqual([expect.stringMatching(/^output call-1: .*Keys are/), 'create']);
  });

  it('during which the session is lost is told to the next one', async () => {
    const { session } = await greeted();
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'send_keys', '{"keys":"1"}');
    session().loses();
    await settle();
    expect(session().log.filter((entry) => entry.includes('"sent"'))).toHaveLength(1);
    expect(session().count('create')).toBe(1);
  });
});

describe('skip_turn', () => {
  it('says nothing, and asks for nothing', async () => {
    const { session, pass, line } = await greeted();
    session().callerTurn('aside', 'Not you, Tim.');
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'skip_turn');
    session().done('resp');
    await pass(30_000);
    expect(session().log).toEqual(['output call-1: {"status":"waiting"}']);
    expect(line.idle).toBe(true);
  });
});
