import { METER_FRAME_MS } from './level-meter.js';
import { type TurnDetection } from './session-config.js';

/** What the detector heard; times are ms of appended audio since the session began. */
export type VadEvent = { kind: 'started'; audioStartMs: number } | { kind: 'stopped'; audioEndMs: number };

export interface VadSettings {
  /** Root mean square above which a frame counts as speech. */
  speechRms: number;
  prefixPaddingMs: number;
  silenceDurationMs: number;
  minSpeechMs: number;
}

/**
 * `threshold` 0..1 as a loudness: -60 dBFS (a quiet line) to -20 dBFS (a voice close to the microphone).
 * The default 0.5 is -40 dBFS: above the hum of a line (-50 and below), well below telephone speech (-30 to -15).
 */
export function speechRmsOf(threshold: number): number {
  return 32_768 * 10 ** ((-60 + 40 * threshold) / 20);
}

/** semantic_vad waits by meaning; here by a fixed silence that is longer the less eager it is. */
const SEMANTIC_SILENCE_MS = { low: 1000, medium: 600, auto: 600, high: 300 };

/** The detector's settings for a session's `turn_detection`. */
export function vadSettingsOf(detection: TurnDetection, minSpeechMs: number): VadSettings {
  if (detection.type === 'semantic_vad') {
    return {
      speechRms: speechRmsOf(0.5),
      prefixPaddingMs: 300,
      silenceDurationMs: SEMANTIC_SILENCE_MS[detection.eagerness],
      minSpeechMs,
    };
  }
  return {
    speechRms: speechRmsOf(detection.threshold),
    prefixPaddingMs: detection.prefix_padding_ms,
    silenceDurationMs: detection.silence_duration_ms,
    minSpeechMs,
  };
}

/** Speech that has begun goes on down to this part of the level, or the ends of words would be cut. */
const HYSTERESIS = 0.6;

/**
 * Energy-based voice activity detection in audio time: it knows the frames it was given and no clock, as the real one
 * counts appended audio. A caller whose frames stop in mid-word has not stopped speaking.
 */
export class EnergyVad {
  readonly #settings: VadSettings;
  /** Nothing before this moment may become part of a new turn (it was committed or cleared). */
  #floorMs: number;
  #nowMs: number;
  #speaking = false;
  #loudMs = 0;
  #quietMs = 0;

  constructor(settings: VadSettings, startMs = 0) {
    this.#settings = settings;
    this.#nowMs = startMs;
    this.#floorMs = startMs;
  }

  get speaking(): boolean {
    return this.#speaking;
  }

  /** Takes the loudness of the next 20 ms. */
  push(rms: number): VadEvent | undefined {
    this.#nowMs += METER_FRAME_MS;
    return this.#speaking ? this.#whileSpeaking(rms) : this.#whileSilent(rms);
  }

  #whileSilent(rms: number): VadEvent | undefined {
    const { speechRms, minSpeechMs, prefixPaddingMs } = this.#settings;
    // A single soft frame inside a word does not undo what was counted; two steps back do for a click.
    this.#loudMs = rms >= speechRms ? this.#loudMs + METER_FRAME_MS : Math.max(0, this.#loudMs - 2 * METER_FRAME_MS);
    if (this.#loudMs === 0 || this.#loudMs < minSpeechMs) return undefined;
    const audioStartMs = Math.max(this.#floorMs, this.#nowMs - this.#loudMs - prefixPaddingMs);
    this.#speaking = true;
    this.#loudMs = 0;
    this.#quietMs = 0;
    return { kind: 'started', audioStartMs };
  }

  #whileSpeaking(rms: number): VadEvent | undefined {
    const { speechRms, silenceDurationMs } = this.#settings;
    this.#quietMs = rms >= speechRms * HYSTERESIS ? 0 : this.#quietMs + METER_FRAME_MS;
    if (this.#quietMs === 0 || this.#quietMs < silenceDurationMs) return undefined;
    this.#speaking = false;
    this.#floorMs = this.#nowMs;
    return { kind: 'stopped', audioEndMs: this.#nowMs };
  }
}
