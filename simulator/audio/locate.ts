import { convolve } from './fourier.js';
import { levelDbfs } from './energy.js';

/** Where a clip was found in a recording. */
export interface ClipMatch {
  /** First sample of the clip in the recording; it may be past the end's length less the clip's only when cut off. */
  atSample: number;
  /** The same in milliseconds (8 kHz). */
  atMs: number;
  /** Normalised cross-correlation, 0 to 1. The same clip through G.711 gives over 0.99, other speech about 0.2. */
  score: number;
}

/**
 * The one place where the recording resembles the clip most. Both 8 kHz. The clip must be wholly inside the recording; for
 * one that may have been cut off, look for its first second with this, then ask `heardOfClip` how much of it there is.
 * Returns undefined when the recording is shorter than the clip or one of them is silent.
 */
export function locateClip(recording: Int16Array, clip: Int16Array): ClipMatch | undefined {
  const places = recording.length - clip.length + 1;
  const clipEnergy = clip.reduce((sum, sample) => sum + sample * sample, 0);
  if (places < 1 || clipEnergy === 0) return undefined;
  // Correlating is convolving with the clip backwards; place p then stands at index p + clip.length - 1.
  const correlation = convolve(recording, clip.toReversed());
  let energy = 0;
  for (let i = 0; i < clip.length; i++) energy += (recording[i] ?? 0) ** 2;
  // Stretches 30 dB quieter than the clip cannot be it; without this bound the noise of a pause might win the ratio.
  const leastEnergy = clipEnergy / 1000;
  let best: ClipMatch | undefined;
  for (let place = 0; place < places; place++) {
    if (place > 0) energy += (recording[place + clip.length - 1] ?? 0) ** 2 - (recording[place - 1] ?? 0) ** 2;
    if (energy < leastEnergy) continue;
    const score = (correlation[place + clip.length - 1] ?? 0) / Math.sqrt(energy * clipEnergy);
    if (best === undefined || score > best.score) best = { atSample: place, atMs: place / 8, score };
  }
  return best;
}

/** How much of a clip a recording holds. */
export interface HeardOfClip extends ClipMatch {
  /** From the beginning of the clip to the end of the last bit of it that was heard, to 10 ms. */
  heardMs: number;
}

const WINDOW_SAMPLES = 80;
/** Quieter than this is a pause of the clip, which matches everything and proves nothing. */
const PAUSE_DBFS = -45;
/** Correlation of one 10 ms window from which it counts as the clip's: G.711 noise costs little, other sound gives near 0. */
const LEAST_WINDOW_SCORE = 0.8;

function windowScore(recording: Int16Array, at: number, clip: Int16Array, from: number): number {
  let product = 0;
  let recorded = 0;
  let expected = 0;
  for (let i = 0; i < WINDOW_SAMPLES; i++) {
    const heard = recording[at + from + i] ?? 0;
    const said = clip[from + i] ?? 0;
    product += heard * said;
    recorded += heard * heard;
    expected += said * said;
  }
  return recorded === 0 ? 0 : product / Math.sqrt(recorded * expected);
}

/**
 * How much of a clip was heard when it may have been cut off (by an interruption, a lost socket): finds its first second
 * (or all of a shorter one; `leadMs` for another length), then follows it until it no longer matches for 100 ms of sound.
 * Returns undefined when not even its beginning is there (score below 0.7).
 */
export function heardOfClip(recording: Int16Array, clip: Int16Array, leadMs = 1000): HeardOfClip | undefined {
  const match = locateClip(recording, clip.subarray(0, leadMs * 8));
  if (match === undefined || match.score < 0.7) return undefined;
  let heardSamples = 0;
  let misses = 0;
  for (let from = 0; from < clip.length && misses < 10; from += WINDOW_SAMPLES) {
    if (levelDbfs(clip, from, from + WINDOW_SAMPLES) < PAUSE_DBFS) continue;
    if (windowScore(recording, match.atSample, clip, from) >= LEAST_WINDOW_SCORE) {
      heardSamples = Math.min(from + WINDOW_SAMPLES, clip.length);
      misses = 0;
    } else misses++;
  }
  return { ...match, heardMs: heardSamples / 8 };
}
