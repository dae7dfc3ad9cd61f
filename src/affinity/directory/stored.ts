import { z } from 'zod';
import { parseJson } from '../../common/parse-json.js';
import { type CallRecord, DirectoryUnavailable, type NewCall } from '../call-directory.js';
import { type PodIdentity, podIdentitySchema, type PodState } from '../pod.js';

const podState = z.object({
  pod: podIdentitySchema,
  activeCalls: z.number(),
  maxCalls: z.number(),
  draining: z.boolean(),
});

const storedCall = z.object({
  callSessionId: z.string().optional(),
  connectionId: z.string().optional(),
  answeredAtMs: z.number(),
  streamBaseUrl: z.string(),
  answeredBy: podIdentitySchema,
});

/** The reply of the scripts that give a record: call, sealed, epoch, owner, what is left of the lease, attempt, moving. */
const recordReply = z.tuple([
  z.instanceof(Buffer),
  z.instanceof(Buffer),
  z.number(),
  z.instanceof(Buffer),
  z.number(),
  z.number(),
  z.number(),
]);

/** Checks what Redis gave; another version of this program may have written it. Throws DirectoryUnavailable. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new DirectoryUnavailable('Redis holds what this version cannot read');
}

function parsed<T>(schema: z.ZodType<T>, text: Buffer): T {
  return checked(schema, parseJson(text));
}

/** What of a call is the same for its whole life. */
export function callText(call: NewCall): string {
  const { callSessionId, connectionId, answeredAtMs, streamBaseUrl, answeredBy } = call;
  return JSON.stringify({ callSessionId, connectionId, answeredAtMs, streamBaseUrl, answeredBy });
}

export function callFrom(callControlId: string, text: Buffer, sealed: Buffer): NewCall {
  const { callSessionId, connectionId, ...rest } = parsed(storedCall, text);
  return { callControlId, callSessionId, connectionId, ...rest, sealed: sealed.length === 0 ? undefined : sealed };
}

/** @param reply of a script; null: there is no such record. */
export function recordFrom(callControlId: string, reply: unknown): CallRecord | undefined {
  if (reply === null || reply === undefined) return undefined;
  const [call, sealed, epoch, owner, leaseMs, attempt, moving] = checked(recordReply, reply);
  return {
    ...callFrom(callControlId, call, sealed),
    epoch,
    owner: owner.length === 0 ? undefined : podFrom(owner),
    leaseMs,
    attempt,
    moving: moving === 1,
  };
}

export function podText(pod: PodIdentity): string {
  const { uid, bootId, name, address } = pod;
  return JSON.stringify({ uid, bootId, name, address });
}

export function podFrom(text: Buffer): PodIdentity {
  return parsed(podIdentitySchema, text);
}

export function podStateText({ pod, activeCalls, maxCalls, draining }: PodState): string {
  return JSON.stringify({ pod, activeCalls, maxCalls, draining });
}

/** Undefined for what cannot be read: one pod of another version must not hide the others. */
export function podStateFrom(text: Buffer): PodState | undefined {
  try {
    return parsed(podState, text);
  } catch {
    return undefined;
  }
}
