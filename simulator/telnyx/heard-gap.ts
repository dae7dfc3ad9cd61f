import { type SoundSpan } from '../audio/energy.js';

/** A silence in what a caller hears. Times are those of the spans it was found in. */
export interface HeardGap {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Pauses between words are shorter. */
export const LEAST_GAP_MS = 200;

/**
 * The first silence after a moment, until something is heard again. A silence that was going on already counts from the
 * moment itself.
 * @param spans what sounded, in order
 * @param leastMs shorter silences are passed over
 * @returns undefined as long as nothing was heard after it
 */
export function gapAfter(spans: readonly SoundSpan[], atMs: number, leastMs = LEAST_GAP_MS): HeardGap | undefined {
  let fromMs = atMs;
  for (const span of spans) {
    if (span.toMs <= atMs) continue;
    if (span.fromMs - fromMs >= leastMs) return { fromMs, toMs: span.fromMs };
    fromMs = Math.max(fromMs, span.toMs);
  }
  return undefined;
}

/**
 * The longest silence between two moments, at whose ends something was heard, or one of the moments lies.
 * @param spans what sounded, in order
 */
export function longestGap(spans: readonly SoundSpan[], fromMs: number, toMs: number): HeardGap {
  let longest: HeardGap = { fromMs, toMs: fromMs };
  let silentFromMs = fromMs;
  for (const span of [...spans, { fromMs: toMs, toMs }]) {
    const untilMs = Math.min(span.fromMs, toMs);
    if (untilMs - silentFromMs > longest.toMs - longest.fromMs) longest = { fromMs: silentFromMs, toMs: untilMs };
    silentFromMs = Math.max(silentFromMs, span.toMs);
  }
  return longest;
}
