import { type Clock, type Timer } from './clock.js';

/** A clock for tests: stands still until told to advance, and then runs the timers that fall due, in order. */
export class FakeClock implements Clock {
  private time = 0;
  private sequence = 0;
  private timers: { dueMs: number; sequence: number; action: () => void }[] = [];

  nowMs(): number {
    return this.time;
  }

  after(delayMs: number, action: () => void): Timer {
    const timer = { dueMs: this.time + Math.max(0, delayMs), sequence: this.sequence++, action };
    this.timers.push(timer);
    return { cancel: () => void (this.timers = this.timers.filter((other) => other !== timer)) };
  }

  /** Moves time on by `byMs`, stopping at every timer on the way. */
  advance(byMs: number): void {
    const untilMs = this.time + byMs;
    for (;;) {
      const next = this.timers
        .filter((timer) => timer.dueMs <= untilMs)
        .sort((a, b) => a.dueMs - b.dueMs || a.sequence - b.sequence)[0];
      if (!next) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.time = next.dueMs;
      next.action();
    }
    this.time = untilMs;
  }
}
