import { z } from 'zod';
import { base64DecodedBytes } from '../common/flat-json.js';

/**
 * The server events of the Realtime API that matter on a phone call. Unknown events and fields are allowed for: the API
 * adds both without notice.
 */
/** A detail whose shape changed is as good as missing; the event around it still counts. */
const text = z.string().nullish().catch(undefined);
const error = z.object({ type: text, code: text, message: text, param: text, event_id: text });
const session = z.object({
  id: z.string().optional(),
  expires_at: z.number().nullish(),
  audio: z
    .object({
      input: z.object({ format: z.object({ type: z.string() }).nullish() }).nullish(),
      output: z.object({ format: z.object({ type: z.string() }).nullish() }).nullish(),
    })
    .nullish(),
});
const count = z
  .number()
  .min(0)
  .nullish()
  .transform((value) => value ?? 0);
const usage = z.object({
  input_token_details: z
    .object({
      text_tokens: count,
      audio_tokens: count,
      cached_tokens_details: z.object({ text_tokens: count, audio_tokens: count }).nullish(),
    })
    .nullish(),
  output_token_details: z.object({ text_tokens: count, audio_tokens: count }).nullish(),
});
/** Seconds of audio, or tokens, whichever the transcription model is charged by. */
const transcriptionUsage = z.object({
  seconds: z.number().min(0).nullish(),
  input_tokens: count,
  input_token_details: z.object({ text_tokens: count, audio_tokens: count }).nullish().catch(undefined),
  output_tokens: count,
});
/** An item of any type, with the fields that tools need. */
const item = z.object({
  type: z.string(),
  id: text,
  status: text,
  name: text,
  arguments: text,
  call_id: text,
  server_label: text,
  approval_request_id: text,
  output: text,
  tools: z.array(z.unknown()).nullish().catch(undefined),
  error: z.unknown().optional(),
});
const ids = { response_id: z.string(), item_id: z.string() };
const audio = z.string().refine((base64) => {
  const bytes = Buffer.from(base64);
  return bytes.length === 0 || base64DecodedBytes(bytes, 0, bytes.length) > 0;
}, 'not base64');

const serverEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('session.created'), session }),
  z.object({ type: z.literal('session.updated'), session }),
  z.object({ type: z.literal('error'), error }),
  z.object({
    type: z.literal('input_audio_buffer.speech_started'),
    item_id: z.string(),
    audio_start_ms: z.number().min(0).nullish().catch(undefined),
  }),
  z.object({ type: z.literal('input_audio_buffer.speech_stopped'), item_id: z.string() }),
  z.object({ type: z.literal('input_audio_buffer.committed'), item_id: z.string() }),
  z.object({
    type: z.literal('conversation.item.input_audio_transcription.completed'),
    item_id: z.string(),
    transcript: z.string(),
    usage: transcriptionUsage.nullish().catch(undefined),
  }),
  z.object({ type: z.literal('conversation.item.input_audio_transcription.failed'), item_id: z.string() }),
  z.object({
    type: z.enum(['conversation.item.added', 'conversation.item.done', 'conversation.item.retrieved']),
    item,
  }),
  z.object({
    type: z.literal('response.created'),
    response: z.object({ id: z.string() }),
  }),
  z.object({ type: z.literal('response.output_audio.delta'), ...ids, delta: audio }),
  z.object({ type: z.literal('response.output_audio.done'), ...ids }),
  z.object({ type: z.literal('response.output_audio_transcript.delta'), ...ids, delta: z.string() }),
  z.object({
    type: z.enum(['response.output_item.added', 'response.output_item.done']),
    response_id: text,
    item,
  }),
  z.object({
    type: z.literal('response.function_call_arguments.done'),
    call_id: z.string(),
    arguments: z.string(),
  }),
  z.object({
    type: z.enum(['response.mcp_call.in_progress', 'response.mcp_call.completed', 'response.mcp_call.failed']),
    item_id: z.string(),
  }),
  z.object({
    type: z.enum(['mcp_list_tools.in_progress', 'mcp_list_tools.completed', 'mcp_list_tools.failed']),
    item_id: z.string(),
  }),
  z.object({
    type: z.literal('response.done'),
    response: z.object({
      id: z.string(),
      status: z.enum(['completed', 'cancelled', 'failed', 'incomplete']).catch('completed'),
      status_details: z.object({ reason: text, error: error.nullish() }).nullish().catch(undefined),
      usage: usage.nullish().catch(undefined),
    }),
  }),
]);

export type ServerEvent = z.infer<typeof serverEvent>;
export type ServerSession = z.infer<typeof session>;
export type ServerUsage = z.infer<typeof usage>;
export type ServerTranscriptionUsage = z.infer<typeof transcriptionUsage>;
export type ServerItem = z.infer<typeof item>;
type ParsedEvent =
  | { kind: 'event'; event: ServerEvent }
  /** An event that Parley has no use for, or does not know yet. */
  | { kind: 'other'; type: string }
  | { kind: 'invalid'; reason: string };

const KNOWN = new Set<string>(
  serverEvent.options.flatMap(({ shape: { type } }) => ('options' in type ? type.options : [...type.values])),
);

const anyEvent = z.object({ type: z.string() });

/** Reads any server event. Never throws. */
export function parseServerEvent(message: Buffer): ParsedEvent {
  let json: unknown;
  try {
    json = JSON.parse(message.toString('utf8'));
  } catch {
    return { kind: 'invalid', reason: 'not JSON' };
  }
  const head = anyEvent.safeParse(json);
  if (!head.success) return { kind: 'invalid', reason: 'no type' };
  if (!KNOWN.has(head.data.type)) return { kind: 'other', type: head.data.type };
  const event = serverEvent.safeParse(json);
  if (event.success) return { kind: 'event', event: event.data };
  const issue = event.error.issues[0];
  return { kind: 'invalid', reason: `${head.data.type}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}` };
}
