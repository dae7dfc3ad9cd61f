/** Telephone audio: 8 samples are a millisecond. */
export const SAMPLES_PER_MS = 8;

export interface TimedSamples {
  readonly samples: Int16Array;
  readonly startedAtMs: number;
}

/**
 * Lays stretches of 8 kHz PCM on a time axis, silence between; where they overlap they are mixed.
 * @param fromMs time of the first sample of the result, on the same clock as the stretches
 */
export function renderTimeline(stretches: Iterable<TimedSamples>, fromMs: number, toMs: number): Int16Array {
  const pcm = new Int16Array(Math.max(0, Math.round((toMs - fromMs) * SAMPLES_PER_MS)));
  for (const { samples, startedAtMs } of stretches) {
    const offset = Math.round((startedAtMs - fromMs) * SAMPLES_PER_MS);
    const first = Math.max(0, -offset);
    const last = Math.min(samples.length, pcm.length - offset);
    for (let i = first; i < last; i++) {
      const sum = (pcm[offset + i] ?? 0) + (samples[i] ?? 0);
      pcm[offset + i] = Math.max(-32_768, Math.min(32_767, sum));
    }
  }
  return pcm;
}
