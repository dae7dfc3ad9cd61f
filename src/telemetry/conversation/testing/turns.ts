import { type ModelFailure, type ResponseOutcome, type TokenUsage } from '../../../conversation/model.port.js';
import { type TurnResponse, type TurnTimeline, type TurnTool } from '../../../conversation/observer.port.js';

/** For tests: the beginning of every turn, in milliseconds since 1970. */
export const T0 = 1_795_000_000_000;

export const USAGE: TokenUsage = {
  inputTextTokens: 100,
  inputAudioTokens: 40,
  cachedTextTokens: 60,
  cachedAudioTokens: 10,
  outputTextTokens: 20,
  outputAudioTokens: 80,
};

export function outcome(more: Partial<ResponseOutcome> = {}): ResponseOutcome {
  const done = { responseId: 'resp_1', status: 'completed', reason: undefined, failure: undefined } as const;
  return { ...done, usage: USAGE, costUsd: 0.01, ...more };
}

export function failed(failure: ModelFailure): ResponseOutcome {
  return outcome({ status: 'failed', failure, usage: undefined, costUsd: undefined });
}

export function response(more: Partial<TurnResponse> = {}): TurnResponse {
  return {
    responseId: 'resp_1',
    askedAtMs: T0 + 1_100,
    createdAtMs: T0 + 1_150,
    firstAudioAtMs: T0 + 1_400,
    doneAtMs: T0 + 2_000,
    outcome: outcome(),
    dropped: false,
    audioMs: 2_400,
    ...more,
  };
}

export function tool(more: Partial<TurnTool> = {}): TurnTool {
  return {
    toolCallId: 'call_1',
    name: 'find_order',
    kind: 'http',
    startedAtMs: T0 + 1_300,
    endedAtMs: T0 + 1_360,
    error: undefined,
    late: false,
    ...more,
  };
}

/** A caller speaks for a second, and has heard the answer four seconds after they began. */
export function turn(more: Partial<TurnTimeline> = {}): TurnTimeline {
  return {
    number: 3,
    cause: 'caller',
    startedAtMs: T0,
    endedAtMs: T0 + 4_000,
    sessionId: 'sess_1',
    callerSpeech: { startedAtMs: T0, endedAtMs: T0 + 1_000 },
    responses: [response()],
    tools: [],
    playout: { firstSentAtMs: T0 + 1_420, firstHeardAtMs: T0 + 1_600, endedAtMs: T0 + 4_000 },
    outcome: 'heard',
    cut: undefined,
    bargeInMs: undefined,
    words: { caller: 'my secret question', assistant: 'a private answer' },
    ...more,
  };
}
