import { z } from 'zod';
import { type Sealer } from '../affinity/sealer.js';
import { TRANSFER_FAILURES } from '../conversation/call.port.js';
import { CALL_PHASES, type CallState, INITIAL_CALL_STATE, SECOND_LEGS } from './call-events.js';
import { type CallFacts } from './carried-call.js';
import { END_REASONS } from './end-reason.js';
import { traceparentSchema } from './traceparent-schema.js';

/** What another pod needs to go on with a call: who calls whom, and how far it has come. */
export interface CallPapers {
  facts: CallFacts;
  state: CallState;
  /** Milliseconds since 1970. */
  startedAtMs: number;
  /** Of the call's trace; undefined where nothing is traced, or all of it is written. */
  traceparent?: string | undefined;
}

const text = z.string().optional();
const stateSchema = z.object({
  phase: z.enum(CALL_PHASES),
  attempt: z.number().int().min(0),
  tries: z.number().int().min(0),
  streamed: z.boolean(),
  transfers: z.number().int().min(0),
  secondLeg: z.enum(SECOND_LEGS),
  announced: text,
  returning: z.enum(TRANSFER_FAILURES).optional(),
  endReason: z.enum(END_REASONS).optional(),
});

const schema = z.object({
  facts: z.object({ callSessionId: text, from: text, to: text }),
  state: stateSchema,
  startedAtMs: z.number(),
  traceparent: traceparentSchema,
});

/** Writes a call's papers. They hold phone numbers, so they are sealed, each to its own call. */
export function sealPapers({ facts, state, startedAtMs, traceparent }: CallPapers, sealer: Sealer): Buffer {
  const { callControlId, callSessionId, from, to } = facts;
  const papers = { facts: { callSessionId, from, to }, state, startedAtMs, traceparent };
  return sealer.seal(Buffer.from(JSON.stringify(papers)), callControlId);
}

/** @returns undefined for what cannot be opened or read: the call can still go on, as one of which only the id is known. */
export function openPapers(callControlId: string, sealed: Buffer | undefined, sealer: Sealer): CallPapers | undefined {
  const plain = sealed && sealer.unseal(sealed, callControlId);
  if (!plain) return undefined;
  try {
    const { facts, state, startedAtMs, traceparent } = schema.parse(JSON.parse(plain.toString('utf8')));
    const full: CallState = { ...INITIAL_CALL_STATE, ...state };
    return { facts: { callControlId, ...facts }, state: full, startedAtMs, traceparent };
  } catch {
    return undefined;
  }
}
