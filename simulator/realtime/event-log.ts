/** Any frame, as far as a log needs to know it. */
export interface LoggedEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

interface Waiter {
  type: string;
  predicate: (event: LoggedEvent) => boolean;
  resolve: (event: LoggedEvent) => void;
}

const KEPT_EVENTS = 10_000;

/**
 * Events in the order they came, with a way to wait for one. For each type the log remembers how far a reader has got:
 * `next` hands out every event once, whether it is there already or still to come, so that a test can neither miss one
 * nor get the same one twice.
 */
export class EventLog {
  readonly #name: string;
  readonly #events: LoggedEvent[] = [];
  readonly #counts = new Map<string, number>();
  /** Per type, the number of events (of all types) ever logged when the last one was handed out. */
  readonly #readUpTo = new Map<string, number>();
  readonly #waiters = new Set<Waiter>();
  /** Events that fell out at the front. */
  #forgotten = 0;

  /** @param name says in a time-out's message what was waited for, such as `client event` */
  constructor(name: string) {
    this.#name = name;
  }

  /** The last 10,000 events, oldest first. */
  get events(): readonly LoggedEvent[] {
    return this.#events;
  }

  /** How many events of this type (`*`: of any) there ever were. */
  count(type: string): number {
    if (type === '*') return this.#forgotten + this.#events.length;
    return this.#counts.get(type) ?? 0;
  }

  push(event: LoggedEvent): void {
    this.#events.push(event);
    this.#counts.set(event.type, this.count(event.type) + 1);
    if (this.#events.length > KEPT_EVENTS) {
      this.#events.shift();
      this.#forgotten++;
    }
    for (const waiter of this.#waiters) {
      if (waiter.type !== event.type || !waiter.predicate(event)) continue;
      this.#waiters.delete(waiter);
      this.#readUpTo.set(event.type, this.#forgotten + this.#events.length);
      waiter.resolve(event);
      break;
    }
  }

  /** The next event of this type that was not handed out yet and satisfies the predicate. Rejects after `timeoutMs`. */
  next(
    type: string,
    predicate: (event: LoggedEvent) => boolean = () => true,
    timeoutMs = 10_000,
  ): Promise<LoggedEvent> {
    const from = Math.max(0, (this.#readUpTo.get(type) ?? 0) - this.#forgotten);
    for (let index = from; index < this.#events.length; index++) {
      const event = this.#events[index];
      if (event?.type !== type || !predicate(event)) continue;
      this.#readUpTo.set(type, this.#forgotten + index + 1);
      return Promise.resolve(event);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        const seen = [...this.#counts].map(([seenType, count]) => `${seenType} x${count}`).join(', ');
        reject(new Error(`no ${this.#name} ${type} within ${timeoutMs} ms; seen: ${seen || 'nothing'}`));
      }, timeoutMs);
      const waiter: Waiter = {
        type,
        predicate,
        resolve: (event) => {
          clearTimeout(timer);
          resolve(event);
        },
      };
      this.#waiters.add(waiter);
    });
  }
}
