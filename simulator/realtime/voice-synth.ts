import { type AudioFormat, encodeAudio } from './audio-format.js';

const SAMPLE_RATE = 8000;
const LOUDEST = 14_000;

/** The main tones of successive replies: far enough apart (120 Hz) to be told from each other in 100 ms of audio. */
export const REPLY_TONES_HZ: readonly number[] = Array.from({ length: 14 }, (_, i) => 320 + 120 * i);

/** The tone of the n-th reply (from 0) of a session; after 14 replies the tones come round again. */
export function toneOfReply(index: number): number {
  return REPLY_TONES_HZ[index % REPLY_TONES_HZ.length] ?? 320;
}

/** How long it takes to say `text`: about 14 characters a second, at least 400 ms. */
export function speakingMs(text: string): number {
  return Math.max(400, Math.ceil((text.length * 70) / 20) * 20);
}

/**
 * A deterministic stand-in for a voice: a tone with two overtones whose loudness rises and falls four times a second, as
 * syllables do, and never falls to silence, so that every frame of it can be recognised.
 * @returns 16-bit samples at 8 kHz
 */
export function synthesiseVoice(toneHz: number, durationMs: number): Int16Array {
  const samples = new Int16Array(Math.round((durationMs * SAMPLE_RATE) / 1000));
  const step = (2 * Math.PI * toneHz) / SAMPLE_RATE;
  const syllableStep = (2 * Math.PI * 4) / SAMPLE_RATE;
  for (let i = 0; i < samples.length; i++) {
    const wave = 0.75 * Math.sin(i * step) + 0.15 * Math.sin(2 * i * step) + 0.1 * Math.sin(3 * i * step);
    const loudness = 0.6 - 0.4 * Math.cos(i * syllableStep);
    samples[i] = Math.round(LOUDEST * loudness * wave);
  }
  return samples;
}

/** How much of `toneHz` is in the samples (Goertzel's algorithm; power, without a unit). */
function powerAt(toneHz: number, samples: Int16Array): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * toneHz) / SAMPLE_RATE);
  let previous = 0;
  let beforePrevious = 0;
  for (const sample of samples) {
    const next = sample + coefficient * previous - beforePrevious;
    beforePrevious = previous;
    previous = next;
  }
  return previous * previous + beforePrevious * beforePrevious - coefficient * previous * beforePrevious;
}

/**
 * Which reply is heard in these samples (16 bit, 8 kHz; 50 ms or more): its tone in Hz, undefined for silence or when
 * no tone stands out.
 */
export function heardTone(samples: Int16Array, tones: readonly number[] = REPLY_TONES_HZ): number | undefined {
  let energy = 0;
  for (const sample of samples) energy += sample * sample;
  if (samples.length === 0 || energy / samples.length < 100 * 100) return undefined;
  const powers = tones.map((toneHz) => ({ toneHz, power: powerAt(toneHz, samples) }));
  const loudest = powers.reduce((best, next) => (next.power > best.power ? next : best), { toneHz: 0, power: 0 });
  // A pure tone has power energy * n / 2; demand a quarter of that.
  return loudest.power > (energy * samples.length) / 8 ? loudest.toneHz : undefined;
}

/** Encoded voices, kept because many sessions say the same: tone, length and format make the audio. */
export class VoiceBox {
  static readonly #LIMIT = 64;
  readonly #voices = new Map<string, Buffer>();

  voice(toneHz: number, durationMs: number, format: AudioFormat): Buffer {
    const key = `${toneHz}/${durationMs}/${format.type}`;
    const known = this.#voices.get(key);
    if (known) return known;
    const audio = encodeAudio(format, synthesiseVoice(toneHz, durationMs));
    const oldest = this.#voices.keys().next();
    if (this.#voices.size >= VoiceBox.#LIMIT && !oldest.done) this.#voices.delete(oldest.value);
    this.#voices.set(key, audio);
    return audio;
  }
}
