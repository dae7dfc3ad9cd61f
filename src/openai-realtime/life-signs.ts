import { type Clock, type Timer } from '../common/clock.js';

/** The service sends a PING about every 20 s; three checks in a row without any sign are a minute or a little more. */
const CHECK_EVERY_MS = 20_000;
const QUIET_CHECKS_BEFORE_ASKING = 2;
const MAX_QUIET_CHECKS = 3;

/**
 * Notices a peer that is gone although its socket stands. Checks are counted, not times compared: after a process that
 * was stopped for a while goes on, timers run before sockets are read, and that is no silence of the peer's.
 */
export class LifeSigns {
  /** Set by whoever reads the socket, at every frame: a plain field, because audio comes this way. */
  heard = true;
  private quietChecks = 0;
  private timer: Timer | undefined;

  /**
   * @param ask has the peer answer, in case it is one that sends nothing unasked.
   * @param silent told once.
   */
  constructor(
    private readonly clock: Clock,
    private readonly ask: () => void,
    private readonly silent: () => void,
  ) {
    this.next();
  }

  stop(): void {
    this.timer?.cancel();
  }

  private next(): void {
    this.timer = this.clock.after(CHECK_EVERY_MS, () => this.check());
  }

  private check(): void {
    this.quietChecks = this.heard ? 0 : this.quietChecks + 1;
    this.heard = false;
    if (this.quietChecks >= MAX_QUIET_CHECKS) {
      this.silent();
      return;
    }
    if (this.quietChecks >= QUIET_CHECKS_BEFORE_ASKING) this.ask();
    this.next();
  }
}
