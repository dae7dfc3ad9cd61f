import { type Clock, type Timer } from '../../common/clock.js';

/** Answers begin after one to two and a half seconds, in busy hours too; beyond that the caller wonders. */
const LATE_AFTER_MS = 2_500;

/** Notices an answer that is due and takes longer than answers do: the caller is waiting. */
export class LateAnswer {
  private timer: Timer | undefined;
  private isLate = false;

  /** @param late called when it has become late. */
  constructor(
    private readonly clock: Clock,
    private readonly late: () => void,
  ) {}

  get waited(): boolean {
    return this.isLate;
  }

  /** @param due the model owes the caller an answer, and nothing of it is heard. Told as often as it is looked at. */
  look(due: boolean): void {
    if (!due) this.stop();
    else if (!this.isLate && !this.timer) {
      this.timer = this.clock.after(LATE_AFTER_MS, () => {
        this.timer = undefined;
        this.isLate = true;
        this.late();
      });
    }
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.isLate = false;
  }
}
