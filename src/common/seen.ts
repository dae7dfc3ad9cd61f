import { LRUCache } from 'lru-cache';
import { type Clock } from './clock.js';

/** With so many in one of its times, something else is wrong, and memory stays bounded (some 20 MB). */
const MAX_IDS = 100_000;

/** Options of an LRUCache whose entries grow old by a clock of the app. */
export function agingBy(clock: Clock) {
  // It takes a time of 0 for none.
  return { perf: { now: () => clock.nowMs() + 1 }, ttlResolution: 0 };
}

/** Tells the first time that an id is seen from later ones, for `keptMs` after the first. */
export class Seen {
  private readonly ids: LRUCache<string, true>;

  constructor(clock: Clock, keptMs: number) {
    this.ids = new LRUCache({ max: MAX_IDS, ttl: keptMs, ...agingBy(clock) });
  }

  /** @returns true the first time. */
  first(id: string): boolean {
    if (this.ids.has(id)) return false;
    this.ids.set(id, true);
    return true;
  }
}
