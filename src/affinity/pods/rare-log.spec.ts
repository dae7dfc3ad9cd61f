import { FakeClock } from '../../common/fake-clock.js';
import { RareLog } from './rare-log.js';

describe('RareLog', () => {
  it('warns once a minute, and says how often it would have', () => {
    const lines: object[] = [];
    const clock = new FakeClock();
    const log = new RareLog(
      clock,
      { warn: (fields) => void lines.push(fields), error: () => undefined },
      'something is refused',
    );
    for (let n = 0; n < 3; n++) log.warn({ reason: `${n}` });
    expect(lines).toEqual([{ reason: '0', times: 1 }]);
    clock.advance(60_000);
    log.warn({ reason: 'later' });
    expect(lines[1]).toEqual({ reason: 'later', times: 3 });
    expect(log.count).toBe(4);
  });
});
