import { z } from 'zod';
import { CONVERSATION_ENDS } from '../call.port.js';
import { type HistoryItem } from '../model.port.js';

const count = z.number().int().nonnegative();
const amount = z.number().nonnegative();

export const savedTokens = z.object({
  inputTextTokens: count,
  inputAudioTokens: count,
  cachedTextTokens: count,
  cachedAudioTokens: count,
  outputTextTokens: count,
  outputAudioTokens: count,
});

const note: z.ZodType<HistoryItem> = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['caller', 'assistant', 'system']), text: z.string() }),
  z.object({
    role: z.literal('tool'),
    ...{ toolCallId: z.string(), name: z.string(), argumentsText: z.string(), output: z.string() },
  }),
]);

/** Who has the floor. */
const floor = z.object({
  /** What the caller is hearing: entries of the transcript. */
  heard: z.array(z.object({ entry: count, heardMs: amount, heardShare: z.number().min(0).max(1) })),
  /** What the assistant was saying was cut off, and not by the caller. */
  cutOff: z.boolean(),
  /** An answer is due, or will be: the caller's turn, a tool's result, a note. */
  owed: z.boolean(),
  /** The caller speaks, or their turn is not part of the conversation yet. */
  callerTurnOpen: z.boolean(),
});

const totals = z.object({
  usage: savedTokens,
  transcriptionSeconds: amount,
  /** Undefined where something has no known price. */
  costUsd: amount.optional(),
  /** Of what has a known price. */
  knownCostUsd: amount,
  turns: count,
  interruptions: count,
  /** When the caller's last words ended, if they are not answered. Milliseconds since 1970. */
  callerEndedAtMs: z.number().optional(),
});

const SCHEMAS = {
  begun: z.object({ atMs: z.number().positive() }),
  sessions: z.object({ resumes: count, greetingHeard: z.boolean() }),
  /** Number of the turn that begins next. */
  nextTurn: count,
  /** Told to the model and not answered. */
  notes: z.array(note),
  totals,
  floor,
  /** What the assistant wants done when all is said. */
  closing: z.object({ toolCallId: z.string(), transferTo: z.string().optional() }).nullable(),
  /** Whom the caller is being connected with. */
  away: z.object({ toolCallId: z.string(), name: z.string() }).nullable(),
  /** Keys of an entry that is not complete. */
  keys: z.string(),
  /** Why the call is being ended; `told`: the caller knows. */
  ending: z.object({ reason: z.enum(CONVERSATION_ENDS), told: z.boolean() }).nullable(),
};

type Schemas = typeof SCHEMAS;

/** A conversation as it stands, besides what was said: each part is written down under its name. */
export type ConversationState = { readonly [Key in keyof Schemas]: z.infer<Schemas[Key]> };
export type Floor = ConversationState['floor'];
export type RecordTotals = ConversationState['totals'];

/** @returns the parts that can be read. */
export function readState(saved: ReadonlyMap<string, unknown>): Partial<ConversationState> {
  const readable = Object.entries(SCHEMAS).flatMap(([key, schema]) => {
    const part = schema.safeParse(saved.get(key));
    return part.success ? [[key, part.data]] : [];
  });
  return Object.fromEntries(readable) as Partial<ConversationState>;
}
