import { type Logger } from 'pino';
import { type Clock } from '../../common/clock.js';
import { type Counters } from '../../telemetry/counters.js';
import { type Line } from '../line.port.js';
import { type ModelFailure, type ModelSession, type ResponseOutcome } from '../model.port.js';
import { type Transcript } from '../record/transcript.js';
import { type Timekeeper } from '../timeline/timekeeper.js';

export interface TurnTakingOptions {
  greetingProtected: boolean;
  /** Speech shorter than this does not interrupt; 0 where any does. */
  interruptMinSpeechMs: number;
}

export interface TurnTakingSurroundings {
  clock: Clock;
  log: Logger;
  line: Line;
  counters: Counters;
  transcript: Transcript;
  timekeeper: Timekeeper;
  /** The present session, if there is one. */
  session(): ModelSession | undefined;
}

/** What others have to know of the turns. */
export interface TurnTakingListener {
  /** Something happened that others may decide upon. */
  changed(): void;
  callerSpeaks(): void;
  /** The caller has said something that is to be answered. */
  callerTurn(): void;
  /** The caller cut the assistant off. */
  interrupted(): void;
  responseOver(response: FinishedResponse): void;
  /** The model owes an answer and says nothing. */
  stalled(): void;
  /** The model could not answer, however often it was asked. */
  gaveUp(failure: ModelFailure): void;
}

export interface FinishedResponse {
  responseId: string;
  status: ResponseOutcome['status'];
  /** Some of it is, or was, on its way to the caller. */
  spoke: boolean;
  /** It was cut off. */
  dropped: boolean;
  /** The model's content filter stopped it. */
  filtered: boolean;
  /** It was asked for by us, and not made by the model on its own. */
  requested: boolean;
}
