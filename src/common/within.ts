import { type Clock, type Timer } from './clock.js';

/**
 * What a promise gives, or what `late` gives or throws where that takes longer than `limitMs`; what becomes of the promise
 * then is lost, a rejection too.
 */
export async function within<T, const U>(
  clock: Clock,
  limitMs: number,
  promise: Promise<T>,
  late: () => U,
): Promise<T | U> {
  let timer: Timer | undefined;
  const timeUp = new Promise<void>((resolve) => (timer = clock.after(limitMs, resolve)));
  try {
    return await Promise.race([promise, timeUp.then(late)]);
  } finally {
    timer?.cancel();
  }
}
