import { type Clock, type Timer } from '../../common/clock.js';

/** Longer than any call, and the most that a timer of Node can wait: beyond it, it would fire at once. */
const NEVER_AFTER_MS = 2 ** 31 - 1;

/** Knows when the present model session is old enough to be replaced, well before the service ends it. */
export class Renewal {
  private timer: Timer | undefined;
  private stopped = false;

  /** @param due called once per session that is watched. */
  constructor(
    private readonly clock: Clock,
    private readonly due: () => void,
  ) {}

  /** A new session has taken over. @param renewAtMs when it is to be replaced, on the app's clock; never called at once. */
  watch(renewAtMs: number): void {
    this.timer?.cancel();
    const delayMs = Math.max(0, renewAtMs - this.clock.nowMs());
    if (this.stopped || delayMs > NEVER_AFTER_MS) return;
    this.timer = this.clock.after(delayMs, () => this.due());
  }

  /** The call is over. */
  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }
}
