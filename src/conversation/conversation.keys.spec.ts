import { GREETING, greeted, setUp, settle } from '../../test/support/scripted-conversation.js';

describe('keys', () => {
  it('that the media stream brings are told as one entry, and answered', async () => {
    const { line, session, pass } = await greeted();
    line.presses('1122');
    await pass(1_900);
    expect(session().log).toEqual([]);
    await pass(100);
    expect(session().log).toEqual([
      'remember caller: The caller pressed these keys on the telephone keypad: 1 1 2 2',
      'create',
    ]);
  });

  it('that only the webhook brings are told, too', async () => {
    const { conversation, session, pass } = await greeted();
    conversation.keyFromWebhook('2', 2_000);
    conversation.keyFromWebhook('1', 1_000);
    await pass(4_000);
    expect(session().log).toEqual([expect.stringMatching(/keypad: 1 2$/), 'create']);
  });

  it('that come both ways are told once', async () => {
    const { conversation, line, session, pass } = await greeted();
    conversation.keyFromWebhook('1', undefined);
    line.presses('1');
    conversation.keyFromWebhook('1', undefined);
    line.presses('#');
    await pass(4_000);
    expect(session().log).toEqual([expect.stringMatching(/: 1 \(ended by #\)$/), 'create']);
  });

  it('are not wanted where they are switched off', async () => {
    const { conversation, line, session, pass } = await greeted({ keys: { enabled: false } });
    line.presses('1#');
    conversation.keyFromWebhook('1', undefined);
    await pass(4_000);
    expect(session().log).toEqual([]);
  });

  it('cut the assistant off: whoever presses one has heard enough', async () => {
    const { line, session, counters } = await greeted();
    session().answers('resp', 'answer', 3_000);
    line.hears(700);
    line.presses('1');
    expect(session().log).toEqual(['cancel resp', 'truncate answer 700']);
    expect(counters.interruptions).toBe(1);
    line.presses('2#');
    expect(counters.interruptions).toBe(1);
    // The answer to them waits for the end of the one that was cut off.
    expect(session().count('create')).toBe(0);
    session().done('resp', 'cancelled');
    expect(session().count('create')).toBe(1);
  });

  it('cut the greeting off, where it may be interrupted', async () => {
    const { conversation, line, session } = setUp();
    conversation.begin();
    await settle();
    session().answers('resp-greeting', 'greeting', 2_000, GREETING);
    line.hears(500);
    line.presses('1#');
    session().done('resp-greeting', 'cancelled');
    expect(line.flushes).toBe(1);
    expect(session().count('create')).toBe(2);
  });

  it('pressed during a protected greeting are answered after it', async () => {
    const { conversation, line, session } = setUp({ greetingProtected: true });
    conversation.begin();
    await settle();
    session().answers('resp-greeting', 'greeting', 2_000, GREETING);
    line.presses('1#');
    expect(line.flushes).toBe(0);
    expect(session().count('create')).toBe(1);
    session().finishes('resp-greeting', 'greeting');
    expect(session().count('create')).toBe(2);
  });

  it('pressed while there is no session are told to the next one, which answers', async () => {
    const { line, session, model } = await greeted();
    model.failures.push('wait');
    session().loses();
    line.presses('7#');
    model.proceed();
    await settle();
    expect(session().log.filter((entry) => entry.includes('keypad'))).toHaveLength(1);
    expect(session().count('create')).toBe(1);
  });

  it.each([undefined, GREETING])('pressed before the first session are told to it (greeting: %s)', async (greeting) => {
    const { conversation, line, session, model } = setUp({ greeting });
    model.failures.push('wait');
    conversation.begin();
    line.presses('7#');
    await settle();
    model.proceed();
    await settle();
    expect(session().log[0]).toMatch(/keypad: 7$/);
    expect(session().log.at(-1)).toBe('create');
    expect(session().count('create')).toBe(1);
  });

  it('that were being entered at the end of the call are in its report, and nobody is asked for an answer', async () => {
    const { conversation, line, session } = await greeted();
    line.presses('42');
    const last = session();
    const { transcript } = await conversation.finish();
    expect(transcript.at(-1)).toMatchObject({ kind: 'keys', keys: '42' });
    expect(last.log).toEqual([]);
  });
});
