import { type Clock, type Timer } from '../../common/clock.js';

/** The longest call, and the word before its end. */
export class CallDuration {
  private timers: Timer[] | undefined;

  /**
   * @param limits.maxMs how long a call may last.
   * @param limits.noticeMs how long before that the caller is told; undefined: not at all. In a call too short for it
   *   there is no notice.
   * @param actions.over called once.
   */
  constructor(
    private readonly clock: Clock,
    private readonly limits: { readonly maxMs: number; readonly noticeMs: number | undefined },
    private readonly actions: { notice(remainingMs: number): void; over(): void },
  ) {}

  /** The call has begun. */
  start(): void {
    if (this.timers) return;
    const { maxMs, noticeMs } = this.limits;
    this.timers = [this.clock.after(maxMs, () => this.actions.over())];
    if (noticeMs === undefined || noticeMs >= maxMs) return;
    this.timers.push(this.clock.after(maxMs - noticeMs, () => this.actions.notice(noticeMs)));
  }

  /** The call is over; it does not start again. */
  stop(): void {
    for (const timer of this.timers ?? []) timer.cancel();
    this.timers = [];
  }
}
