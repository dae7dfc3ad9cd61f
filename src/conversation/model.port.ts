import { type G711Law } from './line.port.js';

/** Something to remember, in the words of the conversation. */
export interface HistoryItem {
  role: 'caller' | 'assistant' | 'system';
  text: string;
}

/** Tokens of one response, as the model counts them. */
export interface TokenUsage {
  inputTextTokens: number;
  inputAudioTokens: number;
  cachedTextTokens: number;
  cachedAudioTokens: number;
  outputTextTokens: number;
  outputAudioTokens: number;
}

/** Why a model session or a response failed, and what that means for trying again. */
export interface ModelFailure {
  /** `fatal`: the same will happen again (key, quota, configuration). `retryable`: a new attempt may succeed. */
  kind: 'fatal' | 'retryable';
  code: string;
  /** For the operator; never holds secrets or callers' words. */
  message: string;
}

export interface ResponseOutcome {
  responseId: string;
  status: 'completed' | 'cancelled' | 'failed' | 'incomplete';
  /** For incomplete and cancelled ones, the model's own word. */
  reason: string | undefined;
  failure: ModelFailure | undefined;
  usage: TokenUsage | undefined;
}

/** One connected, configured session with a speech-to-speech model. */
export interface ModelSession {
  readonly id: string;
  /** Whether the model cancels its answer by itself when the caller speaks, and answers by itself when they stop. */
  readonly takesTurnsItself: boolean;
  listen(listener: ModelListener): void;
  /** @param base64 G.711 in the law last set, as base64 text; not kept beyond the call. */
  appendAudio(base64: Buffer): void;
  /** Resolves once the model has confirmed that it reads this law. Rejects with a {@link ModelFailure}. */
  setInputLaw(law: G711Law): Promise<void>;
  /** Adds to the conversation, without asking for an answer. */
  remember(item: HistoryItem): void;
  /** Asks for an answer. @returns the id under which a refusal will be reported. */
  createResponse(): string;
  cancelResponse(responseId: string): void;
  /** The caller heard the item up to here and no further. */
  truncateItem(itemId: string, heardMs: number): void;
  deleteItem(itemId: string): void;
  close(): void;
}

export interface ModelListener {
  speechStarted(itemId: string): void;
  speechStopped(itemId: string): void;
  /** The caller's turn is complete and part of the conversation. */
  turnCommitted(itemId: string): void;
  callerTranscript(itemId: string, text: string): void;
  responseCreated(responseId: string): void;
  /** @param audio raw mu-law bytes. */
  audio(responseId: string, itemId: string, audio: Buffer): void;
  audioDone(responseId: string, itemId: string): void;
  assistantTranscript(responseId: string, itemId: string, delta: string): void;
  responseDone(outcome: ResponseOutcome): void;
  /** The model refused something. `requestId` is what it was asked under, where the model says. */
  refused(code: string, requestId: string | undefined): void;
  /** The session is over and will say nothing more. */
  lost(failure: ModelFailure): void;
}

/** Where sessions come from. */
export abstract class ModelConnector {
  /** A call is about to need a session: have one on the way. */
  abstract anticipate(): void;
  /** A session that reads `law`, from the warm ones or newly connected. Rejects with a {@link ModelUnavailable}. */
  abstract acquire(law: G711Law): Promise<ModelSession>;
}

/** No session could be had. */
export class ModelUnavailable extends Error {
  constructor(readonly failure: ModelFailure) {
    super(`${failure.code}: ${failure.message}`);
    this.name = 'ModelUnavailable';
  }
}
