import { FakeClock } from '../../common/fake-clock.js';
import { LateAnswer } from './late-answer.js';

describe('LateAnswer', () => {
  let clock: FakeClock;
  let told: number;
  let answer: LateAnswer;

  beforeEach(() => {
    clock = new FakeClock();
    told = 0;
    answer = new LateAnswer(clock, () => told++);
  });

  it('is late when it has been due for two and a half seconds, however often that is looked at, and told once', () => {
    for (let i = 0; i < 5; i++) {
      answer.look(true);
      clock.advance(500);
    }
    answer.look(true);
    expect(answer.waited).toBe(true);
    clock.advance(10_000);
    expect(told).toBe(1);
  });

  it('is not late when it came, and counts anew for the next one', () => {
    answer.look(true);
    clock.advance(2_499);
    answer.look(false);
    answer.look(true);
    clock.advance(2_499);
    expect(answer.waited).toBe(false);
    clock.advance(1);
    expect(answer.waited).toBe(true);
    answer.look(false);
    expect(answer.waited).toBe(false);
  });

  it('says nothing after the end', () => {
    answer.look(true);
    answer.stop();
    clock.advance(10_000);
    expect(told).toBe(0);
  });
});
