import { FakeClock } from '../../common/fake-clock.js';
import { CallDuration } from './call-duration.js';

function setUp(maxMs: number, noticeMs: number | undefined) {
  const clock = new FakeClock();
  const calls: (number | 'over')[] = [];
  const duration = new CallDuration(
    clock,
    { maxMs, noticeMs },
    { notice: (remainingMs) => calls.push(remainingMs), over: () => calls.push('over') },
  );
  return { clock, calls, duration };
}

describe('CallDuration', () => {
  it('gives notice, and ends the call when its time is up, counted from the start', () => {
    const { clock, calls, duration } = setUp(600_000, 60_000);
    clock.advance(100_000);
    duration.start();
    clock.advance(1_000);
    duration.start();
    clock.advance(538_999);
    expect(calls).toEqual([]);
    clock.advance(1);
    expect(calls).toEqual([60_000]);
    clock.advance(59_999);
    expect(calls).toEqual([60_000]);
    clock.advance(600_000);
    expect(calls).toEqual([60_000, 'over']);
  });

  it.each([undefined, 30_000, 60_000])(
    'gives no notice in a call of 30 s when it is to come %s ms before',
    (noticeMs) => {
      const { clock, calls, duration } = setUp(30_000, noticeMs);
      duration.start();
      clock.advance(29_999);
      expect(calls).toEqual([]);
      clock.advance(1);
      expect(calls).toEqual(['over']);
    },
  );

  it('says nothing after the end of the call', () => {
    const { clock, calls, duration } = setUp(600_000, 60_000);
    duration.start();
    duration.stop();
    duration.start();
    clock.advance(600_000);
    expect(calls).toEqual([]);
  });
});
