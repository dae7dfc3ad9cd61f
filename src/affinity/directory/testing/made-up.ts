import { randomUUID } from 'node:crypto';
import { type CallDirectory, type Claim, type ClaimOutcome, type NewCall } from '../../call-directory.js';
import { type PodIdentity } from '../../pod.js';

/** For tests. */
export const LEASE_MS = 400;

export interface DirectoryUnderTest {
  directory: CallDirectory;
  /** Lets time pass until a call has no lease any more. */
  lapse(callControlId: string): Promise<void>;
  /** Lets at least so much time pass. */
  pass(ms: number): Promise<void>;
}

export function podNamed(name: string): PodIdentity {
  return { uid: `uid-${name}`, bootId: randomUUID(), name, address: `${name}:8081` };
}

export function callAnsweredBy(answeredBy: PodIdentity, more: Partial<NewCall> = {}): NewCall {
  return {
    callControlId: `v3:${randomUUID()}`,
    callSessionId: randomUUID(),
    connectionId: '17',
    answeredAtMs: 1_700_000_000_000,
    streamBaseUrl: 'wss://voice.example.com/parley',
    answeredBy,
    sealed: Buffer.from([0, 1, 255, 13, 10]),
    ...more,
  };
}

export function epochOf(outcome: ClaimOutcome): number {
  if (!outcome.granted) throw new Error('the claim was refused');
  return outcome.epoch;
}

export function claimOf(call: NewCall, pod: PodIdentity, more: Partial<Claim> = {}): Claim {
  return { callControlId: call.callControlId, pod, aboveEpoch: 0, otherwise: call, ...more };
}

export interface OwnedCall {
  call: NewCall;
  id: string;
  epoch: number;
}

/** A call that a pod has answered and owns. */
export async function ownedCall(directory: CallDirectory, pod: PodIdentity): Promise<OwnedCall> {
  const call = callAnsweredBy(pod);
  await directory.put(call);
  return { call, id: call.callControlId, epoch: epochOf(await directory.claim(claimOf(call, pod))) };
}
