import { FakeClock } from '../../common/fake-clock.js';
import { AnswerWatchdog } from './answer-watchdog.js';

function setUp() {
  const clock = new FakeClock();
  let stalls = 0;
  const watchdog = new AnswerWatchdog(clock, () => stalls++);
  return { clock, watchdog, stalls: () => stalls };
}

describe('AnswerWatchdog', () => {
  it('barks once when an answer that is due does not begin', () => {
    const { clock, watchdog, stalls } = setUp();
    watchdog.expect();
    clock.advance(7_999);
    expect(stalls()).toBe(0);
    clock.advance(60_000);
    expect(stalls()).toBe(1);
  });

  it('is patient with a response that goes on, and barks when it stops in the middle', () => {
    const { clock, watchdog, stalls } = setUp();
    watchdog.expect();
    for (let sign = 0; sign < 10; sign++) {
      clock.advance(5_000);
      watchdog.progress();
    }
    expect(stalls()).toBe(0);
    clock.advance(20_000);
    expect(stalls()).toBe(1);
  });

  it('keeps quiet when nothing is due', () => {
    const { clock, watchdog, stalls } = setUp();
    watchdog.expect();
    watchdog.rest();
    clock.advance(120_000);
    expect(stalls()).toBe(0);
  });
});
