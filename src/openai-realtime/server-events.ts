import { z } from 'zod';
import { base64DecodedBytes, FlatJsonScanner } from '../common/flat-json.js';

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
const ids = { response_id: z.string(), item_id: z.string() };
const audio = z.string().refine((base64) => {
  const bytes = Buffer.from(base64);
  return bytes.length === 0 || base64DecodedBytes(bytes, 0, bytes.length) > 0;
}, 'not base64');

const serverEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('session.created'), session }),
  z.object({ type: z.literal('session.updated'), session }),
  z.object({ type: z.literal('error'), error }),
  z.object({ type: z.literal('input_audio_buffer.speech_started'), item_id: z.string() }),
  z.object({ type: z.literal('input_audio_buffer.speech_stopped'), item_id: z.string() }),
  z.object({ type: z.literal('input_audio_buffer.committed'), item_id: z.string() }),
  z.object({
    type: z.literal('conversation.item.input_audio_transcription.completed'),
    item_id: z.string(),
    transcript: z.string(),
  }),
  z.object({
    type: z.literal('response.created'),
    response: z.object({ id: z.string() }),
  }),
  z.object({ type: z.literal('response.output_audio.delta'), ...ids, delta: audio }),
  z.object({ type: z.literal('response.output_audio.done'), ...ids }),
  z.object({ type: z.literal('response.output_audio_transcript.delta'), ...ids, delta: z.string() }),
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
export type ServerUsage = z.infer<typeof usage>;
type ParsedEvent =
  | { kind: 'event'; event: ServerEvent }
  /** An event that Parley has no use for, or does not know yet. */
  | { kind: 'other'; type: string }
  | { kind: 'invalid'; reason: string };

const KNOWN = new Set(serverEvent.options.map((option) => option.shape.type.value as string));

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

/**
 * Audio waits in the playout queue for as long as the assistant speaks ahead, up to half a minute. So it gets memory of its
 * own: a piece of Node's shared pool would keep 64 KiB of other calls' frames from being freed.
 */
function decoded(base64: string): Buffer {
  // Audio that comes in real time, frame by frame, is played at once and does not wait.
  if (base64.length < 1_000) return Buffer.from(base64, 'base64');
  const audio = Buffer.allocUnsafeSlow(Buffer.byteLength(base64, 'base64'));
  audio.write(base64, 'base64');
  return audio;
}

/** A piece of the assistant's speech. */
export interface AudioDelta {
  responseId: string;
  itemId: string;
  /** Raw mu-law bytes. */
  audio: Buffer;
}

const scanner = new FlatJsonScanner();
const KEY = {
  type: Buffer.from('type'),
  audioDelta: Buffer.from('response.output_audio.delta'),
  responseId: Buffer.from('response_id'),
  itemId: Buffer.from('item_id'),
  delta: Buffer.from('delta'),
};
const OURS = [KEY.type, KEY.responseId, KEY.itemId, KEY.delta];

/**
 * Reads an audio delta without parsing JSON: the one event that comes many times a second.
 * @returns undefined if it is none in the plain form; then `parseServerEvent` decides.
 */
export function scanAudioDelta(message: Buffer): AudioDelta | undefined {
  if (!scanner.begin(message)) return undefined;
  let isDelta = false;
  let responseId = '';
  let itemId = '';
  let start = 0;
  let end = 0;
  while (scanner.next()) {
    if (scanner.valueKind === 'object') return undefined;
    if (scanner.valueKind !== 'string') {
      if (OURS.some((key) => scanner.keyIs(key))) return undefined;
      continue;
    }
    if (scanner.keyIs(KEY.type)) {
      isDelta = scanner.valueIs(KEY.audioDelta);
      if (!isDelta) return undefined;
    } else if (scanner.keyIs(KEY.responseId)) responseId = stringValue(message);
    else if (scanner.keyIs(KEY.itemId)) itemId = stringValue(message);
    else if (scanner.keyIs(KEY.delta)) {
      start = scanner.valueStart;
      end = scanner.valueEnd;
    }
  }
  if (!isDelta || !scanner.atEnd || responseId === '' || itemId === '') return undefined;
  if (base64DecodedBytes(message, start, end) <= 0) return undefined;
  return { responseId, itemId, audio: decoded(message.toString('latin1', start, end)) };
}

function stringValue(message: Buffer): string {
  return message.toString('utf8', scanner.valueStart, scanner.valueEnd);
}
