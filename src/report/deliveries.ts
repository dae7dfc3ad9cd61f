import { setTimeout as delay } from 'node:timers/promises';
import pRetry, { AbortError, type Options } from 'p-retry';
import { type Secret } from '../config/secret.js';
import { connectionFailure, DeliveryFailure, failureOf } from './delivery-failure.js';
import { post } from './post.js';
import { Slots } from './slots.js';
import { signedHeaders } from './standard-webhook.js';

export interface DeliveriesOptions {
  url: string;
  secret: Secret;
  /** Of one attempt, from the look-up of the name to the end of the answer. */
  timeoutMs: number;
  giveUpAfterMs: number;
  /** Attempts at a time. */
  atOnce?: number;
  maxPending?: number;
  maxPendingBytes?: number;
  /** The first wait, which doubles from attempt to attempt; each is made up to twice as long at random. */
  firstWaitMs?: number;
  maxWaitMs?: number;
}

/** Something to be delivered. */
export interface Parcel {
  /** The same for what is the same: receivers know by it what they have. */
  id: string;
  callId: string;
  body: Buffer;
}

/** What becomes of parcels. `attempts` counts from 1, `problem` is one of a {@link DeliveryFailure}. */
export interface DeliveriesListener {
  delivered(parcel: Parcel, attempts: number): void;
  /** It will be tried again. */
  attemptFailed(parcel: Parcel, attempts: number, problem: string): void;
  failed(parcel: Parcel, attempts: number, problem: string): void;
  /** There was no room for it any more. */
  dropped(parcel: Parcel): void;
}

interface Delivery {
  parcel: Parcel;
  attempts: number;
  /** An attempt is being made, or has succeeded. */
  trying: boolean;
  /** Ends its wait or its attempt. */
  stop: AbortController;
  /** `performance.now()` at which it is given up. */
  untilMs: number;
  /** Its waits were shortened for the end of the process. */
  hurried: boolean;
}

/** Why a delivery is stopped. */
const DROPPED = new Error('dropped');
const HURRY = new Error('the process is about to leave');

/** Small enough to be no burden for the receiver or for us, large enough for the calls of a busy pod. */
const AT_ONCE = 8;
const MAX_PENDING = 1_000;
const MAX_PENDING_BYTES = 64 * 1024 * 1024;
const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 300_000;

/**
 * Posts parcels to one receiver until it takes them: signed, with growing waits, a few at a time. A wait takes no place
 * from others. When there are too many, the oldest is dropped.
 */
export class Deliveries {
  private readonly options: Required<DeliveriesOptions>;
  private readonly slots: Slots;
  /** The oldest first. */
  private readonly deliveries = new Set<Delivery>();
  private pendingBytes = 0;
  /** `performance.now()` at which all that is left is dropped. */
  private closesAtMs = Infinity;
  private wakeCloser: (() => void) | undefined;

  constructor(
    options: DeliveriesOptions,
    private readonly listener: DeliveriesListener,
  ) {
    this.options = {
      atOnce: AT_ONCE,
      maxPending: MAX_PENDING,
      maxPendingBytes: MAX_PENDING_BYTES,
      firstWaitMs: FIRST_WAIT_MS,
      maxWaitMs: MAX_WAIT_MS,
      ...options,
    };
    this.slots = new Slots(this.options.atOnce);
  }

  get pending(): number {
    return this.deliveries.size;
  }

  add(parcel: Parcel): void {
    const nowMs = performance.now();
    const untilMs = Math.min(nowMs + this.options.giveUpAfterMs, this.closesAtMs);
    if (nowMs >= untilMs) return this.listener.dropped(parcel);
    const stop = new AbortController();
    const delivery: Delivery = { parcel, attempts: 0, trying: false, stop, untilMs, hurried: false };
    this.deliveries.add(delivery);
    this.pendingBytes += parcel.body.length;
    while (this.pending > this.options.maxPending || this.pendingBytes > this.options.maxPendingBytes)
      this.dropOldest();
    if (this.deliveries.has(delivery)) void this.deliver(delivery);
  }

  /**
   * Gives what is pending a last chance: what waits for its next attempt is tried now.
   * @param graceMs how long at most.
   * @returns how many were not delivered; each was told as dropped.
   */
  async close(graceMs: number): Promise<number> {
    this.closesAtMs = performance.now() + graceMs;
    for (const delivery of this.deliveries) {
      delivery.untilMs = Math.min(delivery.untilMs, this.closesAtMs);
      if (!delivery.trying) delivery.stop.abort(HURRY);
    }
    if (this.pending > 0) {
      const patience = new AbortController();
      this.wakeCloser = () => patience.abort();
      await delay(graceMs, undefined, { signal: patience.signal }).catch(() => undefined);
    }
    this.closesAtMs = 0;
    const lost = [...this.deliveries];
    for (const delivery of lost) this.drop(delivery);
    return lost.length;
  }

  private dropOldest(): void {
    const all = [...this.deliveries];
    const oldest = all.find(({ trying }) => !trying) ?? all[0];
    if (oldest) this.drop(oldest);
  }

  private drop(delivery: Delivery): void {
    this.forget(delivery);
    delivery.stop.abort(DROPPED);
    this.listener.dropped(delivery.parcel);
  }

  private forget(delivery: Delivery): void {
    if (!this.deliveries.delete(delivery)) return;
    this.pendingBytes -= delivery.parcel.body.length;
    if (this.pending === 0) this.wakeCloser?.();
  }

  /** Never rejects. */
  private async deliver(delivery: Delivery): Promise<void> {
    for (;;) {
      try {
        await pRetry(() => this.attempt(delivery), this.retryOptions(delivery));
        this.forget(delivery);
        this.listener.delivered(delivery.parcel, delivery.attempts);
        return;
      } catch (error) {
        if (!this.deliveries.has(delivery)) return;
        if (delivery.stop.signal.reason === HURRY) {
          delivery.stop = new AbortController();
          delivery.hurried = true;
          await this.pauseBriefly(delivery);
          if (this.deliveries.has(delivery)) continue;
          return;
        }
        this.forget(delivery);
        const problem = error instanceof DeliveryFailure ? error.problem : String(error);
        this.listener.failed(delivery.parcel, delivery.attempts, problem);
        return;
      }
    }
  }

  /** So that all that were waiting do not come at the same moment. */
  private async pauseBriefly({ stop }: Delivery): Promise<void> {
    const waitMs = Math.random() * this.options.firstWaitMs;
    await delay(waitMs, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
  }

  private retryOptions(delivery: Delivery): Options {
    const { firstWaitMs, maxWaitMs } = this.options;
    return {
      retries: Infinity,
      minTimeout: firstWaitMs,
      maxTimeout: maxWaitMs,
      randomize: true,
      maxRetryTime: Math.max(0, delivery.untilMs - performance.now()),
      signal: delivery.stop.signal,
      onFailedAttempt: ({ error }) => this.afterFailure(delivery, error as DeliveryFailure),
    };
  }

  private async attempt(delivery: Delivery): Promise<void> {
    const { parcel, stop } = delivery;
    await this.slots.take();
    try {
      stop.signal.throwIfAborted();
      delivery.trying = true;
      delivery.attempts++;
      const failure = await this.send(parcel, stop.signal);
      if (!failure) return;
      delivery.trying = false;
      throw failure.final ? new AbortError(failure) : failure;
    } finally {
      this.slots.giveBack();
    }
  }

  private async send({ id, body }: Parcel, signal: AbortSignal): Promise<DeliveryFailure | undefined> {
    const { url, secret, timeoutMs } = this.options;
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Parley',
      ...signedHeaders(id, Math.floor(Date.now() / 1_000), body, secret),
    };
    try {
      return failureOf(await post(url, { headers, body, timeoutMs, signal }));
    } catch (error) {
      return connectionFailure(error);
    }
  }

  /** Waits for as long as the receiver asked for, before the wait that comes anyway. */
  private async afterFailure(delivery: Delivery, failure: DeliveryFailure): Promise<void> {
    const leftMs = delivery.untilMs - performance.now();
    const { retryAfterMs = 0 } = failure;
    if (leftMs <= 0 || retryAfterMs > leftMs) throw failure;
    this.listener.attemptFailed(delivery.parcel, delivery.attempts, failure.problem);
    if (retryAfterMs > 0) await delay(retryAfterMs, undefined, { signal: delivery.stop.signal, ref: false });
    if (this.closesAtMs < Infinity && !delivery.hurried) delivery.stop.abort(HURRY);
  }
}
