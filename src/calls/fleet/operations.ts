import { z } from 'zod';
import { type PeerOperation } from '../../affinity/pods/peers.js';

/** "This webhook is about a call of yours." The body as Telnyx signed it; its signature was checked by who forwards it. */
export const WEBHOOK_OPERATION: PeerOperation<{ body: string }, object> = {
  name: 'webhook',
  request: z.object({ body: z.string() }),
  reply: z.object({}),
};

/**
 * "I have claimed a call that you answered, or had." Answered with its papers: with the directory away they are nowhere
 * else. They stay sealed on their way.
 */
export const CLAIMED_OPERATION: PeerOperation<
  { callControlId: string; epoch: number },
  {
    sealed?: string | undefined;
    attempt: number;
    /** What the caller has said since the call stands still: sealed G.711, as base64. */
    unheard?: string | undefined;
  }
> = {
  name: 'claimed',
  request: z.object({ callControlId: z.string().min(1), epoch: z.number().int().min(0) }),
  reply: z.object({ sealed: z.base64().optional(), attempt: z.number().int().min(0), unheard: z.base64().optional() }),
};
