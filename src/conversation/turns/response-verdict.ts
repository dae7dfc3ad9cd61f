import { type ModelFailure, type ResponseOutcome } from '../model.port.js';

/** What a response that was for the caller means for the next one. */
export type Verdict =
  | { kind: 'fine' }
  /** Complete, and nothing in it: neither a sound nor a tool. */
  | { kind: 'empty' }
  /** The content filter stopped it. */
  | { kind: 'filtered'; failure: ModelFailure }
  | { kind: 'failed'; failure: ModelFailure };

/**
 * @param spoke some of it is, or was, on its way to the caller.
 * @param usedTools it called a tool, and need not have spoken.
 */
export function verdictOn(outcome: ResponseOutcome, spoke: boolean, usedTools: boolean): Verdict {
  const { status, reason, failure } = outcome;
  const retryable = (code: string, message: string): ModelFailure => ({ kind: 'retryable', code, message });
  if (status === 'failed') {
    return { kind: 'failed', failure: failure ?? retryable('unknown', 'the model did not say why') };
  }
  if (status === 'incomplete' && reason === 'content_filter') {
    return { kind: 'filtered', failure: retryable('content-filter', 'the answer was stopped by the content filter') };
  }
  if (spoke || usedTools || status === 'cancelled') return { kind: 'fine' };
  if (status === 'completed') return { kind: 'empty' };
  return { kind: 'failed', failure: retryable(reason ?? 'incomplete', 'the answer ended before a word was said') };
}
