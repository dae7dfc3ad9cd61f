import { type PodIdentity, type PodState, type PodView } from './pod.js';

/** A call as it is written down when it is answered, without an owner. */
export interface NewCall {
  callControlId: string;
  callSessionId: string | undefined;
  /** Telnyx's connection (application) that the call came by, for asking Telnyx which calls are active. */
  connectionId: string | undefined;
  /** Milliseconds since 1970. */
  answeredAtMs: number;
  /** `wss` base of the call's media stream, so that any pod can ask for the next one. */
  streamBaseUrl: string;
  answeredBy: PodIdentity;
  /** Sealed: who calls whom, and the state of the call. Opaque to the directory. */
  sealed: Buffer | undefined;
}

/** What the fleet knows of a call, whichever pod serves it. */
export interface CallRecord extends NewCall {
  /** The highest epoch ever given for this call; 0: nobody has owned it yet. Only ever grows. */
  epoch: number;
  /** Who owned it last; undefined: nobody yet, or it is being moved. */
  owner: PodIdentity | undefined;
  /** What is left of the owner's lease, in milliseconds; 0: there is none. */
  leaseMs: number;
  /** Number of the last streaming command for this call: see `nextAttempt`. */
  attempt: number;
  /** It is on its way to another pod: nobody owns it, whoever its next media socket reaches may. */
  moving: boolean;
}

export type ClaimOutcome =
  /** `record`: as it was before the claim; undefined: nobody had written this call down. */
  | { granted: true; epoch: number; record: CallRecord | undefined }
  /** Somebody else's lease is running. */
  | { granted: false; owner: PodIdentity; epoch: number };

export interface Claim {
  callControlId: string;
  pod: PodIdentity;
  /** The epoch given is greater than this, than the stored one, and than any given before; 0 where nothing is known. */
  aboveEpoch: number;
  /** A pod that is proven dead: its lease does not count. */
  dead?: PodIdentity | undefined;
  /** Written down if the call is not: what is known of it from its token. */
  otherwise: NewCall;
}

/** One winner: given only if the call's epoch is still the one that the mover saw. */
export type MoveOutcome =
  { moved: true; epoch: number; attempt: number } | { moved: false; record: CallRecord | undefined };

export interface Lease {
  callControlId: string;
  epoch: number;
}

/**
 * What became of a renewal. `lost`: another pod has a higher epoch, and this one must stop acting for the call.
 * `missing`: the directory has forgotten the call (it came back empty), and it has to be registered again.
 */
export type Renewal = 'kept' | 'lost' | 'missing';

/** The directory does not answer within its bound, or cannot be written. Every method below but `firstSight` rejects so. */
export class DirectoryUnavailable extends Error {
  override readonly name = 'DirectoryUnavailable';
}

/** What the directory says, or something else where it is away. */
export async function orIfAway<T, const U>(asked: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DirectoryUnavailable) return otherwise;
    throw error;
  }
}

/**
 * Where calls are found. An index of what is true elsewhere (the media socket is the truth), never a permission:
 * when it is away, calls go on. Every method settles within a bound (REDIS_COMMAND_TIMEOUT_MS).
 */
export abstract class CallDirectory {
  /** Whether there can be other pods at all. */
  abstract readonly shared: boolean;
  /** Whether the last command was answered; true before the first. */
  abstract readonly available: boolean;
  /**
   * Called each time the directory is back after an absence. Whatever could not be written meanwhile has to be written now.
   * `mayBeEmpty`: it may have forgotten everything; false: it only was late.
   */
  abstract onBack(listener: (mayBeEmpty: boolean) => void): void;

  /** @returns true the first time an event id is seen, false for its duplicates. Never rejects: without the directory, what this pod has seen decides. */
  abstract firstSight(eventId: string): Promise<boolean>;
  /** Writes down a call that is being answered; changes nothing if it is written down already. Lists it under `answeredBy`. */
  abstract put(call: NewCall): Promise<void>;
  abstract find(callControlId: string): Promise<CallRecord | undefined>;
  /** The call of a session (the legs of a transfer share it) that was written down last. */
  abstract findBySession(callSessionId: string): Promise<string | undefined>;

  /**
   * Makes a pod the owner, with a new epoch and a lease of CALL_LEASE_MS. The owner itself gets the epoch it has, though its
   * lease ran out, unless `aboveEpoch` is greater. Lists the call under the pod, even where the claim is refused.
   */
  abstract claim(claim: Claim): Promise<ClaimOutcome>;
  /**
   * Renews leases, in one go. A lease that ran out is given again, unless another pod had the call meanwhile.
   * @returns in the order of the leases.
   */
  abstract renew(pod: PodIdentity, leases: readonly Lease[]): Promise<Renewal[]>;
  /**
   * Registers a call again that the directory has forgotten (or has gone back to an older state of), with the epoch that its
   * owner has. @returns as `renew`; never `missing`. `lost` too where the call was removed meanwhile by a later owner.
   */
  abstract restore(call: NewCall, pod: PodIdentity, epoch: number, attempt: number): Promise<Renewal>;
  /**
   * Takes the call from whoever owns it, for a move: epoch + 1, no owner, the next attempt number.
   * @param sawEpoch the epoch that the mover decided on.
   */
  abstract move(callControlId: string, sawEpoch: number): Promise<MoveOutcome>;
  /**
   * The number of the next streaming command for a call, shared by all pods; only for who has this epoch. `missing` as with
   * `renew`: whoever asks counts by itself, and says so with `restore`.
   */
  abstract nextAttempt(callControlId: string, epoch: number): Promise<number | 'lost' | 'missing'>;
  /**
   * Replaces what is sealed in the record. A call that is not written down stays so.
   * @returns false where this epoch has been overtaken: nothing was changed.
   */
  abstract seal(callControlId: string, epoch: number, sealed: Buffer): Promise<boolean>;
  /**
   * Forgets a call, with all that was kept of it; its epoch is remembered for ten minutes, so that nobody who comes late gets a
   * lower one. @returns false where this epoch has been overtaken: nothing was changed.
   */
  abstract remove(callControlId: string, epoch: number): Promise<boolean>;

  /** Writes down parts of a conversation; undefined removes one. @returns as `renew`: nothing was written unless `kept`. */
  abstract saveTalk(
    callControlId: string,
    epoch: number,
    parts: ReadonlyMap<string, Buffer | undefined>,
  ): Promise<Renewal>;
  abstract readTalk(callControlId: string): Promise<Map<string, Buffer>>;

  /** Says that this pod lives. @returns every pod that was heard of in the last ten minutes, this one included. */
  abstract beat(state: PodState): Promise<PodView[]>;
  /** The calls listed under a pod: answered by it or owned by it, and perhaps no longer. Kept for ten minutes after its last beat. */
  abstract callsOf(pod: PodIdentity): Promise<string[]>;
  /** Takes a call off a pod's list. */
  abstract unlist(pod: PodIdentity, callControlId: string): Promise<void>;
  /** A pod that left in good order, or whose calls are all settled: it is not listed any more. */
  abstract forgetPod(pod: PodIdentity): Promise<void>;
  /** True for one pod of the fleet in each period. For what need not be done by all. */
  abstract turn(what: string, periodMs: number): Promise<boolean>;
  /** Adds one to a counter that starts again after the period. @returns what it is now. */
  abstract count(what: string, periodMs: number): Promise<number>;

  abstract close(): Promise<void>;
}
