import { type Clock } from '../common/clock.js';
import { type CallActions } from './call.port.js';

/**
 * A conversation that stands still, while it is not known whether its call goes on here or in another process. What would
 * be done is held, and done when it goes on here: first what was told, then what fell due.
 */
export class Standstill {
  /** The app's clock, whose timers are held like everything else. */
  readonly clock: Clock;
  private held: { told: (() => void)[]; due: (() => void)[] } | undefined;

  constructor(clock: Clock) {
    this.clock = {
      nowMs: () => clock.nowMs(),
      after: (delayMs, action) => {
        let cancelled = false;
        const timer = clock.after(delayMs, () => {
          if (!this.held) action();
          else this.held.due.push(() => cancelled || action());
        });
        return {
          cancel: () => {
            cancelled = true;
            timer.cancel();
          },
        };
      },
    };
  }

  get on(): boolean {
    return this.held !== undefined;
  }

  /** Nothing is held at present. */
  get nothingTold(): boolean {
    return !this.held || this.held.told.length === 0;
  }

  begin(): void {
    this.held ??= { told: [], due: [] };
  }

  /** It goes on here: what was held is done, in order. */
  end(): void {
    const { held } = this;
    this.held = undefined;
    for (const action of [...(held?.told ?? []), ...(held?.due ?? [])]) action();
  }

  /** Does it now, or when it goes on here. */
  run(action: () => void): void {
    if (this.held) this.held.told.push(action);
    else action();
  }

  /** The same call, with which nothing is done meanwhile. */
  hold(call: CallActions): CallActions {
    return {
      end: (reason, sentence) => this.run(() => call.end(reason, sentence)),
      transfer: (target, sentence) => this.run(() => call.transfer(target, sentence)),
      sendKeys: (keys) => (this.held ? Promise.resolve(false) : call.sendKeys(keys)),
      say: (sentence) => (this.held ? Promise.resolve(false) : call.say(sentence)),
    };
  }
}
