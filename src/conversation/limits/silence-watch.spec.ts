import { FakeClock } from '../../common/fake-clock.js';
import { SilenceWatch } from './silence-watch.js';

/** Like a real timer, which takes an endless delay for none: such a one must not be set. */
class CountingClock extends FakeClock {
  timersSet = 0;

  override after(delayMs: number, action: () => void) {
    if (!Number.isFinite(delayMs)) throw new Error(`a timer of ${delayMs} ms`);
    this.timersSet++;
    return super.after(delayMs, action);
  }
}

function setUp(limits: { maxMs: number | undefined } = { maxMs: 90_000 }) {
  const clock = new CountingClock();
  let silences = 0;
  const watch = new SilenceWatch(clock, limits.maxMs, () => silences++);
  return { clock, watch, silences: () => silences };
}

describe('SilenceWatch', () => {
  it('notices a silence that is too long, once, and the next one after another sound', () => {
    const { clock, watch, silences } = setUp();
    watch.sound();
    clock.advance(89_999);
    expect(silences()).toBe(0);
    clock.advance(1);
    expect(silences()).toBe(1);
    clock.advance(600_000);
    expect(silences()).toBe(1);
    watch.sound();
    clock.advance(90_000);
    expect(silences()).toBe(2);
  });

  it('counts from the last of many sounds, without a timer for each', () => {
    const { clock, watch, silences } = setUp();
    for (let frame = 0; frame < 1_000; frame++) {
      watch.sound();
      clock.advance(20);
    }
    expect(clock.timersSet).toBe(1);
    clock.advance(89_979);
    expect(silences()).toBe(0);
    clock.advance(1);
    expect(silences()).toBe(1);
  });

  it('does not count while any sound goes on, and counts from the end of the last one', () => {
    const { clock, watch, silences } = setUp();
    watch.sound();
    clock.advance(80_000);
    watch.begin('assistant');
    watch.begin('caller');
    watch.begin('caller');
    clock.advance(300_000);
    watch.end('assistant');
    watch.end('assistant');
    watch.sound();
    clock.advance(300_000);
    expect(silences()).toBe(0);
    watch.end('caller');
    clock.advance(89_999);
    expect(silences()).toBe(0);
    clock.advance(1);
    expect(silences()).toBe(1);
  });

  it('takes the end of a sound that never began for no sound', () => {
    const { clock, watch, silences } = setUp();
    watch.sound();
    clock.advance(80_000);
    watch.end('caller');
    clock.advance(10_000);
    expect(silences()).toBe(1);
  });

  it('does nothing without a limit, and nothing after the call', () => {
    const unlimited = setUp({ maxMs: undefined });
    unlimited.watch.sound();
    unlimited.watch.begin('caller');
    unlimited.watch.end('caller');
    unlimited.clock.advance(10_000_000);
    expect(unlimited.silences()).toBe(0);

    const stopped = setUp();
    stopped.watch.sound();
    stopped.watch.begin('caller');
    stopped.watch.stop();
    stopped.watch.end('caller');
    stopped.watch.sound();
    stopped.clock.advance(600_000);
    expect(stopped.silences()).toBe(0);
  });
});
