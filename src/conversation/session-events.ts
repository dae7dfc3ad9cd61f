import { type CallerAudio } from './caller-audio.js';
import {
  type ModelFailure,
  type ModelListener,
  type ResponseOutcome,
  type ToolCall,
  type TranscriptionUsage,
} from './model.port.js';
import { type ToolWords } from './observer.port.js';
import { type Ledger } from './record/ledger.js';
import { type Transcript } from './record/transcript.js';
import { type Watched } from './timeline/watched.js';
import { type ToolDesk } from './tools/tool-desk.js';
import { type TurnTaking } from './turns/turn-taking.js';

export interface SessionEventsParts {
  turns: TurnTaking;
  tools: ToolDesk;
  transcript: Transcript;
  ledger: Ledger;
  heldAudio: CallerAudio;
  observer: Watched;
  lost(failure: ModelFailure): void;
  /** Words were written down, or will not be. */
  written(): void;
}

/** Brings what a session tells to the parts of the conversation that it concerns. */
export class SessionEvents implements ModelListener {
  private lastDoneId: string | undefined;

  constructor(private readonly parts: SessionEventsParts) {}

  speechStarted(itemId: string, agoMs?: number): void {
    this.parts.heldAudio.pin();
    this.parts.turns.speechStarted(itemId, agoMs);
  }

  speechStopped(itemId: string): void {
    this.parts.turns.speechStopped(itemId);
  }

  turnCommitted(itemId: string): void {
    this.parts.turns.turnCommitted(itemId);
    this.callerHeard(!this.parts.transcript.unwritten);
  }

  callerTranscript(itemId: string, text: string, usage: TranscriptionUsage | undefined): void {
    this.parts.transcript.callerWords(itemId, text);
    if (usage) this.parts.ledger.transcription(usage);
    this.callerHeard(!this.parts.transcript.unwritten);
    this.parts.written();
  }

  callerTranscriptFailed(itemId: string): void {
    // What was said is still in the session; only a session that comes after it will not know.
    this.parts.transcript.callerUnwritten(itemId);
    this.parts.written();
  }

  responseCreated(responseId: string): void {
    this.parts.tools.modelSide.responseBegun();
    this.parts.turns.responseCreated(responseId);
  }

  audio(responseId: string, itemId: string, audio: Buffer): void {
    this.parts.turns.audio(responseId, itemId, audio);
  }

  audioDone(responseId: string, itemId: string): void {
    this.parts.turns.audioDone(responseId, itemId);
  }

  assistantTranscript(responseId: string, itemId: string, delta: string): void {
    this.parts.turns.assistantTranscript(responseId, itemId, delta);
  }

  toolCalled(call: ToolCall): void {
    // The answer that called it is not for the caller any more; what it wanted may not be either.
    if (this.parts.turns.isDropped(call.responseId)) return;
    this.parts.turns.toolUsed();
    this.parts.tools.called(call);
  }

  remoteToolBegun(id: string, name: string, words?: ToolWords): void {
    this.parts.turns.toolUsed();
    this.parts.tools.modelSide.begun(id, name, words);
  }

  remoteToolDone(id: string, name: string, ok: boolean): void {
    this.parts.tools.modelSide.done(id, name, ok);
  }

  responseDone(outcome: ResponseOutcome): void {
    // Told twice, it would be charged twice, and taken for an answer with nothing in it.
    if (outcome.responseId === this.lastDoneId) return;
    this.lastDoneId = outcome.responseId;
    if (outcome.usage) this.parts.ledger.response(outcome.usage, outcome.costUsd);
    if (outcome.status === 'completed') this.callerHeard(true);
    this.parts.turns.responseDone(outcome);
  }

  refused(code: string, requestId: string | undefined): void {
    const refusal = this.parts.turns.refused(code, requestId);
    this.parts.observer.modelRefused({ code, answerLost: refusal === 'lost' });
  }

  lost(failure: ModelFailure): void {
    this.parts.lost(failure);
  }

  /** The caller's words are answered or written down: a next session need not hear them again. */
  private callerHeard(known: boolean): void {
    if (known && !this.parts.turns.callerSpeaking) this.parts.heldAudio.unpin();
  }
}
