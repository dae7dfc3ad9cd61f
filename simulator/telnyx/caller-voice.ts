import { renderTimeline, SAMPLES_PER_MS, type TimedSamples } from './timeline.js';

interface Utterance {
  readonly samples: Int16Array;
  readonly done: () => void;
  taken: number;
}

/**
 * What the caller says: speech waits here until the media stream takes it, frame by frame, and is kept with the time at
 * which it was spoken.
 */
export class CallerVoice {
  private readonly queue: Utterance[] = [];
  private readonly stretches: TimedSamples[] = [];
  private expectedAtMs = NaN;
  private ended = false;

  /** @returns resolves when the last sample went out, or when the call ended */
  say(samples: Int16Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.ended || samples.length === 0) resolve();
      else this.queue.push({ samples, done: resolve, taken: 0 });
    });
  }

  /** Stops in the middle of a word: what waits is dropped. */
  hush(): void {
    for (const utterance of this.queue.splice(0)) utterance.done();
  }

  get isSpeaking(): boolean {
    return this.queue.length > 0;
  }

  /**
   * Fills `target` with the next speech and silence after it.
   * @param atMs when the first of these samples was spoken
   * @returns whether there was any speech; if not, `target` is left alone
   */
  take(target: Int16Array, atMs: number): boolean {
    if (this.queue.length === 0) return false;
    let filled = 0;
    while (filled < target.length) {
      const utterance = this.queue[0];
      if (utterance === undefined) break;
      const part = utterance.samples.subarray(utterance.taken, utterance.taken + target.length - filled);
      target.set(part, filled);
      this.remember(utterance, part, atMs + filled / SAMPLES_PER_MS);
      filled += part.length;
      utterance.taken += part.length;
      if (utterance.taken >= utterance.samples.length) {
        this.queue.shift();
        utterance.done();
      }
    }
    target.fill(0, filled);
    return true;
  }

  /** What was said between two times of the double's clock, as 8 kHz PCM with silence between. */
  render(fromMs: number, toMs: number): Int16Array {
    return renderTimeline(this.stretches, fromMs, toMs);
  }

  /** Stretches of speech with the time of their first sample. */
  get said(): readonly TimedSamples[] {
    return this.stretches;
  }

  end(): void {
    this.ended = true;
    this.hush();
  }

  /** Frames that follow one another are one stretch, which shares the memory of what was given to `say`. */
  private remember(utterance: Utterance, part: Int16Array, atMs: number): void {
    const last = this.stretches.at(-1);
    if (last !== undefined && utterance.taken > 0 && Math.abs(atMs - this.expectedAtMs) < 1 / SAMPLES_PER_MS) {
      const from = utterance.taken - last.samples.length;
      if (from >= 0) {
        const samples = utterance.samples.subarray(from, utterance.taken + part.length);
        this.stretches[this.stretches.length - 1] = { samples, startedAtMs: last.startedAtMs };
        this.expectedAtMs = atMs + part.length / SAMPLES_PER_MS;
        return;
      }
    }
    this.stretches.push({ samples: part, startedAtMs: atMs });
    this.expectedAtMs = atMs + part.length / SAMPLES_PER_MS;
  }
}
