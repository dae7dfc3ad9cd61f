import { decodeG711, encodeG711, G711_BYTES_PER_MS, type G711Law } from '../audio/g711.js';

/** The three audio formats of the Realtime API, as they stand in a session. PCM is 16 bit little endian, only 24 kHz. */
export type AudioFormat = { type: 'audio/pcm'; rate: 24000 } | { type: 'audio/pcmu' } | { type: 'audio/pcma' };

/** What a session speaks until it is told otherwise. */
export const DEFAULT_FORMAT: AudioFormat = { type: 'audio/pcm', rate: 24000 };

const PCM_BYTES_PER_MS = 48;

/** The G.711 law of a format; undefined for PCM. */
export function lawOf(format: AudioFormat): G711Law | undefined {
  if (format.type === 'audio/pcmu') return 'PCMU';
  return format.type === 'audio/pcma' ? 'PCMA' : undefined;
}

/** 8 for G.711, 48 for PCM at 24 kHz. */
export function bytesPerMs(format: AudioFormat): number {
  return lawOf(format) ? G711_BYTES_PER_MS : PCM_BYTES_PER_MS;
}

/** 16-bit samples at 8 kHz in, bytes of the given format out (PCM by linear interpolation to 24 kHz). */
export function encodeAudio(format: AudioFormat, samplesAt8k: Int16Array): Buffer {
  const law = lawOf(format);
  if (law) return encodeG711(law, samplesAt8k);
  const pcm = Buffer.allocUnsafe(samplesAt8k.length * 6);
  for (let i = 0; i < samplesAt8k.length; i++) {
    const here = samplesAt8k[i] ?? 0;
    const step = ((samplesAt8k[i + 1] ?? here) - here) / 3;
    for (let third = 0; third < 3; third++) pcm.writeInt16LE(Math.round(here + step * third), i * 6 + third * 2);
  }
  return pcm;
}

/** Bytes of the given format in, 16-bit samples at 8 kHz out (PCM by taking every third sample). */
export function decodeAudio(format: AudioFormat, bytes: Buffer): Int16Array {
  const law = lawOf(format);
  if (law) return decodeG711(law, bytes);
  return Int16Array.from({ length: Math.floor(bytes.length / 6) }, (_, i) => bytes.readInt16LE(i * 6));
}
