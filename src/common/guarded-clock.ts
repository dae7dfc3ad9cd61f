import { type Clock } from './clock.js';

/**
 * The same clock, whose timers do not throw: nobody is above a timer to catch, and the process would end for it.
 *
 * @param failed what was thrown; should not throw itself.
 */
export function guardedClock(clock: Clock, failed: (error: unknown) => void): Clock {
  return {
    nowMs: () => clock.nowMs(),
    after: (delayMs, action) =>
      clock.after(delayMs, () => {
        try {
          action();
        } catch (error) {
          failed(error);
        }
      }),
  };
}
