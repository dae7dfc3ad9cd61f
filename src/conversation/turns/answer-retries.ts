import { type Clock, type Timer } from '../../common/clock.js';
import { type ModelFailure } from '../model.port.js';

/** Waits before the same answer is asked for again. */
const WAITS_MS = [500, 1_500];
/** A model that says when to come back is believed up to here: the caller waits. */
const LONGEST_WAIT_MS = 10_000;

/** How often, and when, an answer that failed is asked for again. */
export class AnswerRetries {
  private timer: Timer | undefined;
  private failuresInARow = 0;
  private emptyInARow = 0;

  /** @param again the wait is over: the answer may be asked for. */
  constructor(
    private readonly clock: Clock,
    private readonly again: () => void,
  ) {}

  /** An answer waits to be asked for again. */
  get waiting(): boolean {
    return this.timer !== undefined;
  }

  /** @returns false when it is no use, or was tried often enough. */
  failed(failure: ModelFailure): boolean {
    const leastMs = WAITS_MS[this.failuresInARow++];
    if (failure.kind === 'fatal' || leastMs === undefined) return false;
    const waitMs = Math.max(leastMs, failure.retryAfterMs ?? 0);
    if (waitMs > LONGEST_WAIT_MS) return false;
    this.cancel();
    this.timer = this.clock.after(waitMs, () => {
      this.timer = undefined;
      this.again();
    });
    return true;
  }

  /** @returns whether to ask again: once, because a silence that nobody explains is worth one try. */
  empty(): boolean {
    return this.emptyInARow++ === 0;
  }

  succeeded(): void {
    this.failuresInARow = 0;
    this.emptyInARow = 0;
  }

  /** What was to be asked for again comes some other way. */
  cancel(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}
