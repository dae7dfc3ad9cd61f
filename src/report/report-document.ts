import { z } from 'zod';
import { type TranscriptEntry, type TurnReport } from '../conversation/record/conversation-report.js';
import { type CallReport } from './call-report.js';

/** Goes up when a field is renamed, is taken away, or changes its meaning; new fields and kinds come without notice. */
export const REPORT_VERSION = 1;

const time = (meaning: string) => z.iso.datetime().describe(meaning);
const count = (meaning: string) => z.int().nonnegative().describe(meaning);
const durationMs = (meaning: string) => z.number().nonnegative().describe(`${meaning}, in milliseconds.`);
const costUsd = (meaning: string) => z.number().nonnegative().nullable().describe(meaning);

export const usageSchema = z.object({
  inputTextTokens: count('Text in, the cached ones among them.'),
  inputAudioTokens: count('Audio in, the cached ones among them.'),
  cachedTextTokens: count('Of the text in, what was charged at the price of cached tokens.'),
  cachedAudioTokens: count('Of the audio in, what was charged at the price of cached tokens.'),
  outputTextTokens: count('Text out.'),
  outputAudioTokens: count('Audio out.'),
});

const at = time('When it was said or done.');

export const callerEntrySchema = z.object({
  kind: z.literal('caller'),
  at,
  text: z
    .string()
    .nullable()
    .describe('What the caller said. Null: they spoke, and it was not written down (transcription off or failed).'),
});

export const assistantEntrySchema = z.object({
  kind: z.literal('assistant'),
  at,
  text: z.string().describe('What the assistant said, as far as the caller heard it.'),
  cut: z.boolean().describe('The caller interrupted it, or the call ended before it was heard to the end.'),
  heardShare: z.number().min(0).max(1).describe('How much of its audio the caller heard, from 0 to 1.'),
});

export const keysEntrySchema = z.object({
  kind: z.literal('keys'),
  at,
  keys: z.string().describe('Keys that the caller pressed, as one entry: digits, `*`, `#`.'),
});

export const toolEntrySchema = z.object({
  kind: z.literal('tool'),
  at,
  name: z.string().describe('The tool that the assistant called.'),
  argumentsText: z.string().describe('Its arguments as the model wrote them: JSON, if all is well.'),
  output: z
    .string()
    .nullable()
    .describe('What the model was told about the result. Null: there was none before the end.'),
});

const entrySchema = z.discriminatedUnion('kind', [
  callerEntrySchema,
  assistantEntrySchema,
  keysEntrySchema,
  toolEntrySchema,
]);

export const turnSchema = z.object({
  turn: z.int().positive().describe('Number of the turn, from 1.'),
  callerEndedAt: time('When the caller had finished speaking.'),
  answeredAfterMs: durationMs('From there to the first audio of the answer on its way to the caller'),
  interrupted: z.boolean().describe('The caller cut the answer off.'),
  usage: usageSchema.describe('Tokens of the responses of this turn.'),
  costUsd: costUsd('Of those responses, in US dollars. Null where the price is not known.'),
});

export const conversationSchema = z.object({
  transcript: z.array(entrySchema).describe('What was said, pressed and done, in order.'),
  turns: z.array(turnSchema).describe('The turns in which the assistant answered the caller; the greeting is none.'),
  interruptions: count('How often the caller cut the assistant off.'),
  resumes: count('How often the conversation went on in a new session with the model after the old one was lost.'),
  usage: usageSchema.describe('Tokens of all responses.'),
  transcriptionSeconds: z
    .number()
    .nonnegative()
    .describe('Audio that was written down, in seconds, where it is counted so.'),
  costUsd: costUsd('Of all responses and transcriptions, in US dollars. Null where any of them has no known price.'),
});

export const callSchema = z.object({
  version: z.literal(REPORT_VERSION).describe('Of this form. New fields and kinds may come without a new version.'),
  callId: z.string().describe("Telnyx's `call_control_id`."),
  sessionId: z.string().nullable().describe("Telnyx's `call_session_id`: the same for all legs of a call."),
  from: z.string().nullable().describe("The caller's number as Telnyx gave it."),
  to: z.string().nullable().describe('The number that was called.'),
  startedAt: time('When the call came in.'),
  endedAt: time('When it ended, or was handed over to somebody else.'),
  durationMs: durationMs('From the one to the other'),
  endReason: z.string().describe('Why it ended: a word like `caller-hung-up`.'),
  conversation: conversationSchema.nullable().describe('Null where the assistant never got to speak with the caller.'),
});

export const reportSchema = z.object({
  type: z.literal('call.ended').describe('What happened.'),
  timestamp: time('When it happened: the same as `data.endedAt`.'),
  data: callSchema.describe('The call.'),
});

export type ReportDocument = z.infer<typeof reportSchema>;
type ConversationDocument = z.infer<typeof conversationSchema>;

/**
 * The report as it is sent: camelCase, units in the names, times in ISO 8601 (UTC), null for what is not known, in the
 * envelope that Standard Webhooks recommends. Throws RangeError on times that are none.
 */
export function reportDocument({ conversation, ...call }: CallReport): ReportDocument {
  return {
    type: 'call.ended',
    timestamp: call.endedAt,
    data: {
      version: REPORT_VERSION,
      callId: call.callId,
      sessionId: call.sessionId ?? null,
      from: call.from ?? null,
      to: call.to ?? null,
      startedAt: call.startedAt,
      endedAt: call.endedAt,
      durationMs: Math.round(call.durationMs),
      endReason: call.endReason,
      conversation: conversation && {
        transcript: conversation.transcript.map(transcriptEntry),
        turns: conversation.turns.map(turn),
        interruptions: conversation.interruptions,
        resumes: conversation.resumes,
        usage: conversation.usage,
        transcriptionSeconds: rounded(conversation.transcriptionSeconds, 3),
        costUsd: cost(conversation.costUsd),
      },
    },
  };
}

function transcriptEntry({ atMs, ...entry }: TranscriptEntry): ConversationDocument['transcript'][number] {
  const at = iso(atMs);
  switch (entry.kind) {
    case 'caller':
      return { kind: 'caller', at, text: entry.text ?? null };
    case 'assistant':
      return { kind: 'assistant', at, text: entry.text, cut: entry.cut, heardShare: rounded(entry.heardShare, 3) };
    case 'keys':
      return { kind: 'keys', at, keys: entry.keys };
    case 'tool': {
      const { name, argumentsText, output } = entry;
      return { kind: 'tool', at, name, argumentsText, output: output ?? null };
    }
  }
}

function turn(report: TurnReport): ConversationDocument['turns'][number] {
  return {
    turn: report.turn,
    callerEndedAt: iso(report.callerEndedAtMs),
    answeredAfterMs: Math.round(report.answeredAfterMs),
    interrupted: report.interrupted,
    usage: report.usage,
    costUsd: cost(report.costUsd),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** To a millionth of a dollar, the price of one token at one dollar a million: sums of fractions are no prettier in decimal. */
function cost(usd: number | undefined): number | null {
  return usd === undefined ? null : rounded(usd, 6);
}

function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
