import { type Clock, type Timer } from './clock.js';

/**
 * A moment that moves: something has to happen before it, and each sign of that moves it on. Moving it many times a second
 * costs next to nothing, because the timer is only set anew where it would come too late.
 */
export class Deadline {
  private timer: Timer | undefined;
  private timerMs = Infinity;
  private dueMs = Infinity;

  /** @param reached called once for each time that the moment is reached. */
  constructor(
    private readonly clock: Clock,
    private readonly reached: () => void,
  ) {}

  /** @param withinMs from now. */
  moveTo(withinMs: number): void {
    this.dueMs = this.clock.nowMs() + withinMs;
    if (this.dueMs < this.timerMs) this.setTimer();
  }

  /** Nothing is due until it is moved again. */
  rest(): void {
    this.dueMs = Infinity;
  }

  /** Nothing is due any more, and no timer is left. */
  stop(): void {
    this.rest();
    this.timer?.cancel();
    this.timerMs = Infinity;
  }

  private setTimer(): void {
    this.timer?.cancel();
    this.timerMs = this.dueMs;
    this.timer = this.clock.after(this.dueMs - this.clock.nowMs(), () => {
      this.timerMs = Infinity;
      if (this.dueMs === Infinity) return;
      if (this.clock.nowMs() < this.dueMs) {
        this.setTimer();
        return;
      }
      this.dueMs = Infinity;
      this.reached();
    });
  }
}
