import { FakeClock } from '../../common/fake-clock.js';
import { exportProblems } from './export-problems.js';

describe('exportProblems', () => {
  it('says the first one at once, and one line a minute, with how many there were', () => {
    const clock = new FakeClock();
    const lines: object[] = [];
    const failed = exportProblems(clock, (line) => lines.push(line));
    failed(new Error('connect ECONNREFUSED'));
    expect(lines).toEqual([{ problem: 'connect ECONNREFUSED', failures: 1 }]);
    for (let second = 0; second < 60; second++) {
      failed(new Error('connect ECONNREFUSED'));
      clock.advance(1_000);
    }
    expect(lines).toHaveLength(1);
    failed(new Error('timeout'));
    expect(lines).toEqual([expect.anything(), { problem: 'timeout', failures: 61 }]);
  });
});
