/** A key that the caller pressed. */
export interface PressedKey {
  /** One of 0-9, A-D, * and #. */
  digit: string;
  /** Milliseconds since 1970, by the sender's clock; undefined where it was not told. */
  occurredAtMs: number | undefined;
}

/**
 * The order in which keys were pressed: webhooks are separate requests, and the stream promises no order either, only the
 * time of each key. Where any has no time, the order in which they came is the best there is.
 */
export function asPressed(keys: readonly PressedKey[]): PressedKey[] {
  const timed = keys.flatMap((key) => (key.occurredAtMs === undefined ? [] : [{ key, atMs: key.occurredAtMs }]));
  if (timed.length < keys.length) return [...keys];
  return timed.sort((a, b) => a.atMs - b.atMs).map(({ key }) => key);
}
