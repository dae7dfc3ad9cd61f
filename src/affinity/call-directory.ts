/** What the fleet knows of a call, whichever pod serves it. Written when the call is answered, without an owner. */
export interface CallRecord {
  callControlId: string;
  callSessionId: string | undefined;
  /** Milliseconds since 1970. */
  answeredAtMs: number;
  /** `wss` base of the call's media stream, so that any pod can ask for the next one. */
  streamBaseUrl: string;
}

/**
 * Where calls are found. An index of what is true elsewhere (the media socket is the truth), never a permission:
 * when it is away, calls go on.
 */
export abstract class CallDirectory {
  /** @returns true the first time an event id is seen, false for its duplicates. */
  abstract firstSight(eventId: string): Promise<boolean>;
  abstract put(record: CallRecord): Promise<void>;
  abstract find(callControlId: string): Promise<CallRecord | undefined>;
  abstract remove(callControlId: string): Promise<void>;
}
