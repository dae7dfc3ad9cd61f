import { z } from 'zod';
import { type PodIdentity } from '../affinity/pod.js';
import { podStamp, podStampSchema } from './pod-stamp.js';
import { traceparentSchema } from './traceparent-schema.js';

/** What Telnyx keeps for us with a leg (`client_state`) and sends back in every webhook of it. */
export interface ClientState {
  /** The pod that set it; its name is not in there, the uid stands for it. */
  pod: PodIdentity | undefined;
  /** On the second leg of a transfer: the call that it was dialled for, and the number of the transfer. */
  call: string | undefined;
  transfer: number | undefined;
  /** Of the call's trace; undefined where nothing is traced. */
  traceparent?: string | undefined;
}

const VERSION = 2;

const schema = z.object({
  // 1 named a pod by its name and its host alone, which says nothing about the process.
  v: z.union([z.literal(1), z.literal(VERSION)]),
  pod: podStampSchema.optional().catch(undefined),
  call: z.string().min(1).optional().catch(undefined),
  transfer: z.number().int().min(1).optional().catch(undefined),
  traceparent: traceparentSchema,
});

/** @returns base64 of JSON, as Telnyx wants it. */
export function writeClientState({ pod, ...rest }: Partial<ClientState>): string {
  return Buffer.from(JSON.stringify({ v: VERSION, pod: pod && podStamp(pod), ...rest })).toString('base64');
}

/** @returns undefined for anything that is not ours: Telnyx says null where nothing was set, and others may set their own. */
export function readClientState(base64: string | undefined): ClientState | undefined {
  if (base64 === undefined) return undefined;
  try {
    const { pod, call, transfer, traceparent } = schema.parse(
      JSON.parse(Buffer.from(base64, 'base64').toString('utf8')),
    );
    return { pod, call, transfer, traceparent };
  } catch {
    return undefined;
  }
}
