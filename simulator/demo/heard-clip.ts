import { locateClip } from '../audio/locate.js';

const LEAD_SAMPLES = 8000;
/** Other speech gives about 0.2. */
const LEAST_LEAD_SCORE = 0.7;
const PIECE_SAMPLES = 4000;
/** A piece without a tenth of its sound has 0.95 (the soft end of a sentence may be missing); one that went through G.711 has 0.99. */
const LEAST_PIECE_SCORE = 0.95;
/** Audio that is late leaves a gap, and then goes on: on a machine that is far too busy, up to this long. */
const LONGEST_GAP_SAMPLES = 8000;

/**
 * How far a clip was heard, stutters bridged: what counts is whether it was heard to its end. Both 8 kHz. Out: milliseconds
 * of the clip, in steps of half a second; undefined when not even its first second is there.
 */
export function heardThroughMs(recording: Int16Array, clip: Int16Array): number | undefined {
  const lead = locateClip(recording, clip.subarray(0, LEAD_SAMPLES));
  if (lead === undefined || lead.score < LEAST_LEAD_SCORE) return undefined;
  let at = lead.atSample;
  let heardSamples = 0;
  for (let from = 0, to: number; from < clip.length; from = to) {
    // The last one takes the rest, so that none is mostly a pause.
    to = clip.length - from < 2 * PIECE_SAMPLES ? clip.length : from + PIECE_SAMPLES;
    const piece = clip.subarray(from, to);
    const match = locateClip(recording.subarray(at, at + piece.length + LONGEST_GAP_SAMPLES), piece);
    if (match !== undefined && match.score >= LEAST_PIECE_SCORE) {
      heardSamples = to;
      at += match.atSample;
    }
    at += piece.length;
  }
  return heardSamples / 8;
}
