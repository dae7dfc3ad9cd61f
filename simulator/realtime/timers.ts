/** Node fires longer timers at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Timers that die together, so that a closed session leaves nothing behind. */
export class Timers {
  readonly #pending = new Set<NodeJS.Timeout>();
  #closed = false;

  /** Runs `action` once in `delayMs`, never for Infinity; the returned function forgets it. */
  after(delayMs: number, action: () => void): () => void {
    if (this.#closed || delayMs > LONGEST_MS) return () => undefined;
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      action();
    }, delayMs);
    this.#pending.add(timer);
    return () => {
      clearTimeout(timer);
      this.#pending.delete(timer);
    };
  }

  /** Forgets everything, and everything that is asked for later. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
  }
}
