import { LRUCache } from 'lru-cache';

const WINDOW_MS = 60_000;
/** Numbers remembered; beyond it those that called longest ago are forgotten. */
const MAX_CALLERS = 10_000;

/**
 * What stands in `from` where the caller withholds the number: words, and those words typed on a telephone's keys
 * (ANONYMOUS, RESTRICTED, UNAVAILABLE, PRIVATE, UNKNOWN), which some networks send in their place. These are many
 * callers, not one.
 */
const WITHHELD = new Set([
  'anonymous',
  'restricted',
  'unavailable',
  'private',
  'unknown',
  'withheld',
  'blocked',
  'none',
]);
const WITHHELD_AS_DIGITS = new Set(['266696687', '7378742833', '86282452253', '7748283', '8656696']);

/** Calls of each number within the last minute. */
export class CallerRate {
  private readonly begun = new LRUCache<string, number[]>({ max: MAX_CALLERS });

  /**
   * @param callsPerMinute undefined: no limit.
   * @param nowMs monotonic.
   */
  constructor(
    private readonly callsPerMinute: number | undefined,
    private readonly nowMs: () => number,
  ) {}

  /** A call begins. @returns whether it is one too many; such a call is not counted itself. */
  tooOften(from: string | undefined): boolean {
    const caller = callerOf(from);
    if (this.callsPerMinute === undefined || caller === undefined) return false;
    const nowMs = this.nowMs();
    const recent = (this.begun.get(caller) ?? []).filter((atMs) => nowMs - atMs < WINDOW_MS);
    const tooOften = recent.length >= this.callsPerMinute;
    if (!tooOften) recent.push(nowMs);
    this.begun.set(caller, recent);
    return tooOften;
  }
}

/** The same text for the same caller, however the number is written; undefined where it is withheld. */
export function callerOf(from: string | undefined): string | undefined {
  const address = (from ?? '').trim().toLowerCase();
  const user = /^<?(?:sips?|tel):([^@;>]*)/.exec(address)?.[1] ?? address;
  const bare = user.replace(/[\s().\-/]/g, '');
  const digits = /^(?:\+|00)?(\d+)$/.exec(bare)?.[1];
  if (digits !== undefined) return WITHHELD_AS_DIGITS.has(digits) || /^0*$/.test(digits) ? undefined : digits;
  return bare === '' || WITHHELD.has(bare) || address.includes('anonymous.invalid') ? undefined : address;
}
