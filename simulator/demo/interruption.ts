import { CLIP_TEXTS, loadClip } from '../audio/clips.js';
import { type CallReport } from '../caller/index.js';
import { type RealtimeDouble } from '../realtime/index.js';
import { type SimulatedCall } from '../telnyx/index.js';
import { ASSISTANT_CLIPS } from './cast.js';
import { cutOf } from './gateway-events.js';
import { type GatewayLine } from './gateway-process.js';

/** What an interruption came to, from every side that saw it; ms, undefined where a side has nothing to say. */
export interface Interruption {
  /** Of the interrupted answer, what reached the caller's ear. */
  heardMs: number;
  /** Of the answer, what the model had sent when the caller cut in, as the gateway logs it. */
  generatedMs: number | undefined;
  /** What the gateway believes was heard. */
  gatewayHeardMs: number | undefined;
  /** Where the model's memory of its answer now ends. */
  truncatedAtMs: number | undefined;
  /** The words up to there, where they are known. */
  heardWords: string | undefined;
}

export interface HeardSpan {
  startedAtMs: number;
  endedAtMs: number;
}

/**
 * How much of an answer was heard: its audio between the caller's question and the moment the queue was dropped.
 * In: stretches of audio heard, when the question ended, when the queue was dropped; all on one clock.
 */
export function heardOfAnswerMs(heard: readonly HeardSpan[], askedAtMs: number, droppedAtMs: number): number {
  return heard
    .filter(({ startedAtMs }) => startedAtMs >= askedAtMs && startedAtMs < droppedAtMs)
    .reduce((sum, { startedAtMs, endedAtMs }) => sum + endedAtMs - startedAtMs, 0);
}

/** The part of a sentence that fits a share of its audio, cut at a word: made-up speech is even enough for that. */
export function wordsHeard(text: string, share: number): string {
  if (share >= 1) return text;
  const cut = text.slice(0, Math.floor(text.length * Math.max(0, share)));
  return `${cut.slice(0, Math.max(0, cut.lastIndexOf(' ')))} …`;
}

/**
 * The call's one interruption, seen from the caller, the gateway and the model; undefined when nothing was cut off.
 * @param model undefined: the real one, of whose words and memory nothing is known.
 */
export function interruptionOf(
  model: RealtimeDouble | undefined,
  call: SimulatedCall,
  { turns }: CallReport,
  lines: readonly GatewayLine[],
): Interruption | undefined {
  const index = turns.findIndex(({ interrupts }) => interrupts);
  const asked = turns[index - 1];
  const dropped = call.log.entries.find(({ name }) => name === 'clear');
  if (asked === undefined || dropped === undefined) return undefined;
  const heardMs = heardOfAnswerMs(call.heard.segments, asked.toMs, call.heard.sinceAnswer(dropped.atMs));
  const cut = lines.map(cutOf).find((item) => item !== undefined);
  const truncated = model?.sessions
    .flatMap(({ items }) => items)
    .find(({ truncatedAtMs }) => truncatedAtMs !== undefined);
  // The greeting comes before the first turn.
  const answer = model && ASSISTANT_CLIPS[index];
  return {
    heardMs,
    generatedMs: cut?.receivedMs,
    gatewayHeardMs: cut?.heardMs,
    truncatedAtMs: truncated?.truncatedAtMs,
    heardWords: answer && wordsHeard(CLIP_TEXTS[answer], (heardMs * 8) / loadClip(answer).length),
  };
}
