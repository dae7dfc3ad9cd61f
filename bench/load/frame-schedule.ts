/**
 * When which line sends its next frame: every line once in a period, evenly spread over it. Each send has its own fixed time,
 * counted from the start, so that a late one makes no later one late.
 */
export class FrameSchedule {
  private done = 0;
  private readonly stepMs: number;

  constructor(
    private readonly startMs: number,
    private readonly lines: number,
    periodMs: number,
  ) {
    this.stepMs = periodMs / lines;
  }

  /** Calls back for everything that is due by now, with the line's number and how late it is. */
  run(nowMs: number, send: (line: number, lateMs: number) => void): void {
    for (;;) {
      const dueAtMs = this.startMs + this.done * this.stepMs;
      if (dueAtMs > nowMs) return;
      send(this.done % this.lines, nowMs - dueAtMs);
      this.done++;
    }
  }
}
