import { type AudioFormat, bytesPerMs } from './audio-format.js';
import { LevelMeter } from './level-meter.js';
import { EnergyVad, type VadEvent, type VadSettings } from './vad.js';

const FIRST_CAPACITY_BYTES = 32_768;

/**
 * The caller's side of a session: counts appended audio in ms since the session began, listens for speech in it, and
 * keeps what was appended (in the input format, from the last change of format on) up to a limit.
 */
export class InputAudio {
  readonly #recordLimitMs: number;
  #format: AudioFormat;
  #meter: LevelMeter;
  #vad: EnergyVad | undefined;
  /** Audio time at which the present format began. */
  #formatSinceMs = 0;
  #bytesInFormat = 0;
  #recording = Buffer.alloc(0);
  #recordedBytes = 0;
  /** Audio time from which on nothing was committed or cleared. */
  #uncommittedSinceMs = 0;

  constructor(format: AudioFormat, vad: VadSettings | undefined, recordLimitMs: number) {
    this.#format = format;
    this.#meter = new LevelMeter(format);
    this.#vad = vad && new EnergyVad(vad);
    this.#recordLimitMs = recordLimitMs;
  }

  get format(): AudioFormat {
    return this.#format;
  }

  /** Audio time now: ms appended since the session began. */
  get nowMs(): number {
    return this.#formatSinceMs + this.#bytesInFormat / bytesPerMs(this.#format);
  }

  /** Bytes appended since the format was last changed. */
  get bytesInFormat(): number {
    return this.#bytesInFormat;
  }

  /** Audio that waits in the buffer for a commit, in ms. */
  get uncommittedMs(): number {
    return this.nowMs - this.#uncommittedSinceMs;
  }

  get uncommittedSinceMs(): number {
    return this.#uncommittedSinceMs;
  }

  get speaking(): boolean {
    return this.#vad?.speaking ?? false;
  }

  /** What was appended since the format was last changed, as it was appended. */
  get recorded(): Buffer {
    return this.#recording.subarray(0, this.#recordedBytes);
  }

  /** Takes the bytes of one append and tells what the detector heard in them. */
  append(bytes: Buffer): VadEvent[] {
    this.#record(bytes);
    this.#bytesInFormat += bytes.length;
    const vad = this.#vad;
    if (!vad) return [];
    const heard: VadEvent[] = [];
    this.#meter.feed(bytes, (rms) => {
      const event = vad.push(rms);
      if (event) heard.push(event);
    });
    return heard;
  }

  /** Another format: what follows is read with it, and the recording starts afresh. */
  setFormat(format: AudioFormat): void {
    this.#formatSinceMs = this.nowMs;
    this.#format = format;
    this.#bytesInFormat = 0;
    this.#recordedBytes = 0;
    this.#meter = new LevelMeter(format);
    this.#uncommittedSinceMs = this.#formatSinceMs;
  }

  /** Another detector, or none; speech that was going on is forgotten. */
  setVad(settings: VadSettings | undefined): void {
    this.#vad = settings && new EnergyVad(settings, this.nowMs);
    this.#meter = new LevelMeter(this.#format);
  }

  /** Everything up to now has been committed or thrown away. */
  emptyBuffer(): void {
    this.#uncommittedSinceMs = this.nowMs;
  }

  /** Appended audio between two moments of audio time, as far as it was kept. */
  slice(startMs: number, endMs: number): Buffer {
    const toByte = (ms: number) => Math.max(0, Math.round((ms - this.#formatSinceMs) * bytesPerMs(this.#format)));
    return this.recorded.subarray(toByte(startMs), toByte(endMs));
  }

  #record(bytes: Buffer): void {
    const room = this.#recordLimitMs * bytesPerMs(this.#format) - this.#recordedBytes;
    const kept = room < bytes.length ? bytes.subarray(0, Math.max(0, Math.floor(room))) : bytes;
    const needed = this.#recordedBytes + kept.length;
    if (needed > this.#recording.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, FIRST_CAPACITY_BYTES, this.#recording.length * 2));
      this.#recording.copy(grown, 0, 0, this.#recordedBytes);
      this.#recording = grown;
    }
    kept.copy(this.#recording, this.#recordedBytes);
    this.#recordedBytes = needed;
  }
}
