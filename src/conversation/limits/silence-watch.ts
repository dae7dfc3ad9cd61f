import { type Clock, type Timer } from '../../common/clock.js';

/**
 * Notices a call in which nobody makes a sound, for whatever reason: the last net under everything that should have spoken.
 * Counts from the first thing it is told.
 */
export class SilenceWatch {
  private readonly going = new Set<string>();
  private timer: Timer | undefined;
  private timerMs = Infinity;
  private dueMs = Infinity;
  private stopped = false;

  /**
   * @param maxMs the longest silence; undefined: any.
   * @param tooLong called once per silence.
   */
  constructor(
    private readonly clock: Clock,
    private readonly maxMs: number | undefined,
    private readonly tooLong: () => void,
  ) {}

  /** Something was heard just now. Costs next to nothing: it may be told with every piece of audio. */
  sound(): void {
    if (this.maxMs === undefined || this.stopped || this.going.size > 0) return;
    this.dueMs = this.clock.nowMs() + this.maxMs;
    // A timer that comes earlier looks again by itself.
    if (this.dueMs < this.timerMs) this.setTimer();
  }

  /** A sound that goes on. @param source whose: there is no silence before the sounds of all sources have ended. */
  begin(source: string): void {
    this.going.add(source);
    this.dueMs = Infinity;
  }

  /** It has ended. Of a source that made none, this says nothing. */
  end(source: string): void {
    if (this.going.delete(source)) this.sound();
  }

  /** The call is over. */
  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
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
      this.tooLong();
    });
  }
}
