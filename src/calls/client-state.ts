import { z } from 'zod';

/** What Telnyx keeps for us with a leg (`client_state`) and sends back in every webhook of it. */
export interface ClientState {
  /** The pod that set it. */
  pod: string | undefined;
  /** Where that pod is reached by other pods. */
  address: string | undefined;
  /** On the second leg of a transfer: the call that it was dialled for, and the number of the transfer. */
  call: string | undefined;
  transfer: number | undefined;
}

const VERSION = 1;

const text = z.string().min(1).optional().catch(undefined);
const schema = z.object({
  v: z.literal(VERSION),
  pod: text,
  address: text,
  call: text,
  transfer: z.number().int().min(1).optional().catch(undefined),
});

/** @returns base64 of JSON, as Telnyx wants it. */
export function writeClientState(state: Partial<ClientState>): string {
  return Buffer.from(JSON.stringify({ v: VERSION, ...state })).toString('base64');
}

/** @returns undefined for anything that is not ours: Telnyx says null where nothing was set, and others may set their own. */
export function readClientState(base64: string | undefined): ClientState | undefined {
  if (base64 === undefined) return undefined;
  try {
    const { pod, address, call, transfer } = schema.parse(JSON.parse(Buffer.from(base64, 'base64').toString('utf8')));
    return { pod, address, call, transfer };
  } catch {
    return undefined;
  }
}
