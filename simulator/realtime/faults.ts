import { type WireError } from './wire-types.js';

/** Everything that can be made to go wrong ahead of time. Event types may be `*` for any. */
export interface FaultDetails {
  /** The upgrade is answered with this HTTP status instead of 101. */
  refuseUpgrade: { status: number; retryAfterSeconds?: number };
  /** 101, then an error and close 3000, whatever the key. */
  failAuth: { code?: string };
  /** The 101 comes late. */
  delayUpgrade: { ms: number };
  /** `session.created` comes late after the 101. */
  delaySessionCreated: { ms: number };
  /** The TCP connection is destroyed instead of sending the nth event of this type in a session. */
  drop: { type: string; nth?: number };
  /** From the nth event of this type on, nothing is sent any more, and the socket stays. */
  stall: { type: string; nth?: number };
  /** The next event of this type is sent this much later than its successors. */
  late: { type: string; ms: number };
  /** The next transcript of the caller, deltas included, comes this much later than its time. */
  lateTranscript: { ms: number };
  /** The next event of this type is sent twice, with the same `event_id`. */
  duplicate: { type: string };
  /** The next event of this type is lost. */
  omit: { type: string };
  /** The next `session.update` is accepted, but the audio formats stay as they were, as the echo shows. */
  keepFormats: object;
  /** The next client event of this type (no append) is answered with an error (by default a refused field). */
  reject: { type: string; error?: Partial<WireError> };
  /** The next client event of this type (no append) is not answered at all. */
  ignore: { type: string };
  /** The next response fails: before anything is said, or after so much audio (0: at the first piece of content). */
  failResponse: { code: 'server_error' | 'rate_limit_exceeded' | 'insufficient_quota'; afterAudioMs?: number };
  /** The next response ends early: before anything is said, or after so much audio (0: at the first piece of content). */
  incompleteResponse: { reason: 'content_filter' | 'max_output_tokens'; afterAudioMs?: number };
}

export type FaultKind = keyof FaultDetails;

interface Armed {
  kind: FaultKind;
  detail: unknown;
  timesLeft: number;
}

/** What can be done to every open session at once. `DoubleSession` has the same for one. */
export interface LiveSession {
  drop(): void;
  stall(): void;
  expire(): void;
  stopReading(): void;
}

/**
 * Faults on demand. Armed ones lie in wait and are used up by the first session (or connection) that meets them, oldest
 * first; the `…Now` ones strike every open session.
 */
export class RealtimeFaults {
  readonly #liveSessions: () => readonly LiveSession[];
  #armed: Armed[] = [];

  constructor(liveSessions: () => readonly LiveSession[] = () => []) {
    this.#liveSessions = liveSessions;
  }

  /** Arms a fault for the next `times` occasions; the returned function disarms what is left of it. */
  arm<Kind extends FaultKind>(kind: Kind, detail: FaultDetails[Kind], times = 1): () => void {
    const armed: Armed = { kind, detail, timesLeft: times };
    this.#armed.push(armed);
    return () => {
      this.#armed = this.#armed.filter((other) => other !== armed);
    };
  }

  /** Uses up one occasion of the oldest armed fault of this kind that `matches`. */
  take<Kind extends FaultKind>(
    kind: Kind,
    matches: (detail: FaultDetails[Kind]) => boolean = () => true,
  ): FaultDetails[Kind] | undefined {
    // The common case, for every event sent: nothing is armed.
    if (this.#armed.length === 0) return undefined;
    const found = this.#armed.find((armed) => armed.kind === kind && matches(armed.detail as FaultDetails[Kind]));
    if (!found) return undefined;
    found.timesLeft--;
    if (found.timesLeft <= 0) this.#armed = this.#armed.filter((armed) => armed !== found);
    return found.detail as FaultDetails[Kind];
  }

  /** Kinds still armed, oldest first: what a test expected to happen and did not. */
  get pending(): readonly FaultKind[] {
    return this.#armed.map(({ kind }) => kind);
  }

  /** Disarms everything. */
  clear(): void {
    this.#armed = [];
  }

  /** Destroys the TCP connection of every session: the clients see close 1006. */
  dropNow(): void {
    for (const session of this.#liveSessions()) session.drop();
  }

  /** Every session stops sending and keeps its socket. */
  stallNow(): void {
    for (const session of this.#liveSessions()) session.stall();
  }

  /** Every session reaches its longest life: `session_expired` and close 1001. */
  expireNow(): void {
    for (const session of this.#liveSessions()) session.expire();
  }

  /** Every session stops reading its socket, so that the clients' send buffers fill up. */
  stopReadingNow(): void {
    for (const session of this.#liveSessions()) session.stopReading();
  }
}
