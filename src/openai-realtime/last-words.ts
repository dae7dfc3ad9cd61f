import { type ModelFailure, type ModelListener, type ResponseOutcome } from '../conversation/model.port.js';
import { type TranscriptionUsage } from '../conversation/model.port.js';

export interface LastWordsActions {
  cancelResponse(responseId: string): void;
  /** Lets the model notice that the caller is silent. */
  endTurn(): void;
}

/**
 * Listens in place of a conversation whose call is over: what the caller said is still told, and what responses cost;
 * whatever the model would like to say or do is not wanted any more.
 */
export class LastWords implements ModelListener {
  constructor(
    private readonly conversation: ModelListener,
    private readonly actions: LastWordsActions,
  ) {}

  speechStarted(itemId: string, agoMs?: number): void {
    // It was in audio that the model had not looked at yet; no more will come to end it.
    this.actions.endTurn();
    this.conversation.speechStarted(itemId, agoMs);
  }
  speechStopped(itemId: string): void {
    this.conversation.speechStopped(itemId);
  }
  turnCommitted(itemId: string): void {
    this.conversation.turnCommitted(itemId);
  }
  callerTranscript(itemId: string, text: string, usage: TranscriptionUsage | undefined): void {
    this.conversation.callerTranscript(itemId, text, usage);
  }
  callerTranscriptFailed(itemId: string): void {
    this.conversation.callerTranscriptFailed(itemId);
  }
  responseCreated(responseId: string): void {
    this.actions.cancelResponse(responseId);
  }
  responseDone(outcome: ResponseOutcome): void {
    this.conversation.responseDone(outcome);
  }
  lost(failure: ModelFailure): void {
    this.conversation.lost(failure);
  }

  audio(): void {
    // Nobody hears it.
  }
  audioDone(): void {
    // Nobody hears it.
  }
  assistantTranscript(): void {
    // Nobody hears it.
  }
  toolCalled(): void {
    // Nobody waits for what it would do.
  }
  remoteToolBegun(): void {
    // Nobody waits for it.
  }
  remoteToolDone(): void {
    // Nobody waits for it.
  }
  refused(): void {
    // A cancellation that came too late; the conversation asks for nothing any more.
  }
}
