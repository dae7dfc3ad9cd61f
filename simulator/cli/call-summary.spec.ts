import { spreadOf } from './call-summary.js';
import { shorten, textTable } from './table.js';
import { duration, wantsColors } from './terminal.js';

describe('the figures of many calls', () => {
  it('are nearest-rank percentiles of what was measured', () => {
    const values = Array.from({ length: 20 }, (_, i) => 10 * (i + 1));
    expect(spreadOf([...values.toReversed(), undefined])).toEqual({ count: 20, p50: 100, p95: 190, max: 200 });
    expect(spreadOf([7])).toEqual({ count: 1, p50: 7, p95: 7, max: 7 });
    expect(spreadOf([undefined])).toBeUndefined();
  });

  it('stand in columns, numbers to the right', () => {
    expect(
      textTable(
        ['what', 'ms'],
        [
          ['greeting', '5'],
          ['turn', '1200'],
        ],
        ['ms'],
      ),
    ).toBe(['what        ms', '──────────────', 'greeting     5', 'turn      1200'].join('\n'));
  });

  it('are shown as people read them', () => {
    expect([duration(612.4), duration(12_440)]).toEqual(['612 ms', '12.4 s']);
    expect(shorten('a long sentence', 8)).toBe('a long…');
    expect(shorten('short', 8)).toBe('short');
  });
});

describe('colours', () => {
  it('are for people at a terminal who have not declined them', () => {
    expect(wantsColors({ isTTY: true }, {})).toBe(true);
    expect(wantsColors({}, {})).toBe(false);
    expect(wantsColors({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColors({ isTTY: true }, { NO_COLOR: '' })).toBe(true);
    expect(wantsColors({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
  });
});
