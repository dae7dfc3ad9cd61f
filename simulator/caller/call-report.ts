import { type SoundSpan } from '../audio/energy.js';

/** One thing that the caller said or keyed in, on the clock of the call (ms since it was answered). */
export interface Utterance {
  /** Or the keys. */
  words: string;
  /** By keys. */
  pressed?: true;
  fromMs: number;
  toMs: number;
  /** It was meant to cut the assistant off. */
  interrupts: boolean;
}

/** A caller's turn and what came of it. */
export interface TurnReport extends Utterance {
  /** End of the caller's speech (or the last key) to the first sound of the assistant that the caller heard; undefined: none came. */
  answerMs?: number;
  /** Beginning of the caller's speech to the last sound of the assistant that was cut off; undefined: it was silent. */
  silenceAfterInterruptionMs?: number;
}

/** What a scripted call came to. */
export interface CallReport {
  script: string;
  /** Answer to the first sound heard; undefined: the assistant never spoke. */
  greetingMs?: number;
  turns: TurnReport[];
  endedBy: 'caller' | 'gateway' | 'never answered';
  durationMs: number;
  /** When the assistant was heard. */
  heard: readonly SoundSpan[];
  /** In words, empty when all went as the script says. */
  problems: string[];
}

/** Pauses inside an answer are shorter; between a cut-off answer and the next one there are the caller's words. */
const ANSWER_GAP_MS = 500;

/** When the sound that was going on at `timeMs` came to an end, pauses between words and sentences bridged. */
function endOfAnswerAt(spans: readonly SoundSpan[], timeMs: number): number | undefined {
  let end: number | undefined;
  for (const span of spans) {
    const goesOn = end === undefined ? span.fromMs <= timeMs && span.toMs > timeMs - ANSWER_GAP_MS : true;
    if (!goesOn || span.fromMs - (end ?? span.fromMs) >= ANSWER_GAP_MS) {
      if (end !== undefined) break;
      continue;
    }
    end = span.toMs;
  }
  return end;
}

/** The latencies of each turn, from when the caller spoke and when the assistant was heard. */
export function turnReports(spans: readonly SoundSpan[], utterances: readonly Utterance[]): TurnReport[] {
  return utterances.map((utterance, index) => {
    const turn: TurnReport = { ...utterance };
    const nextFromMs = utterances[index + 1]?.fromMs ?? Infinity;
    const answer = spans.find((span) => span.fromMs >= utterance.toMs && span.fromMs < nextFromMs);
    if (answer !== undefined) turn.answerMs = answer.fromMs - utterance.toMs;
    const end = endOfAnswerAt(spans, utterance.fromMs);
    if (end !== undefined && end > utterance.fromMs) turn.silenceAfterInterruptionMs = end - utterance.fromMs;
    return turn;
  });
}

/** Turns that took longer than the script allows, in words. */
export function limitProblems(
  turns: readonly TurnReport[],
  limits: { answerMs?: number | undefined; silenceAfterInterruptionMs?: number | undefined },
): string[] {
  const problems: string[] = [];
  for (const turn of turns) {
    const { answerMs, silenceAfterInterruptionMs } = turn;
    if (limits.answerMs !== undefined && answerMs !== undefined && answerMs > limits.answerMs)
      problems.push(
        `"${turn.words}" was answered after ${Math.round(answerMs)} ms, the limit is ${limits.answerMs} ms`,
      );
    if (
      turn.interrupts &&
      limits.silenceAfterInterruptionMs !== undefined &&
      silenceAfterInterruptionMs !== undefined &&
      silenceAfterInterruptionMs > limits.silenceAfterInterruptionMs
    )
      problems.push(
        `the assistant went on for ${Math.round(silenceAfterInterruptionMs)} ms into "${turn.words}", ` +
          `the limit is ${limits.silenceAfterInterruptionMs} ms`,
      );
  }
  return problems;
}
