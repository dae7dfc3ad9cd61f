import { type Clock, type Timer } from '../common/clock.js';

/** Not only what happens makes a moment quiet, also that nothing does. */
const LOOK_EVERY_MS = 200;

/** Waits for a moment at which nobody in a conversation would notice that it moves. */
export class QuietMoment {
  private readonly waiting = new Set<() => void>();

  /** @param quiet whether it is one now. */
  constructor(
    private readonly clock: Clock,
    private readonly quiet: () => boolean,
  ) {}

  /** Resolves at such a moment, or when the time is over. */
  within(ms: number): Promise<void> {
    if (this.quiet()) return Promise.resolve();
    return new Promise((resolve) => {
      let looking: Timer | undefined;
      const over = (): void => {
        timer.cancel();
        looking?.cancel();
        this.waiting.delete(over);
        resolve();
      };
      const timer = this.clock.after(ms, over);
      this.waiting.add(over);
      const look = (): void => {
        looking = this.clock.after(LOOK_EVERY_MS, () => (this.quiet() ? over() : look()));
      };
      look();
    });
  }

  /** Something may have become quiet. */
  settle(): void {
    if (this.waiting.size > 0 && this.quiet()) for (const over of this.waiting) over();
  }
}
