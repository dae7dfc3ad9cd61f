import { type Clock, type Timer } from '../../common/clock.js';

/** An assistant that does not stop talking: the first time it is reined in, the second time the call is ended. */
export class Monologue {
  private timer: Timer | undefined;
  private strikes: 0 | 1 | 2 = 0;
  private stopped = false;

  /**
   * @param maxMs how long the assistant may speak without a pause; undefined: as long as it likes.
   * @param actions.tooLong called with 1, and with 2 when it happens again and the caller has said nothing in between.
   */
  constructor(
    private readonly clock: Clock,
    private readonly maxMs: number | undefined,
    private readonly actions: { tooLong(strike: 1 | 2): void },
  ) {}

  /** The assistant is heard. May be told of every item: the first one after a pause, or after a strike, counts. */
  assistantSpeaks(): void {
    if (this.maxMs === undefined || this.stopped || this.strikes === 2) return;
    this.timer ??= this.clock.after(this.maxMs, () => this.strike());
  }

  /** The caller has heard all there was, and no more is coming. */
  assistantPauses(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  callerSpoke(): void {
    this.strikes = 0;
  }

  /** The call is over. */
  stop(): void {
    this.stopped = true;
    this.assistantPauses();
  }

  private strike(): void {
    this.timer = undefined;
    this.strikes = this.strikes === 0 ? 1 : 2;
    this.actions.tooLong(this.strikes);
  }
}
