import { jest } from '@jest/globals';
import pino from 'pino';
import { type ResponseOutcome } from '../model.port.js';
import { type TurnTimeline } from '../observer.port.js';
import { Transcript } from '../record/transcript.js';
import { TurnLog } from '../record/turn-log.js';
import { wrongTimes } from '../../../test/support/timeline-checks.js';
import { Timekeeper } from './timekeeper.js';
import { Watched } from './watched.js';

/** A timekeeper whose clock is ours. Times are as short as they can be told apart. */
function setUp() {
  let nowMs = 1_000;
  const now = (): number => nowMs;
  const turns: TurnTimeline[] = [];
  const observer = new Watched(
    { turnOver: (turn) => void turns.push(turn), sessionOpened: () => undefined, modelRefused: () => undefined },
    pino({ enabled: false }),
  );
  const log = new TurnLog(now, now);
  const transcript = new Transcript(now);
  const timekeeper = new Timekeeper({ now, log, transcript, sessionId: () => 'session', observer });
  const after = (ms: number): Timekeeper => {
    nowMs += ms;
    return timekeeper;
  };
  /** The caller says something that is to be answered. */
  const said = (itemId: string): void => {
    timekeeper.speechStarted(itemId, 0, false);
    after(10).speechStopped(itemId, true);
    timekeeper.turnTaken(itemId);
  };
  const done = (responseId: string, status: ResponseOutcome['status'] = 'completed'): void =>
    timekeeper.done({ responseId, status, reason: undefined, failure: undefined, usage: undefined, costUsd: 0 }, false);
  /** The model answers, and the line begins to play it. */
  const answers = (responseId: string, itemId: string): void => {
    after(10).created(responseId, true);
    after(10).speaks(responseId, itemId).audioMs += 100;
    after(10).itemStarted(itemId);
  };
  return { timekeeper, after, said, done, answers, turns, log, observer, now };
}

describe('a timekeeper', () => {
  it('tells of a turn once it is settled, and not before', () => {
    const { timekeeper, after, said, done, answers, turns } = setUp();
    said('turn');
    answers('resp', 'item');
    done('resp');
    after(100).itemHeard('item', 95);
    expect(turns).toEqual([]);
    timekeeper.settled();
    timekeeper.settled();
    expect(turns).toMatchObject([
      {
        ...{ number: 1, cause: 'caller', startedAtMs: 1_000, endedAtMs: 1_140, sessionId: 'session', outcome: 'heard' },
        callerSpeech: { startedAtMs: 1_000, endedAtMs: 1_010 },
        responses: [{ createdAtMs: 1_020, firstAudioAtMs: 1_030, doneAtMs: 1_040, audioMs: 100, dropped: false }],
        playout: { firstSentAtMs: 1_040, firstHeardAtMs: 1_045, endedAtMs: 1_140 },
      },
    ]);
  });

  it('knows a response by the turn that asked for it, though another one has begun', () => {
    const { timekeeper, after, said, done, turns } = setUp();
    timekeeper.wanted();
    timekeeper.asked();
    said('turn');
    expect(turns).toEqual([]);
    after(10).created('resp-1', false);
    after(10).created('resp-2', true);
    done('resp-1', 'cancelled');
    expect(turns).toMatchObject([
      { number: 1, cause: 'note', responses: [{ responseId: 'resp-1', askedAtMs: 1_000, dropped: true }] },
    ]);
    done('resp-2');
    timekeeper.settled();
    expect(turns[1]).toMatchObject({ cause: 'caller', responses: [{ responseId: 'resp-2', askedAtMs: undefined }] });
    expect(wrongTimes(turns)).toEqual([]);
  });

  it('waits no longer for a response whose request was refused', () => {
    const { timekeeper, turns } = setUp();
    timekeeper.wanted();
    timekeeper.asked();
    timekeeper.cut([], 'us');
    expect(turns).toEqual([]);
    timekeeper.refused();
    expect(turns).toMatchObject([{ outcome: 'interrupted', responses: [], playout: undefined, cut: undefined }]);
  });

  it('tells what of the item was heard at which the assistant was cut off, and not of those before and after', () => {
    const { timekeeper, after, said, done, answers, turns } = setUp();
    said('turn');
    answers('resp', 'one');
    timekeeper.speaks('resp', 'two');
    timekeeper.speaks('resp', 'three');
    timekeeper.itemHeard('one', 100);
    after(50).itemStarted('two');
    const [two, three] = ['two', 'three'].map((itemId) => ({ itemId, heardMs: 0, receivedMs: 200, complete: false }));
    if (!two || !three) throw new Error('no items');
    after(50).cut([{ ...two, heardMs: 40 }, three], 'us');
    done('resp', 'cancelled');
    expect(turns).toMatchObject([
      { cut: { heardMs: 40, ofMs: 200 }, playout: { firstHeardAtMs: 1_040, endedAtMs: 1_140 }, bargeInMs: undefined },
    ]);
  });

  it('knows what was cut off, though its session is lost before the model has said so', () => {
    const { after, said, answers, turns } = setUp();
    said('turn');
    answers('resp', 'item');
    after(10).cut([{ itemId: 'item', heardMs: 10, receivedMs: 100, complete: false }], 'us');
    after(10).sessionLost();
    expect(turns).toMatchObject([{ outcome: 'interrupted', responses: [{ dropped: true, outcome: undefined }] }]);
  });

  it('ends what is still playing with the call, whatever became of it before', () => {
    const { timekeeper, after, said, answers, turns, now } = setUp();
    said('turn-1');
    answers('resp', 'item');
    timekeeper.sessionLost();
    after(50).over();
    expect(turns).toMatchObject([{ outcome: 'lost', playout: { endedAtMs: now() }, endedAtMs: now() }]);
  });

  it('takes a turn that was playing when the next one began for heard only if it was', () => {
    const { timekeeper, done, said, answers, turns } = setUp();
    timekeeper.wanted('greeting');
    answers('resp', 'greeting');
    done('resp');
    said('turn');
    expect(turns).toEqual([]);
    timekeeper.over();
    expect(turns).toMatchObject([
      { number: 0, outcome: 'over' },
      { number: 1, outcome: 'over' },
    ]);
  });

  it('has one response where the model tells twice that it has begun', () => {
    const { timekeeper, said, done, turns } = setUp();
    said('turn');
    timekeeper.created('resp', true);
    timekeeper.created('resp', true);
    done('resp');
    timekeeper.settled();
    expect(turns[0]?.responses).toHaveLength(1);
  });

  it('takes the caller’s words for the cause, where something of ours has yet to be said', () => {
    const { timekeeper, said, turns } = setUp();
    timekeeper.wanted();
    said('turn');
    timekeeper.over();
    expect(turns).toMatchObject([{ number: 1, cause: 'caller', startedAtMs: 1_000 }]);
  });

  it('ends speech of which it was not told that it ended with its turn', () => {
    const { timekeeper, after, said, answers, done, turns } = setUp();
    timekeeper.speechStarted('turn', 0, false);
    timekeeper.turnTaken('turn');
    answers('resp', 'item');
    done('resp');
    after(100).itemHeard('item', 100);
    said('next');
    expect(turns).toMatchObject([{ callerSpeech: { startedAtMs: 1_000, endedAtMs: 1_140 } }]);
  });

  it('knows since when the caller speaks, though another session hears them to their end', () => {
    const { timekeeper, after, turns } = setUp();
    timekeeper.speechStarted('noise', 0, false);
    timekeeper.speechCameToNothing();
    after(50).speechStarted('one', 0, false);
    after(50).sessionLost();
    after(50).speechStarted('two', 0, true);
    after(50).speechStopped('two', true);
    timekeeper.turnTaken('two');
    timekeeper.over();
    expect(turns).toMatchObject([{ callerSpeech: { startedAtMs: 1_050, endedAtMs: 1_200 } }]);
  });

  it('adds up no audio of a response that it does not know', () => {
    const { timekeeper, turns } = setUp();
    timekeeper.speaks('resp', 'item').audioMs += 100;
    timekeeper.itemStarted('item');
    timekeeper.itemHeard('item', 100);
    timekeeper.over();
    expect(turns).toEqual([]);
  });

  it('takes an answer without words of the caller for one to what they said before', () => {
    const { timekeeper, log, turns } = setUp();
    log.callerEnded();
    timekeeper.asked();
    timekeeper.refused();
    timekeeper.settled();
    expect(turns).toMatchObject([{ cause: 'caller', outcome: 'skipped', callerSpeech: undefined }]);
    timekeeper.asked();
    timekeeper.over();
    expect(turns[1]).toMatchObject({ number: 2, cause: 'note', outcome: 'over' });
  });

  it('goes on with the numbers of another process, and with no other as long as it stands still', () => {
    const { timekeeper, said, turns } = setUp();
    timekeeper.restore(7);
    said('turn');
    expect(timekeeper.nextNumber).toBe(8);
    timekeeper.standStill();
    expect(turns).toMatchObject([{ number: 7, outcome: 'over' }]);
    timekeeper.wanted();
    timekeeper.over();
    expect(timekeeper.nextNumber).toBe(8);
    expect(turns).toHaveLength(1);
  });

  it('numbers the greeting 0, and nothing else, whatever comes first', () => {
    const [greeting, other] = [setUp(), setUp()];
    greeting.timekeeper.wanted('greeting');
    greeting.timekeeper.over();
    expect(greeting.turns).toMatchObject([{ number: 0, cause: 'greeting' }]);
    other.timekeeper.wanted('keys');
    other.timekeeper.wanted('greeting');
    other.timekeeper.over();
    expect(other.turns).toMatchObject([{ number: 1, cause: 'keys' }]);
  });

  it('tells the log when the caller’s words ended and were answered', () => {
    const { timekeeper, after, said, answers, log } = setUp();
    said('turn');
    expect(log.callerEndedAtMs).toBe(1_010);
    after(10).created('resp', true);
    after(10).speaks('resp', 'item');
    expect(after(10).itemStarted('item')).toEqual({ turn: 1, answeredAfterMs: 30 });
    expect(timekeeper.itemStarted('item')).toBeUndefined();
    expect(log.count).toBe(1);
    answers('resp-2', 'item-2');
    expect(log.count).toBe(1);
  });

  it('tells nobody any more who is not to be told', () => {
    const { timekeeper, said, turns, observer } = setUp();
    said('turn');
    observer.stop();
    timekeeper.over();
    expect(turns).toEqual([]);
  });
});

describe('whoever watches', () => {
  it('ends nothing by throwing, and their mistake is in the log', () => {
    const log = pino({ enabled: false });
    const error = jest.spyOn(log, 'error');
    const mistake = new Error('no');
    const watched = new Watched(
      {
        turnOver: () => {
          throw mistake;
        },
        sessionOpened: () => undefined,
        modelRefused: () => undefined,
      },
      log,
    );
    watched.turnOver({} as TurnTimeline);
    expect(error).toHaveBeenCalledWith({ err: mistake }, expect.any(String));
  });
});
