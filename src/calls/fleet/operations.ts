import { z } from 'zod';
import { type PeerOperation } from '../../affinity/pods/peers.js';

/**
 * "This webhook is about a call of yours." The body as Telnyx signed it; its signature was checked by who forwards it.
 * `traced`: false where the call is over, so that nothing more is to be written into its trace.
 */
export const WEBHOOK_OPERATION: PeerOperation<{ body: string }, { traced?: boolean | undefined }> = {
  name: 'webhook',
  request: z.object({ body: z.string() }),
  reply: z.object({ traced: z.boolean().optional() }),
};

/**
 * "I have claimed a call that you answered, or had." Answered with its papers: with the directory away they are nowhere
 * else. They stay sealed on their way.
 */
export const CLAIMED_OPERATION: PeerOperation<
  {
    callControlId: string;
    epoch: number;
    /** The directory is away for who claims: whoever reaches it says so there. */
    unlisted?: boolean | undefined;
  },
  {
    sealed?: string | undefined;
    attempt: number;
    /** The epoch in which it had the call; undefined: it was answered there and nobody owned it. */
    epoch?: number | undefined;
    /** What the caller has said since the call stands still: sealed G.711, as base64. */
    unheard?: string | undefined;
  }
> = {
  name: 'claimed',
  request: z.object({
    callControlId: z.string().min(1),
    epoch: z.number().int().min(0),
    unlisted: z.boolean().optional(),
  }),
  reply: z.object({
    sealed: z.base64().optional(),
    attempt: z.number().int().min(0),
    epoch: z.number().int().min(0).optional(),
    unheard: z.base64().optional(),
  }),
};
