/** Samples of telephone audio in one millisecond. */
const SAMPLES_PER_MS = 8;
const FULL_SCALE = 32_768;

/** The level of nothing at all: one step of 16 bits is -90 dBFS, so everything that sounds is above. */
export const SILENCE_DBFS = -100;

/** Root mean square of the samples from..to (default: all), 0 for none. */
export function rms(samples: Int16Array, from = 0, to = samples.length): number {
  const start = Math.max(0, from);
  const end = Math.min(samples.length, to);
  if (end <= start) return 0;
  let sum = 0;
  for (let i = start; i < end; i++) sum += (samples[i] ?? 0) ** 2;
  return Math.sqrt(sum / (end - start));
}

/** RMS level in dBFS: 0 is a full-scale square wave, a full-scale sine is -3. Never below SILENCE_DBFS. */
export function levelDbfs(samples: Int16Array, from = 0, to = samples.length): number {
  const value = rms(samples, from, to);
  return value === 0 ? SILENCE_DBFS : Math.max(SILENCE_DBFS, 20 * Math.log10(value / FULL_SCALE));
}

/** The level of each window of 8 kHz audio, one after the other; a last, shorter one counts too. */
export function levelPerWindow(samples: Int16Array, windowMs = 20): number[] {
  const size = windowMs * SAMPLES_PER_MS;
  return Array.from({ length: Math.ceil(samples.length / size) }, (_, i) =>
    levelDbfs(samples, i * size, (i + 1) * size),
  );
}

/** A stretch of sound, in milliseconds since the beginning of the recording. */
export interface SoundSpan {
  fromMs: number;
  toMs: number;
}

/** What counts as sound: speech at -21 dBFS is far above the threshold, telephone comfort noise (-35 dBFS) is not. */
export interface SoundLimits {
  thresholdDbfs?: number;
  /** Pauses up to this length (between words) do not end a span. */
  pauseMs?: number;
  /** Spans shorter than this are clicks, not speech. */
  leastMs?: number;
}

/** The spans of an 8 kHz recording in which something sounds, exact to 10 ms. */
export function soundSpans(recording: Int16Array, limits: SoundLimits = {}): SoundSpan[] {
  const { thresholdDbfs = -32, pauseMs = 400, leastMs = 40 } = limits;
  const windowMs = 10;
  const spans: SoundSpan[] = [];
  levelPerWindow(recording, windowMs).forEach((level, i) => {
    if (level < thresholdDbfs) return;
    const fromMs = i * windowMs;
    const last = spans.at(-1);
    if (last !== undefined && fromMs - last.toMs <= pauseMs) last.toMs = fromMs + windowMs;
    else spans.push({ fromMs, toMs: fromMs + windowMs });
  });
  return spans.filter((span) => span.toMs - span.fromMs >= leastMs);
}
