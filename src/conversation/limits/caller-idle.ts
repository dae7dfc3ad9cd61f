import { type Clock, type Timer } from '../../common/clock.js';

/** A caller who says nothing when it is their turn: asked once whether they are there, then the call is ended. */
export class CallerIdle {
  private timer: Timer | undefined;
  private prompted = false;
  private over = false;

  /**
   * @param limits.promptMs how long the caller may be silent before they are asked; undefined: they are not asked.
   * @param limits.hangUpMs how long they may be silent after that; undefined: the call is not ended.
   * @param actions.prompt called at most once between two signs of the caller.
   * @param actions.hangUp called at most once, and nothing after it.
   */
  constructor(
    private readonly clock: Clock,
    private readonly limits: { readonly promptMs: number | undefined; readonly hangUpMs: number | undefined },
    private readonly actions: { prompt(): void; hangUp(): void },
  ) {}

  /** The assistant has been heard and owes nothing. Told as often as it is found to be so; the first time counts. */
  callersTurn(): void {
    if (this.over || this.timer) return;
    const { promptMs, hangUpMs } = this.limits;
    if (promptMs !== undefined && !this.prompted) this.wait(promptMs, () => this.prompt());
    else if (hangUpMs !== undefined) this.wait(hangUpMs, () => this.hangUp());
  }

  /** The caller speaks or presses a key: all is forgotten, and the wait begins with their next turn. */
  activity(): void {
    this.prompted = false;
    this.busy();
  }

  /** The assistant speaks or thinks, or a tool runs: the wait begins anew with the caller's next turn. */
  busy(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** The call is over. */
  stop(): void {
    this.over = true;
    this.busy();
  }

  private wait(ms: number, action: () => void): void {
    this.timer = this.clock.after(ms, () => {
      this.timer = undefined;
      action();
    });
  }

  private prompt(): void {
    this.prompted = true;
    this.actions.prompt();
  }

  private hangUp(): void {
    this.over = true;
    this.actions.hangUp();
  }
}
