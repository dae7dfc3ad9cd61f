import { type ModelFailure, type ResponseOutcome, type SessionDial } from './model.port.js';

/** Why the assistant spoke, or was to: `caller`: words; `keys`: keys were pressed; `note`: something of ours (a limit, a late result). */
export type TurnCause = 'greeting' | 'caller' | 'keys' | 'note';

/** How a turn ended. `skipped`: the assistant had nothing to say; `lost`: with its session; `over`: with the call, or its move. */
export type TurnOutcome = 'heard' | 'interrupted' | 'skipped' | 'failed' | 'lost' | 'over';

/** One response of the model within a turn. Times are milliseconds since 1970. */
export interface TurnResponse {
  responseId: string;
  /** When it was asked for; undefined where the model began by itself. */
  askedAtMs: number | undefined;
  createdAtMs: number;
  /** The first audio of it that came from the model. */
  firstAudioAtMs: number | undefined;
  /** When the model was done with it, or it was given up. */
  doneAtMs: number;
  /** What the model said of it at its end; undefined where that never came. */
  outcome: ResponseOutcome | undefined;
  /** Nothing of it was for the caller. */
  dropped: boolean;
  /** Milliseconds of audio that came. */
  audioMs: number;
}

/** What a tool was given and what came of it; for whoever has leave to look at them. */
export interface ToolWords {
  /** JSON, as the model wrote it. */
  argumentsText: string;
  /** What the model reads of it; undefined where nothing came, or it was not told. */
  output: string | undefined;
}

/** One tool that ran within a turn. Times are milliseconds since 1970. */
export interface TurnTool {
  toolCallId: string;
  /** `unknown`: there is no such tool, or the model has not said which. */
  name: string;
  /** `mcp`: run at the model's side. */
  kind: 'built-in' | 'http' | 'mcp';
  startedAtMs: number;
  endedAtMs: number;
  /** Undefined: it went well. Else a word of ours, of bounded number. */
  error: string | undefined;
  /** The model was told its result after the turn had gone on without it. */
  late: boolean;
  /** Undefined where nothing is written down of it. */
  words?: ToolWords | undefined;
}

/** What the caller had heard of an item when it was cut off. */
export interface TurnCut {
  heardMs: number;
  /** Of how much that had come from the model. */
  ofMs: number;
}

/** One turn, when it is over: the caller speaks, the assistant answers, the caller has heard it. Times are milliseconds since 1970. */
export interface TurnTimeline {
  /** Within the call, over all its sessions and pods, from 1; the greeting is 0. */
  number: number;
  cause: TurnCause;
  startedAtMs: number;
  endedAtMs: number;
  /** The session with the model in which it was answered. */
  sessionId: string | undefined;
  callerSpeech: { startedAtMs: number; endedAtMs: number } | undefined;
  responses: readonly TurnResponse[];
  tools: readonly TurnTool[];
  /** First audio on its way to the caller, first audio heard, and the moment the last of it was heard or cut off. */
  playout: { firstSentAtMs: number; firstHeardAtMs: number | undefined; endedAtMs: number } | undefined;
  outcome: TurnOutcome;
  cut: TurnCut | undefined;
  /** From the beginning of the caller's speech (as the model tells it) to the moment the line was silent. */
  bargeInMs: number | undefined;
  /** Words of both sides; for whoever has leave to look at them. */
  words: { caller: string | undefined; assistant: string | undefined };
}

/** Why a session with the model was opened. `returned`: somebody to whom the caller was to be transferred was not to be had. */
export type SessionCause = 'begin' | 'lost' | 'renewal' | 'moved' | 'returned';

/** An attempt to get a session, when it is over. Times are milliseconds since 1970. */
export interface SessionOpening {
  cause: SessionCause;
  startedAtMs: number;
  endedAtMs: number;
  /** Undefined where none was to be had. */
  sessionId: string | undefined;
  attempts: number;
  failure: ModelFailure | undefined;
  /** Items of the conversation that the session was told. */
  itemsTold: number;
  /** How the session itself came about; undefined where there is none, or nobody has measured it. */
  dial?: SessionDial | undefined;
}

/** The model did not take something that it was sent, and the session goes on. */
export interface ModelRefusal {
  /** The model's own word. */
  code: string;
  /** It was an answer that somebody waits for. False: a race that was lost, or something that the caller does not notice. */
  answerLost: boolean;
}

/** Watches a conversation. Told of what is over; never of single frames. What it throws is a mistake of ours and ends nothing. */
export interface ConversationObserver {
  turnOver(turn: TurnTimeline): void;
  sessionOpened(opening: SessionOpening): void;
  modelRefused(refusal: ModelRefusal): void;
}
