import { type FaultPlan, type WebhookFault } from './faults.js';
import { type TelnyxSwitches } from './switches.js';
import { Timers } from './timers.js';
import { WebhookClient, type WebhookReply } from './webhook-request.js';
import { type TelnyxKeyPair } from './webhook-signature.js';
import { type DeliveryOverrides, isRetried, webhookBody, type WebhookEvent, webhookHeaders } from './webhook-wire.js';

/** One attempt to deliver an event. */
export interface DeliveryRecord {
  readonly event_type: string;
  readonly id: string;
  readonly attempt: number;
  readonly url: string;
  /** `undefined`: no answer; `error` says why. */
  readonly status: number | undefined;
  readonly error: string | undefined;
  readonly latencyMs: number;
  readonly callControlId: string | undefined;
  /** Epoch milliseconds at which the attempt began. */
  readonly at: number;
  readonly body: string;
}

interface SenderOptions {
  readonly keyPair: TelnyxKeyPair;
  readonly switches: TelnyxSwitches;
  readonly faults: FaultPlan<WebhookFault>;
  readonly defaultUrl: () => string | undefined;
  readonly onAttempt: (record: DeliveryRecord) => void;
}

/** Releases an event held by a `reorder` fault when no other follows. */
const REORDER_LIMIT_MS = 1000;
const MAX_REDIRECTS = 3;

/** Delivers events as Telnyx does: signed over the exact bytes, a time limit, redelivery with a fresh signature. */
export class WebhookSender {
  private readonly client = new WebhookClient();
  private readonly timers = new Timers();
  private readonly lastOfCall = new Map<string, Promise<unknown>>();
  private readonly held = new Map<string, (() => void)[]>();
  private readonly inFlight = new Set<Promise<unknown>>();
  private readonly pauses = new Set<() => void>();
  private closed = false;

  constructor(private readonly options: SenderOptions) {}

  /** An event of a call: subject to the faults and to the order switch. @param orderKey events with the same key belong together */
  emit(orderKey: string, event: WebhookEvent, overrides: DeliveryOverrides = {}): void {
    const fault = this.options.faults.take(event.event_type);
    const send = (more: DeliveryOverrides = {}): void => this.inOrder(orderKey, event, { ...overrides, ...more });
    const waiting = fault?.kind === 'reorder' ? undefined : this.held.get(orderKey);
    switch (fault?.kind) {
      case undefined:
        send();
        break;
      case 'drop':
        break;
      case 'duplicate':
        send();
        for (let copy = 1; copy <= (fault.copies ?? 1); copy++) {
          this.later(copy * (fault.afterMs ?? 50), () => send());
        }
        break;
      case 'concurrent':
        for (let copy = 0; copy < (fault.copies ?? 2); copy++) void this.deliver(event, overrides);
        break;
      case 'delay':
        this.later(fault.delayMs, () => send());
        break;
      case 'reorder':
        this.hold(orderKey, () => send());
        break;
      case 'bad-signature':
        send({ signature: 'bad' });
        break;
      case 'stale-timestamp':
        send({ timestampAgeSeconds: fault.ageSeconds ?? 600 });
        break;
      case 'version-1':
        send({ version: '1' });
        break;
    }
    if (waiting !== undefined) {
      this.held.delete(orderKey);
      // After the answer to this one, so that the app really sees them in the other order.
      const released = (this.lastOfCall.get(orderKey) ?? Promise.resolve()).then(() => {
        for (const release of waiting) release();
      });
      this.track(released);
    }
  }

  /** Delivers one event with all its attempts, whatever the faults say. @returns the last attempt; never rejects */
  deliver(event: WebhookEvent, overrides: DeliveryOverrides = {}): Promise<DeliveryRecord> {
    const delivery = this.allAttempts(event, overrides);
    this.track(delivery);
    return delivery;
  }

  private async allAttempts(event: WebhookEvent, overrides: DeliveryOverrides): Promise<DeliveryRecord> {
    const { switches } = this.options;
    const delays = overrides.retryDelaysMs ?? switches.webhookRetryDelaysMs;
    for (let attempt = 1; ; attempt++) {
      const record = await this.attempt(event, attempt, overrides);
      const delayMs = delays[attempt - 1];
      if (this.closed || delayMs === undefined || !isRetried(record.status)) return record;
      await this.pause(delayMs);
    }
  }

  /** Resolves when no delivery, retry or held event is under way. */
  async settled(): Promise<void> {
    while (this.inFlight.size > 0) await Promise.allSettled([...this.inFlight]);
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const release of [...this.held.values()].flat()) release();
    this.held.clear();
    this.timers.clear();
    for (const wake of [...this.pauses]) wake();
    this.client.close();
    await this.settled();
  }

  private inOrder(orderKey: string, event: WebhookEvent, overrides: DeliveryOverrides): void {
    if (this.closed) return;
    const before = this.options.switches.webhookOrder === 'in-order' ? this.lastOfCall.get(orderKey) : undefined;
    const delivery =
      before === undefined ? this.deliver(event, overrides) : before.then(() => this.deliver(event, overrides));
    this.lastOfCall.set(orderKey, delivery);
    this.track(
      delivery.then(() => {
        if (this.lastOfCall.get(orderKey) === delivery) this.lastOfCall.delete(orderKey);
      }),
    );
  }

  private hold(orderKey: string, send: () => void): void {
    const queue = this.held.get(orderKey) ?? [];
    this.held.set(orderKey, queue);
    const released = new Promise<void>((resolve) => {
      const release = (): void => {
        cancel();
        send();
        resolve();
      };
      const cancel = this.timers.after(REORDER_LIMIT_MS, () => {
        const index = queue.indexOf(release);
        if (index < 0) return;
        queue.splice(index, 1);
        release();
      });
      queue.push(release);
    });
    this.track(released);
  }

  private track(work: Promise<unknown>): void {
    this.inFlight.add(work);
    void work.finally(() => this.inFlight.delete(work));
  }

  private later(delayMs: number, action: () => void): void {
    this.track(this.pause(delayMs).then(action));
  }

  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.pauses.delete(wake);
        resolve();
      };
      const cancel = this.timers.after(delayMs, wake);
      this.pauses.add(wake);
    });
  }

  private async attempt(event: WebhookEvent, attempt: number, overrides: DeliveryOverrides): Promise<DeliveryRecord> {
    const { switches, defaultUrl, onAttempt } = this.options;
    const primary = overrides.url ?? defaultUrl();
    const url = attempt > 2 && switches.webhookFailoverUrl !== undefined ? switches.webhookFailoverUrl : primary;
    const at = Date.now();
    const body = url === undefined ? '' : webhookBody(event, attempt, url, overrides, switches);
    const reply: WebhookReply =
      url === undefined
        ? { status: undefined, error: 'no webhook URL is set', latencyMs: 0 }
        : await this.post(url, body, overrides);
    const payloadId = event.payload['call_control_id'];
    const record: DeliveryRecord = {
      event_type: event.event_type,
      id: event.id,
      attempt,
      url: url ?? '',
      status: reply.status,
      error: reply.error,
      latencyMs: reply.latencyMs,
      callControlId: typeof payloadId === 'string' ? payloadId : undefined,
      at,
      body,
    };
    onAttempt(record);
    return record;
  }

  private async post(url: string, body: string, overrides: DeliveryOverrides): Promise<WebhookReply> {
    const { switches, keyPair } = this.options;
    let target = url;
    for (let redirects = 0; ; redirects++) {
      const reply = await this.client.post(target, body, webhookHeaders(keyPair, body, overrides), {
        timeoutMs: switches.webhookTimeoutMs,
        validateCertificates: switches.validateCertificates,
        ...(overrides.method === undefined ? {} : { method: overrides.method }),
      });
      const redirected = reply.status !== undefined && reply.status >= 300 && reply.status < 400 && reply.location;
      if (!redirected || switches.webhookRedirects === 'failure' || redirects >= MAX_REDIRECTS) return reply;
      target = new URL(redirected, target).href;
    }
  }
}
