import { type Clock } from '../../common/clock.js';

/** The part of a PinoLogger that is used here. */
export interface PeerLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const EVERY_MS = 60_000;

/** Warns of something once a minute at most, and says how often it was since. */
export class RareLog {
  private quietUntilMs = -Infinity;
  private since = 0;
  /** How often it happened in all. */
  count = 0;

  constructor(
    private readonly clock: Clock,
    private readonly log: PeerLog,
    private readonly message: string,
  ) {}

  warn(fields: object): void {
    this.count++;
    this.since++;
    const nowMs = this.clock.nowMs();
    if (nowMs < this.quietUntilMs) return;
    this.log.warn({ ...fields, times: this.since }, this.message);
    this.since = 0;
    this.quietUntilMs = nowMs + EVERY_MS;
  }
}
