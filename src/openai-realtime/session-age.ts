/** A session is replaced at least this long before the service ends it: pauses do not come at once. */
const BEFORE_EXPIRY_MS = 120_000;
/** A session that would end sooner than this after it began was given a wrong time, or our clock is wrong. */
const SHORTEST_LIFE_MS = 300_000;

export interface SessionAge {
  /** When it was dialled, on the app's clock. */
  openedMs: number;
  renewAfterMs: number;
  /** Now, on the app's clock and since 1970. */
  nowMs: number;
  epochNowMs: number;
  /** `session.expires_at`: seconds since 1970. */
  expiresAtS: number | null | undefined;
}

/** From when on a new session should take this one's place, on the app's clock. */
export function renewalTimeMs({ openedMs, renewAfterMs, nowMs, epochNowMs, expiresAtS }: SessionAge): number {
  const agedMs = openedMs + renewAfterMs;
  const leftMs = (expiresAtS ?? NaN) * 1_000 - epochNowMs;
  return leftMs >= SHORTEST_LIFE_MS ? Math.min(agedMs, nowMs + leftMs - BEFORE_EXPIRY_MS) : agedMs;
}
