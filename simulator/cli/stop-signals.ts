import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What a shell reports for a process that a signal ended: 130 for Ctrl-C. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + (constants.signals[signal] ?? 0);
}

/**
 * Runs something that Ctrl-C (SIGTERM, SIGHUP) ends in an orderly way: the first signal aborts, a second one ends the
 * process at once.
 * @param run is given the signal to watch; its `reason` is the name of the process signal
 * @returns what `run` returns
 */
export async function untilStopped<T>(run: (stopped: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(exitCodeOf(signal));
    controller.abort(signal);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    return await run(controller.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

/** Resolves when it is aborted. */
export function whenStopped(stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stopped.aborted) resolve();
    else stopped.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Resolves after a time, or sooner when stopped. */
export function pause(ms: number, stopped?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stopped?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (stopped?.aborted) done();
    else stopped?.addEventListener('abort', done, { once: true });
  });
}

/** Waits for some work, but only so long, and not when stopped. Leaves no timer behind. */
export async function within(work: Promise<unknown>, limitMs: number, stopped: AbortSignal): Promise<void> {
  const done = new AbortController();
  const limit = pause(limitMs, AbortSignal.any([stopped, done.signal]));
  try {
    await Promise.race([work, limit]);
  } finally {
    done.abort();
  }
}
