import { type VadConfig } from '../config/config.js';
import { type G711Law } from '../conversation/line.port.js';

const BYTES_PER_MS = 8;
const SILENCE_BYTE = { pcmu: 0xff, pcma: 0xd5 };
/** More than the silence asked for, because frames and the end of a word are not cut to the millisecond. */
const MARGIN_MS = 300;
/** How long semantic detection waits at most for a caller who might go on. */
const SEMANTIC_WAIT_MS = { low: 8_000, medium: 4_000, auto: 4_000, high: 2_000 };

/** Silence after which the model takes a turn for ended: it counts the audio it was given and not the time. @returns base64 text */
export function closingSilence(vad: VadConfig, law: G711Law): Buffer {
  const waitMs = vad.type === 'server_vad' ? vad.silenceMs : SEMANTIC_WAIT_MS[vad.eagerness];
  const silence = Buffer.alloc((waitMs + MARGIN_MS) * BYTES_PER_MS, SILENCE_BYTE[law]);
  return Buffer.from(silence.toString('base64'), 'latin1');
}
