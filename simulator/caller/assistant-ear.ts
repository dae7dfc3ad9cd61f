import { levelPerWindow, type SoundSpan } from '../audio/energy.js';

const WINDOW_MS = 10;
const WINDOW_SAMPLES = 80;
/** Speech is at about -20 dBFS, its soft ends at -40; the comfort noise of a line at about -35 must not count. */
const SOUND_DBFS = -32;
/** A single loud window is a click. */
const LEAST_SOUND_MS = 30;
/** Gaps up to this length are inside words. */
const WORD_GAP_MS = 200;

/**
 * Follows what the caller hears, window by window, and keeps the spans in which something sounded. Pure: fed with 8 kHz
 * audio in order, asked afterwards. Times are milliseconds of that audio.
 */
export class AssistantEar {
  private readonly sounds: SoundSpan[] = [];
  private rest = new Int16Array();
  private heardUntilMs = 0;

  /** The audio that follows what was fed before; it may have any length. */
  hear(samples: Int16Array): void {
    const joined = new Int16Array(this.rest.length + samples.length);
    joined.set(this.rest);
    joined.set(samples, this.rest.length);
    const whole = joined.length - (joined.length % WINDOW_SAMPLES);
    for (const level of levelPerWindow(joined.subarray(0, whole), WINDOW_MS)) this.hearWindow(level);
    this.rest = joined.slice(whole);
  }

  private hearWindow(levelDbfs: number): void {
    const fromMs = this.heardUntilMs;
    this.heardUntilMs += WINDOW_MS;
    if (levelDbfs < SOUND_DBFS) return;
    const last = this.sounds.at(-1);
    if (last !== undefined && fromMs - last.toMs <= WORD_GAP_MS) last.toMs = this.heardUntilMs;
    else this.sounds.push({ fromMs, toMs: this.heardUntilMs });
  }

  /** How far the ear has listened. */
  get nowMs(): number {
    return this.heardUntilMs;
  }

  /** Everything that sounded, clicks left out. */
  get spans(): SoundSpan[] {
    return this.sounds.filter(isSound);
  }

  /** When the assistant was first heard at or after the given time (a sound that was already going on does not count). */
  startedAfter(timeMs: number): number | undefined {
    return this.sounds.find((span) => span.fromMs >= timeMs && isSound(span))?.fromMs;
  }

  /** When the last sound that reached beyond the given time ended, or undefined when there was none. */
  lastSoundAfter(timeMs: number): number | undefined {
    const span = this.sounds.findLast(isSound);
    return span !== undefined && span.toMs > timeMs ? span.toMs : undefined;
  }

  /** When the sound that was going on at the given time (or within a word's gap of it) ended; undefined: nothing was. */
  endOfSoundAt(timeMs: number): number | undefined {
    return this.sounds.find((span) => span.fromMs <= timeMs && span.toMs > timeMs - WORD_GAP_MS && isSound(span))?.toMs;
  }
}

function isSound(span: SoundSpan): boolean {
  return span.toMs - span.fromMs >= LEAST_SOUND_MS;
}
