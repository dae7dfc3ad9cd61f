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
