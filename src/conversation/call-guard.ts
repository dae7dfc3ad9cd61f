import { type Clock } from '../common/clock.js';
import { guarded } from '../common/guarded.js';

/** Keeps a mistake of ours within its call: whatever throws, from a socket, a timer or a promise, is reported here. */
export class CallGuard {
  /** The app's clock, with guarded timers. */
  readonly clock: Clock;

  /** @param failed what was thrown, and where; does not throw itself. */
  constructor(
    clock: Clock,
    private readonly failed: (error: unknown, where: string) => void,
  ) {
    this.clock = {
      nowMs: () => clock.nowMs(),
      after: (delayMs, action) => clock.after(delayMs, () => this.timer(action)),
    };
  }

  /** The same listener, whose methods do not throw. */
  listener<T extends object>(listener: T): T {
    return guarded(listener, this.failed);
  }

  /** Takes a promise that nobody waits for. */
  readonly unattended = (work: Promise<unknown>): void => {
    work.catch((error: unknown) => this.failed(error, 'promise'));
  };

  private timer(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.failed(error, 'timer');
    }
  }
}
