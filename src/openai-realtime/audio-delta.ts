import { base64DecodedBytes, FlatJsonScanner } from '../common/flat-json.js';

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
