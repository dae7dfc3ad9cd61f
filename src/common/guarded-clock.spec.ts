import { FakeClock } from './fake-clock.js';
import { guardedClock } from './guarded-clock.js';

describe('guardedClock', () => {
  it('reports what a timer throws, and lets the others run', () => {
    const clock = new FakeClock();
    const failures: unknown[] = [];
    const guarded = guardedClock(clock, (error) => failures.push(error));
    const ran: number[] = [];
    const mistake = new Error('a mistake');
    guarded.after(10, () => {
      throw mistake;
    });
    guarded.after(10, () => ran.push(guarded.nowMs()));
    clock.advance(10);
    expect(failures).toEqual([mistake]);
    expect(ran).toEqual([clock.nowMs()]);
  });

  it('cancels as the clock does', () => {
    const clock = new FakeClock();
    let runs = 0;
    guardedClock(clock, () => undefined)
      .after(10, () => runs++)
      .cancel();
    clock.advance(20);
    expect(runs).toBe(0);
  });
});
