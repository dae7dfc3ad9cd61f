import { type CostUsd, type TokenUsage } from '../model.port.js';

/** One entry of a transcript, in the order in which things were said. `atMs` is milliseconds since 1970. */
export type TranscriptEntry =
  /** What the caller said; undefined text: it was not written down. */
  | { kind: 'caller'; atMs: number; text: string | undefined }
  /** What the assistant said as far as the caller heard it. */
  | { kind: 'assistant'; atMs: number; text: string; cut: boolean; heardShare: number }
  | { kind: 'keys'; atMs: number; keys: string }
  | { kind: 'tool'; atMs: number; name: string; argumentsText: string; output: string | undefined };

/** From the end of the caller's words to the answer. */
export interface TurnReport {
  turn: number;
  /** Milliseconds since 1970. */
  callerEndedAtMs: number;
  /** To the first audio of the answer on its way to the caller. */
  answeredAfterMs: number;
  interrupted: boolean;
  usage: TokenUsage;
  costUsd: CostUsd;
}

/** A whole conversation, after its end. */
export interface ConversationReport {
  transcript: TranscriptEntry[];
  turns: TurnReport[];
  interruptions: number;
  resumes: number;
  usage: TokenUsage;
  transcriptionSeconds: number;
  /** Of all responses and transcriptions; undefined where any of them has no known price. */
  costUsd: CostUsd;
}
