import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resample } from './resample.js';
import { decodeWav } from './wav.js';

/** The speech in simulator/assets/: what is said in each clip. */
export const CLIP_TEXTS = {
  'assistant-greeting': 'Hello, you are speaking with an AI assistant. How can I help you?',
  'assistant-answer-long':
    'On Thursday we have a table for four at half past six, one by the window at a quarter past seven, and a quiet corner ' +
    'at eight. Which of these would you like me to book?',
  'assistant-answer-short':
    'All right, Friday it is. A table for four at seven. You will get a message with the details.',
  'assistant-keys':
    'Friday at seven is free. Please key in the last four digits of your phone number, and then the hash key.',
  'assistant-booked': 'Thank you. Your table for four is booked, on Friday at seven, by the fireplace.',
  'assistant-goodbye': 'You are welcome. Goodbye!',
  'caller-booking': 'Hi, I would like to book a table for four people on Thursday evening. What do you have?',
  'caller-interruption': 'Sorry, one moment, actually make it Friday.',
  'caller-goodbye': 'That is perfect, thank you very much. Goodbye.',
} as const;

export type ClipName = keyof typeof CLIP_TEXTS;

/** All clips by name. */
export const CLIP_NAMES = Object.keys(CLIP_TEXTS) as ClipName[];

/** Whether the text names a clip (and is not, say, the path of a file). */
export function isClipName(text: string): text is ClipName {
  return Object.hasOwn(CLIP_TEXTS, text);
}

/**
 * The folder of the recordings. They stay in the source tree, while this code may run from simulator/ or dist/simulator/, so
 * it is looked for from here upwards.
 */
function assetsFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, 'simulator', 'assets');
    if (existsSync(join(candidate, 'assistant-greeting.wav'))) return candidate;
    if (folder === dirname(folder)) throw new Error('the folder simulator/assets with the speech clips is missing');
  }
}

const loaded = new Map<ClipName, Int16Array>();

/** The clip as 8 kHz 16-bit samples, read once. Do not write into it. */
export function loadClip(name: ClipName): Int16Array {
  let samples = loaded.get(name);
  if (samples === undefined) {
    samples = readTelephoneAudio(join(assetsFolder(), `${name}.wav`));
    loaded.set(name, samples);
  }
  return samples;
}

/** Any WAV file as telephone audio: 8 kHz, mono (two channels are averaged). Throws WavError, or what reading the file throws. */
export function readTelephoneAudio(path: string): Int16Array {
  const { sampleRateHz, channels } = decodeWav(readFileSync(path));
  const [left = new Int16Array(), right] = channels;
  const mono = right === undefined ? left : left.map((sample, i) => (sample + (right[i] ?? 0)) >> 1);
  return resample(mono, sampleRateHz);
}
