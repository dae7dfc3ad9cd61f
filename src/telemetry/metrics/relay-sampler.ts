/** One frame a second and pod: enough for a picture, and no cost for the others but a look at one field. */
const EVERY_MS = 1_000;

/**
 * Looks, now and then, at how long a frame of the caller stays in this process: from the moment it was read from Telnyx's
 * socket until it is written to the model's. Not in it: the wait for a late event loop, which has figures of its own.
 */
export class RelaySampler {
  /** The next frame is to be looked at. False for ever where nobody wants to know. */
  due = false;
  /** A frame is being looked at. */
  open = false;
  private readAtMs = 0;
  private told: (delayMs: number) => void = () => undefined;
  private timer: NodeJS.Timeout | undefined;

  /** @param told of each sample, in milliseconds. */
  start(told: (delayMs: number) => void): void {
    this.told = told;
    this.timer ??= setInterval(() => (this.due = true), EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.due = false;
  }

  /** A frame was read; called only while one is `due`. */
  read(): void {
    this.due = false;
    this.open = true;
    this.readAtMs = performance.now();
    // One that goes nowhere (no session yet) must not be taken for the next one that does.
    setImmediate(() => (this.open = false));
  }

  /** A frame was written; called only while one is `open`. */
  written(): void {
    this.open = false;
    this.told(performance.now() - this.readAtMs);
  }

  toJSON(): undefined {
    return undefined;
  }
}
