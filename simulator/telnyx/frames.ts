import { type TelnyxCodec } from './switches.js';

/** What Telnyx says of the audio it sends. */
export interface MediaFormat {
  readonly encoding: TelnyxCodec;
  readonly sample_rate: number;
  readonly channels: number;
}

/** Everything in a `start` frame that is not counted per frame. */
export interface StartDetails {
  readonly user_id: string;
  readonly call_control_id: string;
  readonly call_session_id: string;
  readonly from: string | null;
  readonly to: string;
  readonly tags: readonly string[];
  readonly client_state: string | null;
  readonly custom_parameters: Readonly<Record<string, string>>;
  readonly media_format: MediaFormat;
}

export const STREAM_ERRORS = {
  unknownError: { code: 100_002, title: 'unknown_error' },
  malformedFrame: { code: 100_003, title: 'malformed_frame' },
  invalidMedia: { code: 100_004, title: 'invalid_media' },
  rateLimitReached: { code: 100_005, title: 'rate_limit_reached' },
} as const;

export type StreamErrorName = keyof typeof STREAM_ERRORS;

/** First frame of a socket. The token is repeated here only when the command gave one. */
export function connectedFrame(authToken: string | undefined, protocol: string | undefined): string {
  const frame: Record<string, unknown> = { event: 'connected', version: '1.0.0' };
  if (protocol !== undefined) frame['protocol'] = protocol;
  if (authToken !== undefined) frame['connected'] = { 'x-telnyx-streaming-auth-token': authToken };
  return JSON.stringify(frame);
}

/** Counters are strings on this wire, everywhere. */
export function startFrame(sequence: number, streamId: string, start: StartDetails): string {
  return JSON.stringify({ event: 'start', sequence_number: String(sequence), stream_id: streamId, start });
}

/**
 * Built by hand: fifty of these a second and call, and nothing in them needs escaping (a UUID, numbers, base64).
 * @param timestamp in the unit of the double's switch, since the start of the stream
 */
export function mediaFrame(
  sequence: number,
  streamId: string,
  track: 'inbound' | 'outbound',
  chunk: number,
  timestamp: number,
  payload: string,
): string {
  return (
    `{"event":"media","sequence_number":"${sequence}","stream_id":"${streamId}",` +
    `"media":{"track":"${track}","chunk":"${chunk}","timestamp":"${timestamp}","payload":"${payload}"}}`
  );
}

export function dtmfFrame(sequence: number, streamId: string, digit: string, occurredAt: string): string {
  return JSON.stringify({
    event: 'dtmf',
    sequence_number: String(sequence),
    stream_id: streamId,
    occurred_at: occurredAt,
    dtmf: { digit },
  });
}

export function markFrame(sequence: number, streamId: string, name: string): string {
  return JSON.stringify({ event: 'mark', sequence_number: String(sequence), stream_id: streamId, mark: { name } });
}

/** The code is a number here, where REST has strings. */
export function errorFrame(streamId: string, error: StreamErrorName, detail: string): string {
  return JSON.stringify({ event: 'error', stream_id: streamId, payload: { ...STREAM_ERRORS[error], detail } });
}

export function stopFrame(sequence: number, streamId: string, userId: string, callControlId: string): string {
  return JSON.stringify({
    event: 'stop',
    sequence_number: String(sequence),
    stream_id: streamId,
    stop: { user_id: userId, call_control_id: callControlId },
  });
}

/** What the app said; `refused` names the error frame that answers it. */
export type AppFrame =
  | { readonly kind: 'media'; readonly bytes: Buffer }
  | { readonly kind: 'mark'; readonly name: string }
  | { readonly kind: 'clear' }
  | { readonly kind: 'refused'; readonly error: StreamErrorName; readonly detail: string };

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(detail: string): AppFrame {
  return { kind: 'refused', error: 'malformedFrame', detail };
}

/** The first field that is not in `known`, if any. */
function extraField(value: Record<string, unknown>, ...known: string[]): string | undefined {
  return Object.keys(value).find((key) => !known.includes(key));
}

/**
 * Reads one text frame of the app.
 * @param strict refuses fields beyond the documented ones (a switch: Telnyx does not say)
 */
export function parseAppFrame(text: string, strict = false): AppFrame {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return malformed('The frame is not JSON.');
  }
  if (!isObject(frame)) return malformed('The frame is not an object.');
  switch (frame['event']) {
    case 'media': {
      const media = frame['media'];
      if (!isObject(media) || typeof media['payload'] !== 'string') return malformed('media.payload is missing.');
      const extra = strict ? (extraField(frame, 'event', 'media') ?? extraField(media, 'payload')) : undefined;
      if (extra !== undefined) return malformed(`Unknown field ${extra}.`);
      const payload = media['payload'];
      if (payload.length % 4 !== 0 || !BASE64.test(payload)) {
        return { kind: 'refused', error: 'invalidMedia', detail: 'media.payload is not base64.' };
      }
      return { kind: 'media', bytes: Buffer.from(payload, 'base64') };
    }
    case 'mark': {
      const mark = frame['mark'];
      if (!isObject(mark) || typeof mark['name'] !== 'string') return malformed('mark.name is missing.');
      const extra = strict ? (extraField(frame, 'event', 'mark') ?? extraField(mark, 'name')) : undefined;
      return extra === undefined ? { kind: 'mark', name: mark['name'] } : malformed(`Unknown field ${extra}.`);
    }
    case 'clear': {
      const extra = strict ? extraField(frame, 'event') : undefined;
      return extra === undefined ? { kind: 'clear' } : malformed(`Unknown field ${extra}.`);
    }
    default:
      return malformed(`Unknown event ${JSON.stringify(frame['event'])?.slice(0, 60) ?? 'undefined'}.`);
  }
}
