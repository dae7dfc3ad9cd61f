import { TELEPHONE_RATE_HZ } from './resample.js';
import { rms } from './energy.js';

/** Samples of 8 kHz audio in the given time. */
export function samplesIn(durationMs: number): number {
  return Math.round((durationMs * TELEPHONE_RATE_HZ) / 1000);
}

/** Scales to an RMS level in dBFS (0 = full-scale square wave, so a full-scale sine is -3); peaks beyond 16 bits are cut. */
export function atLevel(samples: Float64Array | Int16Array, dbfs: number): Int16Array {
  const present = samples instanceof Int16Array ? rms(samples) : rmsOfFloats(samples);
  if (present === 0) return new Int16Array(samples.length);
  const factor = (10 ** (dbfs / 20) * 32_768) / present;
  return Int16Array.from({ length: samples.length }, (_, i) =>
    Math.max(-32_768, Math.min(32_767, Math.round((samples[i] ?? 0) * factor))),
  );
}

function rmsOfFloats(samples: Float64Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length));
}

/** Nothing, for durationMs. */
export function silence(durationMs: number): Int16Array {
  return new Int16Array(samplesIn(durationMs));
}

/** A sine of `hz`. Its level is RMS: at -3 dBFS its peaks touch full scale. */
export function tone(hz: number, durationMs: number, dbfs = -20): Int16Array {
  const step = (2 * Math.PI * hz) / TELEPHONE_RATE_HZ;
  return atLevel(
    Float64Array.from({ length: samplesIn(durationMs) }, (_, i) => Math.sin(i * step)),
    dbfs,
  );
}

/** Numbers from 0 to 1 that are the same for the same seed: recordings must be the same in every run. */
export function randomNumbers(seed: number): () => number {
  // Xorshift; the product keeps neighbouring seeds apart, and the state must not be zero.
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 0x1_0000_0000;
  };
}

/** White noise: a door, a cough, wind. The same for the same seed. */
export function noise(durationMs: number, dbfs = -20, seed = 1): Int16Array {
  const random = randomNumbers(seed);
  return atLevel(
    Float64Array.from({ length: samplesIn(durationMs) }, () => 2 * random() - 1),
    dbfs,
  );
}

/** Resonances of five vowels (first and second formant, Hz). */
const VOWELS = [
  [730, 1090],
  [530, 1840],
  [270, 2290],
  [570, 840],
  [300, 870],
] as const;

/**
 * Something with the rhythm and the spectrum of speech but no words: syllables of 120 to 260 ms with short gaps, a moving
 * pitch, two formants. The level is over the whole length. The same for the same seed.
 */
export function babble(durationMs: number, dbfs = -20, seed = 1): Int16Array {
  const random = randomNumbers(seed);
  const samples = new Float64Array(samplesIn(durationMs));
  for (let start = 0; start < samples.length;) {
    const length = samplesIn(120 + 140 * random());
    const pitchHz = 100 + 80 * random();
    const [first, second] = VOWELS[Math.floor(random() * VOWELS.length)] ?? VOWELS[0];
    for (let harmonic = 1; harmonic * pitchHz < 3400; harmonic++) {
      const hz = harmonic * pitchHz;
      const strength = 1 / (1 + ((hz - first) / 120) ** 2) + 0.5 / (1 + ((hz - second) / 180) ** 2);
      const step = (2 * Math.PI * hz) / TELEPHONE_RATE_HZ;
      for (let i = 0; i < length && start + i < samples.length; i++)
        samples[start + i] = (samples[start + i] ?? 0) + strength * Math.sin(step * i);
    }
    for (let i = 0; i < length && start + i < samples.length; i++)
      samples[start + i] = (samples[start + i] ?? 0) * Math.sin((Math.PI * i) / length) ** 2;
    start += length + samplesIn(10 + 60 * random());
  }
  return atLevel(samples, dbfs);
}

/** One piece of audio after the other. */
export function concat(...parts: readonly Int16Array[]): Int16Array {
  const joined = new Int16Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
