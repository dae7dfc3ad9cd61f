import { FakeClock } from './fake-clock.js';
import { Seen } from './seen.js';

describe('Seen', () => {
  it('knows an id for as long as it has to, whenever it came', () => {
    for (const cameMs of [0, 1, 500, 999, 1_000, 1_999, 2_500]) {
      for (const againMs of [0, 1, 500, 999]) {
        const clock = new FakeClock();
        const ids = new Seen(clock, 1_000);
        ids.first('first');
        clock.advance(cameMs);
        expect(ids.first('second')).toBe(true);
        clock.advance(againMs);
        expect(ids.first('third')).toBe(true);
        expect(ids.first('second')).toBe(false);
      }
    }
  });

  it('forgets it in the end, so that memory is bounded by time', () => {
    const clock = new FakeClock();
    const ids = new Seen(clock, 1_000);
    ids.first('old');
    clock.advance(2_000);
    expect(ids.first('old')).toBe(true);
  });

  it('drops the oldest ones early rather than growing for ever', () => {
    const ids = new Seen(new FakeClock(), 1_000);
    for (let n = 0; n < 200_001; n++) ids.first(`${n}`);
    expect(ids.first('200000')).toBe(false);
    expect(ids.first('100001')).toBe(false);
    expect(ids.first('0')).toBe(true);
  });
});
