import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type PodIdentity } from '../affinity/pod.js';
import { writeClientState } from './client-state.js';
import { type TransferFailure } from '../conversation/call.port.js';
import { type CallIdentity } from './webhook-event.js';

/** A leg that was dialled for a call. */
export interface SecondLeg {
  /** The call that it was dialled for. */
  firstLeg: string;
  /** Number of the transfer within that call. */
  transfer: number;
}

interface Awaited extends SecondLeg {
  callSessionId: string | undefined;
}

/** Legs by their own id, remembered so that a late webhook of an older transfer is not taken for one of the newest. */
const LEG_MEMORY = { max: 20_000, ttl: 4.5 * 3_600_000 };

/**
 * Tells which webhooks are about the second leg of a transfer. The leg carries our client state; should that get lost,
 * it shares the session id of the call it was dialled for.
 */
@Injectable()
export class SecondLegs {
  private readonly legs = new LRUCache<string, SecondLeg>(LEG_MEMORY);
  private readonly byCall = new Map<string, Awaited>();
  private readonly bySession = new Map<string, Awaited>();

  /**
   * A second leg is about to be dialled.
   * @param traceparent of the call's trace, where it is traced.
   * @returns the client state that it has to carry.
   */
  expect(leg: SecondLeg, callSessionId: string | undefined, pod: PodIdentity, traceparent?: string): string {
    const awaited = { ...leg, callSessionId };
    this.byCall.set(leg.firstLeg, awaited);
    if (callSessionId !== undefined) this.bySession.set(callSessionId, awaited);
    return writeClientState({ pod, call: leg.firstLeg, transfer: leg.transfer, traceparent });
  }

  /** The call is over. */
  forget(firstLeg: string): void {
    const sessionId = this.byCall.get(firstLeg)?.callSessionId;
    this.byCall.delete(firstLeg);
    if (sessionId !== undefined) this.bySession.delete(sessionId);
  }

  /** The second leg that a webhook is about; undefined: it is about a call of its own. */
  find(identity: CallIdentity): SecondLeg | undefined {
    const { callControlId, callSessionId, clientState } = identity;
    const known = this.legs.get(callControlId);
    if (known) return known;
    const named = clientState?.call === undefined ? undefined : this.byCall.get(clientState.call);
    const awaited = named ?? (callSessionId === undefined ? undefined : this.bySession.get(callSessionId));
    if (!awaited || awaited.firstLeg === callControlId) return undefined;
    const transfer = named ? (clientState?.transfer ?? awaited.transfer) : awaited.transfer;
    const leg = { firstLeg: awaited.firstLeg, transfer };
    this.legs.set(callControlId, leg);
    return leg;
  }
}

/** What `hangup_cause` of a second leg says about the person called. Unknown words are a failure like any other. */
const FAILURES: ReadonlyMap<string, TransferFailure> = new Map<string, TransferFailure>([
  ['user_busy', 'busy'],
  ['busy', 'busy'],
  ['no_answer', 'no-answer'],
  ['no_user_response', 'no-answer'],
  // `timeout_secs` of the transfer has passed.
  ['timeout', 'no-answer'],
  ['call_rejected', 'refused'],
]);

/** How a second leg ended. `talked`: as a talk ends that took place, whether or not its beginning was told. */
export function endOfSecondLeg(hangupCause: string): { why: TransferFailure; talked: boolean } {
  const talked = hangupCause === 'normal_clearing' || hangupCause === 'time_limit';
  return { why: FAILURES.get(hangupCause) ?? 'failed', talked };
}
