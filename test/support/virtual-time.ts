import { jest } from '@jest/globals';
import { performance as machine } from 'node:perf_hooks';

/** One media frame: nothing in a call goes by a finer beat. */
const STEP_MS = 20;
/** Loopback delivers within the call that writes, so what was written is read in the next turn of the loop, or never. */
const QUIET_TURNS = 3;
/** Where turns stay busy for ever, somebody answers himself. */
const MOST_TURNS = 100_000;

/**
 * Time of a test's own for everything in its process: all timers, `Date` and `performance.now()` stand still until this
 * moves them on. Sockets stay real: after every step all that is on its way arrives and is answered, before the next step.
 * So minutes pass in seconds, and what happens at the same time happens in the same order each time.
 *
 * Everything that is to live in this time must be imported after `begin`, by `import()`: Node's own `timers/promises` can
 * be replaced for modules yet to be loaded only.
 */
export class VirtualTime {
  private passedMs = 0;

  static begin(): VirtualTime {
    // What sockets and streams wait for is not time.
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'hrtime'] });
    jest.unstable_mockModule('node:timers/promises', () => ({ setTimeout: delay }));
    return new VirtualTime();
  }

  /** Since the begin. */
  get nowMs(): number {
    return this.passedMs;
  }

  /** Lets time pass until the story is over. @returns what it returns; rejects as it does, or after `limitMs`. */
  async during<T>(story: Promise<T>, limitMs = 3_600_000): Promise<T> {
    let over = false;
    const end = (): void => void (over = true);
    story.then(end, end);
    const untilMs = this.passedMs + limitMs;
    await arrivals();
    while (!over) {
      if (this.passedMs >= untilMs) throw new Error(`not over after ${limitMs} ms`);
      jest.advanceTimersByTime(STEP_MS);
      this.passedMs += STEP_MS;
      await arrivals();
    }
    return story;
  }

  /** Timers that are set and have not fired. */
  get timers(): number {
    return jest.getTimerCount();
  }

  end(): void {
    jest.useRealTimers();
  }
}

/** Resolves when nothing is on its way any more: no event came out of the system for some turns of the loop. */
async function arrivals(): Promise<void> {
  let { events } = machine.nodeTiming.uvMetricsInfo;
  for (let [turns, quiet] = [0, 0]; quiet < QUIET_TURNS; turns++) {
    if (turns > MOST_TURNS) throw new Error('the sockets do not come to rest');
    await new Promise<void>((resolve) => setImmediate(resolve));
    const { events: now } = machine.nodeTiming.uvMetricsInfo;
    quiet = now === events ? quiet + 1 : 0;
    events = now;
  }
}

/** As in `node:timers/promises`. */
function delay<T>(delayMs?: number, value?: T, { signal }: { signal?: AbortSignal } = {}): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve(value);
    }, delayMs);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
