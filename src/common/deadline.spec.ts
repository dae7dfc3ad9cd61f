import { Deadline } from './deadline.js';
import { FakeClock } from './fake-clock.js';

describe('Deadline', () => {
  let clock: FakeClock;
  let reached: number;
  let deadline: Deadline;

  beforeEach(() => {
    clock = new FakeClock();
    reached = 0;
    deadline = new Deadline(clock, () => reached++);
  });

  it('is reached once, when it was not moved in time', () => {
    deadline.moveTo(1_000);
    clock.advance(999);
    expect(reached).toBe(0);
    clock.advance(1);
    clock.advance(10_000);
    expect(reached).toBe(1);
  });

  it('is not reached while it is moved on, and moves nearer as well as away', () => {
    for (let i = 0; i < 10; i++) {
      deadline.moveTo(1_000);
      clock.advance(900);
    }
    expect(reached).toBe(0);
    deadline.moveTo(50);
    clock.advance(50);
    expect(reached).toBe(1);
  });

  it('rests until it is moved again, and comes back after it was reached or stopped', () => {
    deadline.moveTo(1_000);
    deadline.rest();
    clock.advance(10_000);
    expect(reached).toBe(0);
    deadline.moveTo(1_000);
    clock.advance(1_000);
    deadline.moveTo(1_000);
    deadline.stop();
    clock.advance(10_000);
    expect(reached).toBe(1);
    deadline.moveTo(1_000);
    clock.advance(1_000);
    expect(reached).toBe(2);
  });
});
