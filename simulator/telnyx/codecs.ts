import { type G711Law, silenceByte } from '../audio/g711.js';
import { type MediaFormat } from './frames.js';
import { type TelnyxCodec } from './switches.js';

/** The G.711 law of a codec, or `undefined` for those whose audio the double does not model. */
export function lawOf(codec: TelnyxCodec): G711Law | undefined {
  return codec === 'PCMU' || codec === 'PCMA' ? codec : undefined;
}

/** `media_format` as Telnyx documents the rates: 8 kHz for PCMU, PCMA and G722, 16 kHz for the others. */
export function mediaFormat(codec: TelnyxCodec): MediaFormat {
  const wide = codec === 'L16' || codec === 'OPUS' || codec === 'AMR-WB';
  return { encoding: codec, sample_rate: wide ? 16_000 : 8000, channels: 1 };
}

/**
 * Bytes per millisecond on the wire. G.711 and G.722 have 64 kbit/s; L16 two bytes a sample. OPUS and AMR-WB vary: they
 * count as 64 kbit/s, since the double only needs them to be refused.
 */
export function bytesPerMs(codec: TelnyxCodec, samplingRateHz: number): number {
  return codec === 'L16' ? (2 * samplingRateHz) / 1000 : 8;
}

const COMFORT_NOISE_DBFS = -34.6;
const NOISE_SAMPLES = 8000;

/** White noise of the level that was measured on real calls, the same on every run. */
export function comfortNoise(samples = NOISE_SAMPLES, dbFs = COMFORT_NOISE_DBFS): Int16Array {
  // Uniform noise in +-a has an RMS of a / sqrt(3).
  const amplitude = 32_768 * 10 ** (dbFs / 20) * Math.sqrt(3);
  let seed = 0x2545f491;
  return Int16Array.from({ length: samples }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.round((seed / 2 ** 31 - 1) * amplitude);
  });
}

/** Bytes that a silent line carries. */
export function silence(codec: TelnyxCodec, length: number): Buffer {
  const law = lawOf(codec);
  return Buffer.alloc(length, law === undefined ? 0 : silenceByte(law));
}
