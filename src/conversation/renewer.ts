import { type Clock, type Timer } from '../common/clock.js';
import { Renewal } from './limits/renewal.js';
import { type ModelSession } from './model.port.js';

export interface RenewerSurroundings {
  /** A new session; undefined: there is none to be had now. */
  open(): Promise<ModelSession | undefined>;
  /** Nobody speaks and nothing is under way: the caller would not notice. */
  quiet(): boolean;
  /** Goes on in this session. */
  exchange(fresh: ModelSession): void;
  /** Takes work that nobody waits for. */
  unattended(work: Promise<void>): void;
}

/** When no new session could be had: again after this. The old one has minutes left. */
const AGAIN_MS = 15_000;

/**
 * Exchanges a session that comes to the end of its life for a new one, in a pause. The new one is connected before the old
 * one is given up.
 */
export class Renewer {
  private readonly renewal: Renewal;
  private wanted = false;
  private opening = false;
  private fresh: ModelSession | undefined;
  private again: Timer | undefined;
  private stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly around: RenewerSurroundings,
  ) {
    this.renewal = new Renewal(clock, () => {
      this.wanted = true;
      this.settle();
    });
  }

  /** @param session the one now in use. */
  watch(session: ModelSession): void {
    this.wanted = false;
    this.again?.cancel();
    this.again = undefined;
    this.forget();
    this.renewal.watch(session.renewAtMs);
  }

  /** A session that stands ready, for whoever needs one at once. */
  take(): ModelSession | undefined {
    const { fresh } = this;
    this.fresh = undefined;
    return fresh?.alive ? fresh : undefined;
  }

  /** A session that stands ready is no longer of use. */
  forget(): void {
    this.fresh?.close();
    this.fresh = undefined;
  }

  /** Something may have become quiet. */
  settle(): void {
    if (this.stopped || !this.wanted || !this.around.quiet()) return;
    const fresh = this.take();
    if (fresh) this.around.exchange(fresh);
    else if (!this.opening && !this.again) this.around.unattended(this.open());
  }

  stop(): void {
    this.stopped = true;
    this.renewal.stop();
    this.again?.cancel();
    this.forget();
  }

  private async open(): Promise<void> {
    this.opening = true;
    const fresh = await this.around.open();
    this.opening = false;
    if (this.stopped || !this.wanted) {
      fresh?.close();
      return;
    }
    this.fresh = fresh;
    if (!fresh) {
      this.again = this.clock.after(AGAIN_MS, () => {
        this.again = undefined;
        this.settle();
      });
      return;
    }
    this.settle();
  }
}
