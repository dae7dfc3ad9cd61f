import { type Clock } from '../common/clock.js';
import { guardedClock } from '../common/guarded-clock.js';
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
    this.clock = guardedClock(clock, (error) => failed(error, 'timer'));
  }

  /** The same listener, whose methods do not throw. */
  listener<T extends object>(listener: T): T {
    return guarded(listener, this.failed);
  }

  /** Takes a promise that nobody waits for. */
  readonly unattended = (work: Promise<unknown>): void => {
    work.catch((error: unknown) => this.failed(error, 'promise'));
  };
}
