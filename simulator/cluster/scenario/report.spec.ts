import { type CallOutcome, countByAction, reportOf, waitsAround } from './report.js';

const FACTS = { scenario: 'kill', pods: 3, seed: 1, commands: { answer: 2 }, generatorLateMs: 3 } as const;

const outcome = (more: Partial<CallOutcome> = {}): CallOutcome => ({
  ...{ number: 1, kept: true, moves: 1, gapMs: 800, usualWaitsMs: [500], resumedMs: 900 },
  ...{ streamGapsMs: [200], turns: 3, unanswered: 0, lost: { answers: 0, turns: 0 } },
  ...more,
});

describe('the report of a cluster', () => {
  it('is good when every call was kept with its words', () => {
    const report = reportOf(FACTS, [outcome(), outcome({ number: 2, gapMs: 1200.4, moves: 2 })]);
    expect(report).toMatchObject({ ok: true, callsKept: 2, callsLost: 0, problems: [] });
    expect(report.gapMs).toEqual({ count: 2, p50: 800, p95: 1200, max: 1200 });
    expect(report.moves).toEqual({ count: 2, p50: 1, p95: 2, max: 2 });
    expect(report.usualWaitMs?.count).toBe(2);
  });

  it.each([
    ['a lost call', outcome({ number: 7, kept: false }), {}, 'lost: call 7'],
    ['an answer nobody was told of', outcome({ lost: { answers: 1, turns: 0 } }), {}, 'words lost: call 1'],
    ['a turn nobody was told of', outcome({ lost: { answers: 0, turns: 2 } }), {}, 'words lost: call 1'],
    ['a turn without an answer', outcome({ unanswered: 1 }), {}, 'a turn without an answer: call 1'],
    ['a hang-up by the gateway', outcome(), { hangup: 1 }, 'the gateway hung up 1 times'],
  ])('is bad for %s', (_, call, commands, problem) => {
    const report = reportOf({ ...FACTS, commands }, [call]);
    expect(report).toMatchObject({ ok: false, problems: [problem] });
  });

  it('is bad for no call at all, and for what the scenario found', () => {
    expect(reportOf(FACTS, [], ['pod 1 left with exit code 1'])).toMatchObject({
      ok: false,
      problems: ['pod 1 left with exit code 1', 'no call was placed'],
      gapMs: undefined,
    });
  });
});

describe('waits for an answer', () => {
  it('are told apart by the moment at which the answer came, and those in vain are no waits', () => {
    const turns = [
      { askedAtMs: 100, answeredAtMs: 600 },
      { askedAtMs: 900, answeredAtMs: 1700 },
      { askedAtMs: 2000, answeredAtMs: undefined },
    ];
    expect(waitsAround(turns, 1000)).toEqual({ usualMs: [500], laterMs: [800] });
  });
});

describe('commands', () => {
  it('are counted by name', () => {
    const requests = ['answer', 'answer', 'streaming_start'].map((action) => ({ action }));
    expect(countByAction(requests)).toEqual({ answer: 2, streaming_start: 1 });
  });
});
