import { type Clock, type Timer } from '../../common/clock.js';

/** From the end of the caller's turn, or our request, to the start of a response: it takes well under a second. */
const BEGINS_WITHIN_MS = 8_000;
/** Between two signs of life of a running response; the longest thinking of a reasoning model is below this. */
const GOES_ON_WITHIN_MS = 20_000;

/**
 * Notices a model that has stopped answering while its socket stays open: the one failure that tells nobody, and that the
 * caller hears as silence.
 */
export class AnswerWatchdog {
  private timer: Timer | undefined;
  private timerMs = Infinity;
  private dueMs = Infinity;

  /** @param stalled called once, when an answer that is due does not come. */
  constructor(
    private readonly clock: Clock,
    private readonly stalled: () => void,
  ) {}

  /** An answer is due. */
  expect(): void {
    this.watch(BEGINS_WITHIN_MS);
  }

  /** A response began, or went on. */
  progress(): void {
    this.watch(GOES_ON_WITHIN_MS);
  }

  /** No answer is due: it is complete, or the caller speaks again. */
  rest(): void {
    this.dueMs = Infinity;
  }

  /** The call is over. */
  stop(): void {
    this.rest();
    this.timer?.cancel();
  }

  /** Moves the moment; the timer is only set anew where it would come too late, because audio comes many times a second. */
  private watch(withinMs: number): void {
    this.dueMs = this.clock.nowMs() + withinMs;
    if (this.dueMs < this.timerMs) this.setTimer();
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
      this.stalled();
    });
  }
}
