import { z } from 'zod';
import { base64DecodedBytes, FlatJsonScanner } from '../common/flat-json.js';

/**
 * Telnyx's media stream, frame by frame: JSON text, snake_case, numbers sent as strings.
 * Pure functions, no state. `scanMediaFrame` is the short way for the fifty frames a second that carry audio;
 * `parseFrame` understands everything, and a test holds that both agree.
 */
export type TelnyxFrame =
  | { kind: 'connected' }
  | { kind: 'start'; start: StreamStart }
  | { kind: 'media'; media: MediaFrame }
  /** `occurredAtMs`: milliseconds since 1970, where Telnyx says so. */
  | { kind: 'dtmf'; digit: string; occurredAtMs: number | undefined }
  | { kind: 'mark'; name: string }
  | { kind: 'error'; code: number | undefined; title: string; detail: string }
  | { kind: 'stop' }
  | { kind: 'unknown'; event: string }
  | { kind: 'invalid'; reason: string };

/** What a `start` frame says about the stream. */
export interface StreamStart {
  streamId: string;
  callControlId: string;
  callSessionId: string | undefined;
  from: string | undefined;
  to: string | undefined;
  clientState: string | undefined;
  /** Telnyx to us only; the way back is what `answer` asked for. */
  mediaFormat: { encoding: string; sampleRateHz: number; channels: number };
}

/** One piece of audio from the call. */
export interface MediaFrame {
  /** False for our own audio, which a stream of both tracks also carries. */
  inbound: boolean;
  /** Position in the stream, counting up by one; -1 where the frame does not say. */
  chunk: number;
  /** The audio as it came: base64 of raw G.711 bytes. A view into the received message, not a copy. */
  payload: Buffer;
  /** How many bytes of G.711 the payload stands for. */
  bytes: number;
}

const scanner = new FlatJsonScanner();
const KEY = {
  event: Buffer.from('event'),
  media: Buffer.from('media'),
  track: Buffer.from('track'),
  chunk: Buffer.from('chunk'),
  payload: Buffer.from('payload'),
  outbound: Buffer.from('outbound'),
};

/**
 * Reads a `media` frame without parsing JSON.
 * @param into receives the frame; reused by the caller, so that a frame costs no object.
 * @returns false if this is no media frame in the plain form Telnyx writes: then `parseFrame` decides.
 */
export function scanMediaFrame(message: Buffer, into: MediaFrame): boolean {
  if (!scanner.begin(message)) return false;
  let isMedia = false;
  let hasAudio = false;
  let payloadStart = 0;
  let payloadEnd = 0;
  into.inbound = true;
  into.chunk = -1;
  while (scanner.next()) {
    if (scanner.valueKind === 'object') {
      if (hasAudio || !scanner.keyIs(KEY.media)) return false;
      hasAudio = true;
      while (scanner.next()) {
        if (scanner.valueKind === 'object') return false;
        if (scanner.keyIs(KEY.payload)) {
          if (scanner.valueKind !== 'string') return false;
          payloadStart = scanner.valueStart;
          payloadEnd = scanner.valueEnd;
        } else if (scanner.keyIs(KEY.chunk)) {
          into.chunk = scanner.valueAsCount();
          if (into.chunk === -1) return false;
        } else if (scanner.keyIs(KEY.track)) {
          into.inbound = !scanner.valueIs(KEY.outbound);
        }
      }
    } else if (scanner.keyIs(KEY.event)) {
      isMedia = scanner.valueIs(KEY.media);
      if (!isMedia) return false;
    } else if (scanner.keyIs(KEY.media)) {
      return false;
    }
  }
  if (!isMedia || !scanner.atEnd) return false;
  into.bytes = base64DecodedBytes(message, payloadStart, payloadEnd);
  if (into.bytes <= 0) return false;
  into.payload = message.subarray(payloadStart, payloadEnd);
  return true;
}

/** A counter of this wire; -1 for anything that is none, since audio is not thrown away for its number. */
function countOf(value: unknown): number {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return /^\d{1,15}$/.test(text) ? Number(text) : -1;
}

const optionalText = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);

const startSchema = z.object({
  stream_id: z.string().min(1),
  start: z.object({
    call_control_id: z.string().min(1),
    call_session_id: optionalText,
    from: optionalText,
    to: optionalText,
    client_state: optionalText,
    media_format: z.object({
      encoding: z.string(),
      sample_rate: z.coerce.number(),
      channels: z.coerce.number().default(1),
    }),
  }),
});
const mediaSchema = z.object({
  media: z.object({ track: z.unknown().optional(), chunk: z.unknown().optional(), payload: z.string() }),
});
const dtmfSchema = z.object({
  occurred_at: z.string().optional().catch(undefined),
  dtmf: z.object({ digit: z.string().regex(/^[0-9A-Da-d*#]$/) }),
});
const markSchema = z.object({ mark: z.object({ name: z.string() }) });
const errorSchema = z.object({
  payload: z
    .object({
      code: z.coerce.number().optional().catch(undefined),
      title: z.string().default(''),
      detail: z.string().default(''),
    })
    .default({ title: '', detail: '' }),
});

const anyFrame = z.object({ event: z.string() });

/** Reads any frame. Never throws: what cannot be understood is `invalid` (broken) or `unknown` (newer than we are). */
export function parseFrame(message: Buffer): TelnyxFrame {
  let json: unknown;
  try {
    json = JSON.parse(message.toString('utf8'));
  } catch {
    return { kind: 'invalid', reason: 'not JSON' };
  }
  const event = anyFrame.safeParse(json);
  if (!event.success) return { kind: 'invalid', reason: 'no event name' };
  switch (event.data.event) {
    case 'connected':
      return { kind: 'connected' };
    case 'start':
      return checked(startSchema, json, ({ stream_id, start }) => ({
        kind: 'start',
        start: {
          streamId: stream_id,
          callControlId: start.call_control_id,
          callSessionId: start.call_session_id,
          from: start.from,
          to: start.to,
          clientState: start.client_state,
          mediaFormat: {
            encoding: start.media_format.encoding,
            sampleRateHz: start.media_format.sample_rate,
            channels: start.media_format.channels,
          },
        },
      }));
    case 'media':
      return checked(mediaSchema, json, ({ media }) => {
        const payload = Buffer.from(media.payload);
        const bytes = base64DecodedBytes(payload, 0, payload.length);
        if (bytes <= 0) return { kind: 'invalid', reason: 'media payload is not base64' };
        return {
          kind: 'media',
          media: { inbound: media.track !== 'outbound', chunk: countOf(media.chunk), payload, bytes },
        };
      });
    case 'dtmf':
      return checked(dtmfSchema, json, ({ dtmf, occurred_at }) => {
        const occurredAtMs = Date.parse(occurred_at ?? '');
        return {
          kind: 'dtmf',
          digit: dtmf.digit.toUpperCase(),
          occurredAtMs: Number.isNaN(occurredAtMs) ? undefined : occurredAtMs,
        };
      });
    case 'mark':
      return checked(markSchema, json, ({ mark }) => ({ kind: 'mark', name: mark.name }));
    case 'error':
      return checked(errorSchema, json, ({ payload }) => ({ kind: 'error', ...payload, code: payload.code }));
    case 'stop':
      return { kind: 'stop' };
    default:
      return { kind: 'unknown', event: event.data.event.slice(0, 64) };
  }
}

function checked<T>(schema: z.ZodType<T>, json: unknown, read: (value: T) => TelnyxFrame): TelnyxFrame {
  const result = schema.safeParse(json);
  if (result.success) return read(result.data);
  const issue = result.error.issues[0];
  return { kind: 'invalid', reason: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}` };
}

const MEDIA_HEAD = Buffer.from('{"event":"media","media":{"payload":"');
const MEDIA_TAIL = Buffer.from('"}}');

/** A `media` frame for the caller's ear. @param audio raw mu-law bytes, at least 20 ms (160 bytes) of them. */
export function mediaFrame(audio: Buffer): Buffer {
  const base64 = audio.toString('base64');
  const frame = Buffer.allocUnsafe(MEDIA_HEAD.length + base64.length + MEDIA_TAIL.length);
  MEDIA_HEAD.copy(frame, 0);
  frame.write(base64, MEDIA_HEAD.length, 'latin1');
  MEDIA_TAIL.copy(frame, MEDIA_HEAD.length + base64.length);
  return frame;
}

/** A `mark`: Telnyx sends it back when the audio before it has been played (or dropped by a `clear`). */
export function markFrame(name: string): string {
  return JSON.stringify({ event: 'mark', mark: { name } });
}

/** `clear`: Telnyx stops playing at once, forgets what is queued and returns all pending marks. */
export const CLEAR_FRAME = JSON.stringify({ event: 'clear' });
