/** Counts by a word out of a few. Plain numbers, there from the beginning: a series that appears late hides its first step. */
export class Tally<K extends string> {
  private readonly counts: Record<K, number>;

  constructor(keys: readonly K[]) {
    this.counts = eachOf(keys, () => 0);
  }

  add(key: K, amount = 1): void {
    this.counts[key] += amount;
  }

  of(key: K): number {
    return this.counts[key];
  }

  get entries(): [K, number][] {
    return Object.entries(this.counts) as [K, number][];
  }

  toJSON(): Readonly<Record<K, number>> {
    return this.counts;
  }
}

/** A record with a value for each key. */
export function eachOf<K extends string, T>(keys: readonly K[], make: (key: K) => T): Record<K, T> {
  return Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<K, T>;
}
