import { FATAL, greeted, type ScriptedSession, settle } from '../../test/support/scripted-conversation.js';

describe('an answer', () => {
  it('that the content filter stops is explained to the model, which says that it cannot help', async () => {
    const { session, line, pass } = await greeted();
    session().answers('resp', 'answer', 500);
    session().done('resp', 'incomplete', undefined, undefined, 'content_filter');
    line.hears(500);
    await pass(500);
    expect(session().log).toEqual([expect.stringMatching(/^remember system: .*stopped by a filter/), 'create']);
  });

  it('with nothing in it is asked for once more, and not again', async () => {
    const { session, pass, ends } = await greeted();
    session().callerTurn('turn', 'Hello?');
    session().tells.responseCreated('resp-1');
    session().done('resp-1');
    expect(session().count('create')).toBe(1);
    session().tells.responseCreated('resp-2');
    session().done('resp-2');
    await pass(5_000);
    expect(session().count('create')).toBe(1);
    expect(ends).toEqual([]);
  });

  it('that ends before a word was said is asked for again', async () => {
    const { session, pass } = await greeted();
    session().tells.responseCreated('resp');
    session().done('resp', 'incomplete', undefined, undefined, 'max_output_tokens');
    await pass(500);
    expect(session().count('create')).toBe(1);
  });

  it('that ends in the middle of a word is one', async () => {
    const { session, pass } = await greeted();
    session().answers('resp', 'answer', 500);
    session().done('resp', 'incomplete', undefined, undefined, 'max_output_tokens');
    await pass(5_000);
    expect(session().count('create')).toBe(0);
  });

  it('that the model gives by itself, while ours is on its way, is the answer: ours is not asked for again', async () => {
    const { session, line, pass } = await greeted();
    line.presses('1#');
    session().callerTurn('turn', 'One.');
    session().answers('own', 'answer', 500);
    session().tells.refused('conversation_already_has_active_response', 'session-1-request-2');
    session().finishes('own', 'answer');
    line.hears(500);
    await pass(5_000);
    expect(line.played).toContain('answer');
    expect(session().log.slice(1)).toEqual(['create']);
  });

  it('that waits behind one of which the model never tells is asked for in another session', async () => {
    const { line, session, model, pass } = await greeted();
    line.presses('1#');
    session().tells.refused('conversation_already_has_active_response', 'session-1-request-2');
    await pass(9_000);
    expect(model.sessions).toHaveLength(2);
    expect(session().count('create')).toBe(1);
  });

  it('cut off by speech that was no turn is owed again', async () => {
    const { session, pass } = await greeted();
    session().answers('resp', 'answer', 3_000);
    session().tells.speechStarted('hm');
    session().done('resp', 'cancelled');
    session().tells.speechStopped('hm');
    await pass(2_000);
    expect(session().count('create')).toBe(1);
  });
});

describe('a mistake of ours', () => {
  it.each<[string, (all: Awaited<ReturnType<typeof greeted>>) => unknown]>([
    ['while the model tells something', ({ session }) => session().tells.responseCreated('resp')],
    ['while the line tells something', ({ line }) => line.presses('1#')],
    ['when time is up for something', ({ pass }) => pass(20_000)],
  ])('%s ends this call, and says so', async (_case, happen) => {
    const all = await greeted({ limits: { idlePromptMs: 10_000 } });
    const { session, counters, ends } = all;
    session().remember = session().createResponse = () => {
      throw new Error('a mistake');
    };
    Object.defineProperty(counters, 'responses', {
      get: () => {
        throw new Error('a mistake');
      },
    });
    await happen(all);
    expect(ends).toEqual(['internal-error with: Sorry.']);
  });

  it('while a session is being opened, too', async () => {
    const { session, model, ends, pass } = await greeted();
    model.failures.push('wait');
    session().loses();
    await settle();
    model.proceed();
    Object.defineProperty(model.sessions, 'push', { value: (made: ScriptedSession) => spoil(made) });
    await pass(5_000);
    expect(ends).toEqual(['internal-error with: Sorry.']);
  });

  it('in a call that is with somebody else leaves them alone', async () => {
    const { session, line, call, conversation, ends } = await greeted();
    session().answers('resp', 'word', 500);
    session().calls('resp', 'call-1', 'transfer', '{"to":"sales"}');
    session().finishes('resp', 'word');
    line.hears(500);
    expect(call.transfers).toHaveLength(1);
    conversation.itemHeard = () => {
      throw new Error('a mistake');
    };
    expect(() => line.listener?.itemHeard('word', 500)).not.toThrow();
    expect(ends).toEqual([]);
  });

  it('in a session that is lost for good has no second reason to end the call', async () => {
    const { session, ends } = await greeted();
    session().loses(FATAL);
    await settle();
    expect(ends).toHaveLength(1);
  });
});

function spoil(session: ScriptedSession): void {
  session.listen = () => {
    throw new Error('a mistake');
  };
}

describe('an answer that is told twice', () => {
  it('is charged once, and not taken for one with nothing in it', async () => {
    const { session, conversation, line } = await greeted();
    session().callerTurn('turn', 'Hello?');
    session().answers('resp', 'answer', 500);
    session().finishes('resp', 'answer', 0.25);
    session().done('resp', 'completed', undefined, 0.25);
    line.hears(500);
    expect(session().count('create')).toBe(0);
    expect(conversation.summary).toMatchObject({ costUsd: 0.25 });
  });
});

describe('an answer that is late', () => {
  it('is bridged by a sentence, once', async () => {
    const { session, call, pass, line } = await greeted({ waitSignal: { kind: 'speech', afterMs: 2_000 } });
    session().callerTurn('turn', 'Hello?');
    await pass(4_000);
    expect(call.said).toEqual([]);
    await pass(1_000);
    expect(call.said).toEqual(['One moment.']);
    session().answers('resp', 'answer', 500);
    session().finishes('resp', 'answer');
    line.hears(500);
    await pass(30_000);
    expect(call.said).toEqual(['One moment.']);
  });

  it('is bridged when it breaks off in the middle, too', async () => {
    const { session, call, pass, line } = await greeted({ waitSignal: { kind: 'speech', afterMs: 2_000 } });
    session().callerTurn('turn', 'Hello?');
    session().answers('resp', 'answer', 500);
    line.hears(500);
    session().tells.audioDone('resp', 'answer');
    await pass(5_000);
    expect(call.said).toEqual(['One moment.']);
  });

  it('is not bridged while the caller speaks, nor while the assistant is heard', async () => {
    const { session, call, pass } = await greeted({ waitSignal: { kind: 'speech', afterMs: 2_000 } });
    session().answers('resp', 'answer', 60_000);
    await pass(10_000);
    session().tells.speechStarted('turn');
    await pass(10_000);
    expect(call.said).toEqual([]);
  });
});
