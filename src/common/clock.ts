/** A running timer. */
export interface Timer {
  cancel(): void;
}

/** Time as the app sees it: monotonic, in milliseconds, with timers; a fake one stands in for it in tests. */
export interface Clock {
  /** Milliseconds on a monotonic clock; only differences mean anything. */
  nowMs(): number;
  /** Runs `action` once, `delayMs` from now. The timer does not keep the process alive. */
  after(delayMs: number, action: () => void): Timer;
}

/** Resolves when so much time has passed. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

/** The machine's monotonic clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after(delayMs, action) {
    const handle = setTimeout(action, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
