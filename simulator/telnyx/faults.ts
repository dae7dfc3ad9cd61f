/** Trouble for one REST request. */
export type RestFault =
  /** Answers with this error and does nothing. */
  | { kind: 'error'; status: number; code: string; detail?: string; headers?: Record<string, string> }
  /** Never answers; `effect` says whether the command is carried out all the same. */
  | { kind: 'timeout'; effect: boolean }
  | { kind: 'delay'; delayMs: number }
  /** Cuts the connection instead of answering, before or after the command took effect. */
  | { kind: 'drop'; effect: boolean };

/** Trouble for one webhook event (all its attempts). */
export type WebhookFault =
  /** The same event again, `copies` more times (1), each `afterMs` (50) later. */
  | { kind: 'duplicate'; copies?: number; afterMs?: number }
  /** The same event `copies` (2) times at the same moment. */
  | { kind: 'concurrent'; copies?: number }
  /** Held back until the next event of the same call went out. */
  | { kind: 'reorder' }
  | { kind: 'delay'; delayMs: number }
  | { kind: 'drop' }
  | { kind: 'bad-signature' }
  | { kind: 'stale-timestamp'; ageSeconds?: number }
  | { kind: 'version-1' };

/**
 * Faults waiting to happen, by name of what they hit; `'*'` hits anything. One `next` is used up before an `all` applies.
 */
export class FaultPlan<F> {
  private readonly once = new Map<string, F[]>();
  private readonly always = new Map<string, F>();

  /** The next `times` (1) occurrences of `name` have this fault. */
  next(name: string, fault: F, times = 1): void {
    const queue = this.once.get(name) ?? [];
    for (let i = 0; i < times; i++) queue.push(fault);
    this.once.set(name, queue);
  }

  /** Every occurrence of `name` has this fault, until `clear`. */
  all(name: string, fault: F): void {
    this.always.set(name, fault);
  }

  clear(): void {
    this.once.clear();
    this.always.clear();
  }

  /** The fault for this occurrence, which a `next` forgets by being taken. */
  take(name: string): F | undefined {
    return this.once.get(name)?.shift() ?? this.once.get('*')?.shift() ?? this.always.get(name) ?? this.always.get('*');
  }
}

/** REST faults go by action (`answer`, `streaming_start`, `dial`, `retrieve`, ...), webhook faults by event type. */
export class TelnyxFaults {
  readonly rest = new FaultPlan<RestFault>();
  readonly webhooks = new FaultPlan<WebhookFault>();

  clear(): void {
    this.rest.clear();
    this.webhooks.clear();
  }
}
