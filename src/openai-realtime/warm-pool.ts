import { type Clock, type Timer } from '../common/clock.js';
import { type ModelFailure } from '../conversation/model.port.js';
import { type RealtimeSession } from './realtime-session.js';

export interface WarmPoolOptions {
  /** Sessions kept ready between calls; with 0 each call still has one on its way from the moment it is answered. */
  size: number;
  /** A session is exchanged when it has been waiting this long: well before the service's 60 minutes. */
  maxAgeMs: number;
}

/** Waits after failed connects: doubling from one second, and a minute where trying again cannot help by itself. */
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;
/** How often ages are looked at. */
const CHECK_EVERY_MS = 5_000;
/** From the answer to the media stream: a call that has not come for its session by then will not. */
const EXPECTED_FOR_MS = 20_000;

const CLOSED: ModelFailure = { kind: 'fatal', code: 'closed', message: 'the gateway is shutting down' };

interface Waiter {
  resolve(session: RealtimeSession): void;
  reject(failure: ModelFailure): void;
}

/**
 * Keeps a few sessions connected and configured ahead, so that a call's first word does not wait for a handshake of
 * about a second. An idle session costs nothing at the service.
 */
export class WarmPool {
  private idle: RealtimeSession[] = [];
  private connecting = 0;
  private waiters: Waiter[] = [];
  /** Until when each call that was answered is expected to come for its session. */
  private expectedUntilMs: number[] = [];
  private backoffMs = 0;
  private backoffTimer: Timer | undefined;
  private timer: Timer | undefined;
  private closed = false;

  /** @param connect opens a session; rejects with a {@link ModelFailure}. */
  constructor(
    private readonly options: WarmPoolOptions,
    private readonly clock: Clock,
    private readonly connect: () => Promise<RealtimeSession>,
    private readonly failed: (failure: ModelFailure, retryInMs: number) => void,
  ) {}

  /** Sessions that wait for a call. */
  get ready(): number {
    return this.idle.filter((session) => session.alive).length;
  }

  start(): void {
    this.fill();
  }

  /** A call was answered and will come for a session: one more is made ready. */
  anticipate(): void {
    this.expectedUntilMs.push(this.clock.nowMs() + EXPECTED_FOR_MS);
    this.fill();
  }

  /** The session that has waited longest, or the next one to be connected. Rejects with a {@link ModelFailure}. */
  acquire(): Promise<RealtimeSession> {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a failure is a value on this port
    if (this.closed) return Promise.reject(CLOSED);
    this.expectedUntilMs.shift();
    this.exchangeOld();
    const session = this.idle.shift();
    if (session) {
      this.fill();
      return Promise.resolve(session);
    }
    return new Promise((resolve, reject) => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a failure is a value on this port
      this.waiters.push({ resolve, reject: (failure) => reject(failure) });
      if (this.connecting < this.waiters.length) this.connectOne();
      this.fill();
    });
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
    this.backoffTimer?.cancel();
    for (const session of this.idle) session.close();
    this.idle = [];
    for (const waiter of this.waiters.splice(0)) waiter.reject(CLOSED);
  }

  private exchangeOld(): void {
    const nowMs = this.clock.nowMs();
    for (const session of this.idle) {
      const isOld = nowMs - session.openedMs > this.options.maxAgeMs || nowMs >= session.renewAtMs;
      if (isOld) session.close();
    }
    this.idle = this.idle.filter((session) => session.alive);
  }

  private fill(): void {
    this.timer?.cancel();
    if (this.closed) return;
    this.exchangeOld();
    const nowMs = this.clock.nowMs();
    this.expectedUntilMs = this.expectedUntilMs.filter((untilMs) => untilMs > nowMs);
    const target = this.options.size + this.expectedUntilMs.length;
    while (!this.backoffTimer && this.idle.length + this.connecting - this.waiters.length < target) this.connectOne();
    this.timer = this.clock.after(CHECK_EVERY_MS, () => this.fill());
  }

  private connectOne(): void {
    this.connecting++;
    this.connect().then(
      (session) => {
        this.connecting--;
        this.backoffMs = 0;
        if (this.closed) return session.close();
        const waiter = this.waiters.shift();
        if (waiter) waiter.resolve(session);
        else this.idle.push(session);
      },
      (failure: ModelFailure) => {
        this.connecting--;
        // Those still connecting may serve who waits.
        if (this.connecting < this.waiters.length) this.waiters.shift()?.reject(failure);
        this.backOff(failure);
      },
    );
  }

  private backOff(failure: ModelFailure): void {
    if (this.closed || this.backoffTimer) return;
    this.backoffMs =
      failure.kind === 'fatal'
        ? LONGEST_BACKOFF_MS
        : Math.min(Math.max(FIRST_BACKOFF_MS, this.backoffMs * 2), LONGEST_BACKOFF_MS);
    this.failed(failure, this.backoffMs);
    this.backoffTimer = this.clock.after(this.backoffMs, () => {
      this.backoffTimer = undefined;
      this.fill();
    });
  }
}
