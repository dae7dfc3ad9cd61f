import { type G711Law } from './line.port.js';
import { type ToolWords } from './observer.port.js';

/** Something to remember, in the words of the conversation. */
export type HistoryItem = { role: 'caller' | 'assistant' | 'system'; text: string } | ToolExchange;

/** A tool that was called earlier in the conversation, and what came of it. */
export interface ToolExchange {
  role: 'tool';
  toolCallId: string;
  name: string;
  /** JSON, as the model wrote it. */
  argumentsText: string;
  output: string;
}

/** The model wants a tool run. Only complete calls are told: an interrupted one is never run. */
export interface ToolCall {
  responseId: string;
  toolCallId: string;
  name: string;
  /** As the model wrote it: JSON, if all is well. */
  argumentsText: string;
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

/** What something cost, in US dollars; undefined where no price is known. */
export type CostUsd = number | undefined;

/** What writing down a caller's turn took. */
export interface TranscriptionUsage {
  /** Seconds of audio, where it is charged by time; 0 where it is charged by tokens. */
  seconds: number;
  inputTextTokens: number;
  inputAudioTokens: number;
  outputTextTokens: number;
  costUsd: CostUsd;
}

/** Why a model session or a response failed, and what that means for trying again. */
export interface ModelFailure {
  /** `fatal`: the same will happen again (key, quota, configuration). `retryable`: a new attempt may succeed. */
  kind: 'fatal' | 'retryable';
  code: string;
  /** For the operator; never holds secrets or callers' words. */
  message: string;
  /** When the model says to come back, where it says so. */
  retryAfterMs?: number;
}

export interface ResponseOutcome {
  responseId: string;
  status: 'completed' | 'cancelled' | 'failed' | 'incomplete';
  /** For incomplete and cancelled ones, the model's own word. */
  reason: string | undefined;
  failure: ModelFailure | undefined;
  usage: TokenUsage | undefined;
  /** Of `usage`. */
  costUsd: CostUsd;
}

/** How an answer is asked for. */
export interface ResponseOptions {
  /** True: only words, no tool. */
  withoutTools?: boolean;
}

/** How a session came about. Times are milliseconds. */
export interface SessionDial {
  /** It was connected before it was asked for. */
  warm: boolean;
  /** From the dial to the confirmed configuration. */
  connectMs: number;
  /** Since the dial, when it was given to its call. */
  ageMs: number;
}

/** One connected, configured session with a speech-to-speech model. */
export interface ModelSession {
  readonly id: string;
  /** Undefined where nobody has measured it. */
  readonly dial?: SessionDial | undefined;
  /** Whether the model cancels its answer by itself when the caller speaks, and answers by itself when they stop. */
  readonly takesTurnsItself: boolean;
  /** Still connected. */
  readonly alive: boolean;
  /** From when on a new session should take this one's place, on the app's clock: well before the service ends it. */
  readonly renewAtMs: number;
  listen(listener: ModelListener): void;
  /** @param base64 G.711 in the law last set, as base64 text; not kept beyond the call. */
  appendAudio(base64: Buffer): void;
  /** Resolves once the model has confirmed that it reads this law. Rejects with a {@link ModelFailure}. */
  setInputLaw(law: G711Law): Promise<void>;
  /** Adds to the conversation, without asking for an answer. */
  remember(item: HistoryItem): void;
  /** What came of a tool call of this session. Does not ask for an answer. */
  giveToolOutput(toolCallId: string, output: string): void;
  /** Asks for an answer. @returns the id under which a refusal will be reported. */
  createResponse(options?: ResponseOptions): string;
  cancelResponse(responseId: string): void;
  /** The caller heard the item up to here and no further. */
  truncateItem(itemId: string, heardMs: number): void;
  deleteItem(itemId: string): void;
  /**
   * The call is over: no more answers, but what the caller said last is still written down (`callerTranscript`). From now
   * on only the caller's turns are told, and of responses `responseDone`, because they have a cost.
   * @param callerSpeaking their last words have no end yet.
   */
  finishListening(callerSpeaking: boolean): void;
  close(): void;
}

export interface ModelListener {
  /** @param agoMs since the caller began to speak, where the model says so. */
  speechStarted(itemId: string, agoMs?: number): void;
  speechStopped(itemId: string): void;
  /** The caller's turn is complete and part of the conversation. */
  turnCommitted(itemId: string): void;
  callerTranscript(itemId: string, text: string, usage: TranscriptionUsage | undefined): void;
  /** The turn could not be written down. */
  callerTranscriptFailed(itemId: string): void;
  responseCreated(responseId: string): void;
  /** @param audio raw mu-law bytes. */
  audio(responseId: string, itemId: string, audio: Buffer): void;
  audioDone(responseId: string, itemId: string): void;
  assistantTranscript(responseId: string, itemId: string, delta: string): void;
  /** Told before the end of its response. */
  toolCalled(call: ToolCall): void;
  /**
   * A tool that runs at the model's side has begun; the model needs to be asked for an answer when it is done.
   * @param words filled in as they become known, which may be after its end.
   */
  remoteToolBegun(id: string, name: string, words?: ToolWords): void;
  /** It is done, well or not; also told of one that did not begin, because it was not approved. */
  remoteToolDone(id: string, name: string, ok: boolean): void;
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
