import { FATAL, greeted, settle } from '../../test/support/scripted-conversation.js';

type Greeted = Awaited<ReturnType<typeof greeted>>;

function transfers({ session }: Greeted, to = 'sales'): void {
  session().answers('resp', 'word', 1_000, 'One moment, please.');
  session().calls('resp', 'call-1', 'transfer', JSON.stringify({ to }));
  session().finishes('resp', 'word');
}

describe('transfer', () => {
  it('happens when the caller has heard of it; from then on nothing of ours is in the call', async () => {
    const all = await greeted({ limits: { maxCallDurationMs: 60_000, idlePromptMs: 5_000, idleHangUpMs: 5_000 } });
    const { session, line, call, ends, pass, model } = all;
    const first = session();
    transfers(all);
    expect(call.transfers).toEqual([]);
    line.hears(1_000);
    expect(call.transfers).toEqual(['sales at +15550100001']);
    expect(first.closed).toBe(true);
    line.presses('12#');
    line.says(50);
    await pass(200_000);
    expect(ends).toEqual([]);
    expect(model.sessions).toHaveLength(1);
  });

  it('without a word to the caller: the assistant is asked for one first', async () => {
    const { session, call, line } = await greeted();
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'transfer', '{"to":" Sales "}');
    session().done('resp');
    expect(session().log).toEqual([expect.stringMatching(/^output call-1: .*putting them through/), 'create']);
    session().answers('resp-2', 'word', 500);
    session().finishes('resp-2', 'word');
    line.hears(500);
    expect(call.transfers).toEqual(['sales at +15550100001']);
  });

  it.each(['{"to":"the moon"}', '{"to":7}', 'nothing'])(
    'to nobody of that name (%s): the model is told',
    async (to) => {
      const { session, call } = await greeted();
      session().tells.responseCreated('resp');
      session().calls('resp', 'call-1', 'transfer', to);
      session().done('resp');
      expect(session().log).toEqual([expect.stringMatching(/^output call-1: .*You can transfer to: sales/), 'create']);
      expect(call.transfers).toEqual([]);
    },
  );

  it('with the session lost before it: the caller is told without the assistant', async () => {
    const { session, call } = await greeted();
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'transfer', '{"to":"sales"}');
    session().loses(FATAL);
    await settle();
    expect(call.transfers).toEqual(['sales at +15550100001 with: Putting you through.']);
    expect(call.ends).toEqual([]);
  });

  it('that nobody answers: the conversation goes on, and knows it', async () => {
    const all = await greeted({ waitSignal: { kind: 'speech', afterMs: 2_000 } });
    const { session, line, call, conversation, model, pass } = all;
    transfers(all);
    line.hears(1_000);
    await pass(20_000);
    expect(call.said).toEqual([]);
    model.failures.push('wait');
    conversation.backFromTransfer('no-answer');
    line.says(5);
    await pass(2_500);
    // The caller is with us again, and hears nothing.
    expect(call.said).toEqual(['One moment.']);
    model.proceed();
    await settle();
    expect(session().log).toEqual([
      expect.stringMatching(/^remember assistant: Hello/),
      'remember assistant: One moment, please.',
      'remember tool: transfer({"to":"sales"}) = {"status":"failed","reason":"no-answer"}',
      expect.stringMatching(/^remember system: The transfer to sales did not work \(no-answer\)/),
      'create',
      'audio',
    ]);
    session().answers('resp-2', 'sorry', 500);
    expect(line.played).toContain('sorry');
  });

  it('that nobody answers does not give the call more time than it has', async () => {
    const all = await greeted({ limits: { maxCallDurationMs: 60_000 } });
    transfers(all);
    all.line.hears(1_000);
    await all.pass(50_000);
    all.conversation.backFromTransfer('busy');
    await all.pass(9_000);
    all.session().answers('resp-2', 'sorry', 500);
    all.session().finishes('resp-2', 'sorry');
    all.line.hears(500);
    expect(all.ends).toEqual([]);
    await all.pass(20_000);
    expect(all.ends).toEqual(['max-duration with: Time is up.']);
  });

  it('that fails at once, while a session was still being opened: only one is used', async () => {
    const { session, call, conversation, model, line } = await greeted();
    session().tells.responseCreated('resp');
    session().calls('resp', 'call-1', 'transfer', '{"to":"sales"}');
    session().speaks('resp', 'word', 500);
    session().finishes('resp', 'word');
    model.failures.push('wait');
    session().loses();
    await settle();
    line.hears(500);
    expect(call.transfers).toHaveLength(1);
    conversation.backFromTransfer('refused');
    model.proceed();
    await settle();
    expect(model.sessions.filter(({ closed, listener }) => !closed && !listener)).toEqual([]);
    expect(session().count('create')).toBe(1);
  });

  it('that succeeds leaves a report of what was said before it', async () => {
    const all = await greeted();
    transfers(all);
    all.line.hears(1_000);
    const { transcript } = await all.conversation.finish();
    expect(transcript).toMatchObject([
      { kind: 'assistant', cut: false },
      { kind: 'assistant', text: 'One moment, please.', cut: false },
      { kind: 'tool', name: 'transfer', output: '{"status":"put through"}' },
    ]);
  });
});
