import { invalidRequest } from './wire-errors.js';
import { type WireError } from './wire-types.js';

/** A client event that is not an append: parsed, its type a string, the rest as it came. */
export interface ClientEvent {
  readonly type: string;
  readonly event_id?: string;
  readonly [field: string]: unknown;
}

export type ClientFrame =
  | { kind: 'append'; audio: Buffer; eventId: string | null }
  | { kind: 'event'; event: ClientEvent }
  | { kind: 'bad'; error: WireError; eventId: string | null };

/** The service takes at most 15 MiB of audio in one append. */
const MAX_APPEND_BYTES = 15 * 1024 * 1024;
const APPEND = 'input_audio_buffer.append';
/** An append as clients write it: type and audio, an event_id anywhere before the audio. */
const APPEND_HEAD =
  /^\{(?:"event_id":"([^"\\]*)",)?"type":"input_audio_buffer\.append",(?:"event_id":"([^"\\]*)",)?"audio":"/;
const HEAD_BYTES = 160;
const QUOTE = 0x22;

const bad = (error: WireError, eventId: string | null = null): ClientFrame => ({ kind: 'bad', error, eventId });

/** Base64 that Node would silently cut or skip through is refused, as the service does. */
function decodeAudio(base64: string, eventId: string | null): ClientFrame {
  const audio = Buffer.from(base64, 'base64');
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  if (audio.length !== Math.floor(((base64.length - padding) * 3) / 4)) {
    const message = "Invalid 'audio'. Expected base64-encoded audio bytes but got an invalid value.";
    return bad(invalidRequest('invalid_value', message, 'audio'), eventId);
  }
  if (audio.length > MAX_APPEND_BYTES) {
    return bad(invalidRequest('invalid_value', "Invalid 'audio': more than 15 MiB in one event.", 'audio'), eventId);
  }
  return { kind: 'append', audio, eventId };
}

/** The short way for the frames that make up nearly all traffic; undefined when the long way must decide. */
function fastAppend(frame: Buffer): ClientFrame | undefined {
  const head = APPEND_HEAD.exec(frame.toString('latin1', 0, HEAD_BYTES));
  if (!head) return undefined;
  const start = head[0].length;
  const end = frame.length - 2;
  if (frame.indexOf(QUOTE, start) !== end || frame[end + 1] !== 0x7d) return undefined;
  const base64 = frame.toString('latin1', start, end);
  return base64.includes('\\') ? undefined : decodeAudio(base64, head[1] ?? head[2] ?? null);
}

/** Reads one text frame from a client. Never throws: what cannot be read comes back as the error to answer with. */
export function readClientFrame(frame: Buffer): ClientFrame {
  const append = fastAppend(frame);
  if (append) return append;
  let parsed: unknown;
  try {
    parsed = JSON.parse(frame.toString());
  } catch {
    return bad(invalidRequest('invalid_json', 'We could not parse the JSON body of your event.'));
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return bad(invalidRequest('invalid_type', 'Invalid type for event: expected an object.'));
  }
  const { type, event_id: eventId } = parsed as { type?: unknown; event_id?: unknown };
  const knownId = typeof eventId === 'string' ? eventId : null;
  if (eventId !== undefined && knownId === null) {
    return bad(invalidRequest('invalid_type', "Invalid type for 'event_id': expected a string.", 'event_id'));
  }
  if (type === undefined) {
    return bad(invalidRequest('missing_required_parameter', "Missing required parameter: 'type'.", 'type'), knownId);
  }
  if (typeof type !== 'string') {
    return bad(invalidRequest('invalid_type', "Invalid type for 'type': expected a string.", 'type'), knownId);
  }
  if (type !== APPEND) return { kind: 'event', event: parsed as ClientEvent };
  const { audio } = parsed as { audio?: unknown };
  if (typeof audio === 'string') return decodeAudio(audio, knownId);
  const code = audio === undefined ? 'missing_required_parameter' : 'invalid_type';
  return bad(invalidRequest(code, "Invalid 'audio': expected a base64 string.", 'audio'), knownId);
}
