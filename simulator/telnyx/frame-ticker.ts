/** Something that wants to be called at a time of its own choosing, again and again. */
export interface Ticked {
  /** On the ticker's clock; `Infinity` for "not now". */
  readonly nextDueAtMs: number;
  tick(nowMs: number): void;
}

/**
 * One timer for every media stream of a double. Hundreds of calls at 50 frames a second would otherwise mean ten thousand
 * timer objects a second; streams due within the same millisecond share a wake-up here.
 */
export class FrameTicker {
  private readonly items = new Set<Ticked>();
  private timer: NodeJS.Timeout | undefined;
  private armedForMs = Infinity;

  constructor(readonly now: () => number = () => performance.now()) {}

  add(item: Ticked): void {
    this.items.add(item);
    this.reschedule(item);
  }

  remove(item: Ticked): void {
    this.items.delete(item);
    if (this.items.size === 0) this.disarm();
  }

  /** To be called when an item's due time may have come nearer. */
  reschedule(item: Ticked): void {
    if (this.items.has(item) && item.nextDueAtMs < this.armedForMs) this.arm(item.nextDueAtMs);
  }

  close(): void {
    this.items.clear();
    this.disarm();
  }

  private fire(): void {
    this.armedForMs = Infinity;
    const now = this.now();
    let next = Infinity;
    for (const item of this.items) {
      if (item.nextDueAtMs <= now) item.tick(now);
      if (item.nextDueAtMs < next) next = item.nextDueAtMs;
    }
    if (next < this.armedForMs) this.arm(next);
  }

  private arm(atMs: number): void {
    this.disarm();
    if (atMs === Infinity) return;
    this.armedForMs = atMs;
    // Rounded up: Node cuts fractions off, and waking too early would mean waking twice.
    this.timer = setTimeout(() => this.fire(), Math.max(0, Math.ceil(atMs - this.now())));
  }

  private disarm(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.armedForMs = Infinity;
  }
}
