import { muLawByte } from './mu-law.js';

const SAMPLE_RATE_HZ = 8_000;
/** A minor third upwards: a4 and c5, well inside the 300 to 3,400 Hz of a telephone. */
const NOTES_HZ = [440, 523.25];
/** A whole number of 20 ms frames. */
const NOTE_MS = 300;
/** Edges this long make no click. */
const EDGE_MS = 60;
/** Not louder than speech: this is the nominal speech level in telephony (ITU-T, -26 dBov). */
const LEVEL_DBFS = -26;
/** A sine of this peak has the level above as its effective value. */
const PEAK = 32_768 * 10 ** (LEVEL_DBFS / 20) * Math.SQRT2;

/** 0 to 1 and back, along half a cosine at either end. */
function edge(atMs: number): number {
  const fromEndMs = Math.min(atMs, NOTE_MS - atMs, EDGE_MS);
  return (1 - Math.cos((Math.PI * fromEndMs) / EDGE_MS)) / 2;
}

function note(frequencyHz: number): number[] {
  return Array.from({ length: (NOTE_MS * SAMPLE_RATE_HZ) / 1000 }, (_, index) => {
    const seconds = index / SAMPLE_RATE_HZ;
    return muLawByte(Math.round(PEAK * edge(seconds * 1000) * Math.sin(2 * Math.PI * frequencyHz * seconds)));
  });
}

/** What a caller hears while they wait: two soft notes, 600 ms of mu-law. One buffer for all calls; not to be written to. */
export const WAIT_TONE: Buffer = Buffer.from(NOTES_HZ.flatMap(note));
