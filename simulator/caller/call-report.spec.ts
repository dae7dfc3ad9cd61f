import { limitProblems, turnReports, type Utterance } from './call-report.js';

function said(fromMs: number, toMs: number, interrupts = false): Utterance {
  return { words: 'words', fromMs, toMs, interrupts };
}

describe('the latencies of a turn', () => {
  it('run from the end of the speech to the first sound of the assistant', () => {
    const [turn] = turnReports(
      [
        { fromMs: 0, toMs: 4000 },
        { fromMs: 7600, toMs: 9000 },
        { fromMs: 9100, toMs: 9500 },
      ],
      [said(5000, 7000)],
    );
    expect(turn).toEqual({ ...said(5000, 7000), answerMs: 600 });
  });

  it('of an interruption run from its beginning to the last sound of the old answer', () => {
    const spans = [
      { fromMs: 1000, toMs: 4000 },
      { fromMs: 4300, toMs: 5400 },
      { fromMs: 8000, toMs: 9000 },
    ];
    expect(turnReports(spans, [said(5000, 7000, true)])).toEqual([
      { ...said(5000, 7000, true), silenceAfterInterruptionMs: 400, answerMs: 1000 },
    ]);
  });

  it('bridge the pauses between sentences of an answer that was not interrupted at all', () => {
    const spans = [
      { fromMs: 1000, toMs: 5100 },
      { fromMs: 5500, toMs: 7800 },
      { fromMs: 8100, toMs: 9000 },
    ];
    expect(turnReports(spans, [said(5000, 6000, true)])[0]?.silenceAfterInterruptionMs).toBe(4000);
  });

  it('count an interruption that fell into a pause between sentences', () => {
    const spans = [
      { fromMs: 1000, toMs: 4800 },
      { fromMs: 5200, toMs: 5500 },
    ];
    expect(turnReports(spans, [said(5000, 7000, true)])[0]?.silenceAfterInterruptionMs).toBe(500);
  });

  it('are missing where nothing was heard', () => {
    expect(turnReports([], [said(100, 200)])).toEqual([said(100, 200)]);
    // The next sound belongs to the next turn.
    expect(turnReports([{ fromMs: 900, toMs: 950 }], [said(100, 200), said(500, 600)])).toEqual([
      said(100, 200),
      { ...said(500, 600), answerMs: 300 },
    ]);
  });

  it('beyond the limits are problems; silence is a limit of interruptions only', () => {
    const turns = [
      { ...said(0, 1, false), answerMs: 900, silenceAfterInterruptionMs: 900 },
      { ...said(2, 3, true), answerMs: 300, silenceAfterInterruptionMs: 900 },
    ];
    expect(limitProblems(turns, { answerMs: 800, silenceAfterInterruptionMs: 500 })).toEqual([
      '"words" was answered after 900 ms, the limit is 800 ms',
      'the assistant went on for 900 ms into "words", the limit is 500 ms',
    ]);
    expect(limitProblems(turns, {})).toEqual([]);
  });
});
