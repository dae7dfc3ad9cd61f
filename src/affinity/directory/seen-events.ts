import { LRUCache } from 'lru-cache';

/** Telnyx redelivers within minutes; ten cover every retry schedule it documents but the last. */
export const EVENT_MEMORY_MS = 10 * 60_000;
const MAX_EVENTS = 100_000;

/** The events that this pod has seen. */
export class SeenEvents {
  private readonly events = new LRUCache<string, true>({ max: MAX_EVENTS, ttl: EVENT_MEMORY_MS });

  /** @returns true the first time. */
  first(eventId: string): boolean {
    if (this.events.has(eventId)) return false;
    this.events.set(eventId, true);
    return true;
  }
}
