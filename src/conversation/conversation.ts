import { type Logger } from 'pino';
import { type Clock } from '../common/clock.js';
import { type Counters } from '../telemetry/counters.js';
import { AnswerWatchdog } from './answer-watchdog.js';
import { AssistantSpeech } from './assistant-speech.js';
import { AudioHold } from './audio-hold.js';
import { ConversationLog } from './conversation-log.js';
import { Greeting } from './greeting.js';
import { type Line, type LineListener } from './line.port.js';
import {
  type ModelConnector,
  type ModelFailure,
  type ModelListener,
  type ModelSession,
  type ResponseOutcome,
} from './model.port.js';
import { openWith, RESUMED } from './notes.js';
import { openSession } from './session-opener.js';
import { ResponseQueue } from './response-queue.js';
import { SpeechGate } from './speech-gate.js';
import { UsageTotals } from './usage-totals.js';

/** Why a conversation cannot go on. */
export type ConversationEnd = 'model-unavailable' | 'model-lost';

export interface ConversationOptions {
  /** What the assistant is told to open with; undefined where the caller speaks first. */
  greeting: string | undefined;
  greetingProtected: boolean;
  /** Speech shorter than this does not interrupt; 0 where any does. */
  interruptMinSpeechMs: number;
}

export interface ConversationSurroundings {
  clock: Clock;
  log: Logger;
  line: Line;
  model: ModelConnector;
  counters: Counters;
  /** @param sentence whether the caller should be told before the call is ended. */
  end(reason: ConversationEnd, sentence: boolean): void;
}

/** Waits before the same answer is asked for again. */
const RETRY_WAITS_MS = [500, 1_500];
/** Sessions lost one after the other, without an answer in between, before it is no use to open more. */
const MAX_LOSSES_IN_A_ROW = 4;

/**
 * One call's conversation: joins the line and the model. It decides when the assistant speaks and stops; what was heard
 * comes from the line, and the model is told. It knows neither socket.
 */
export class Conversation implements LineListener, ModelListener {
  private session: ModelSession | undefined;
  private readonly held = new AudioHold();
  private readonly said = new ConversationLog();
  private readonly usage = new UsageTotals();
  private readonly responses: ResponseQueue;
  private readonly gate: SpeechGate;
  private readonly speech: AssistantSpeech;
  /** Caller items that were too short to interrupt and are no turn. */
  private readonly ignoredSpeech = new Set<string>();
  private readonly greeting: Greeting;
  private readonly watchdog: AnswerWatchdog;
  private callerSpeaking = false;
  /** The response that was asked for and has not begun is not wanted any more. */
  private cancelNext = false;
  /** The caller finished a turn that has had no answer yet. */
  private answerOwed = false;
  private speechEndedMs: number | undefined;
  private failuresInARow = 0;
  private lossesInARow = 0;
  private turns = 0;
  private interruptions = 0;
  private resumes = 0;
  private closed = false;

  constructor(
    private readonly options: ConversationOptions,
    private readonly around: ConversationSurroundings,
  ) {
    this.speech = new AssistantSpeech(around.line, this.said, () => this.session);
    this.responses = new ResponseQueue(() => {
      this.watchdog.expect();
      return this.session?.createResponse() ?? '';
    });
    this.watchdog = new AnswerWatchdog(around.clock, () => this.stalled());
    this.greeting = new Greeting(options.greetingProtected);
    this.gate = new SpeechGate(around.clock, options.interruptMinSpeechMs, () => this.interrupt());
  }

  get summary(): object {
    const { turns, interruptions, resumes } = this;
    return { turns, interruptions, resumes, usage: this.usage.totals };
  }

  /** Connects to the model and lets the assistant greet. Caller audio counts from now on. */
  begin(): void {
    this.around.line.listen(this);
    void this.connect();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.gate.cancel();
    this.watchdog.stop();
    this.around.line.setCallerSpeaking(false);
    this.around.line.interrupt();
    this.session?.close();
    this.session = undefined;
  }

  // --- the line ---

  callerAudio(base64: Buffer): void {
    if (this.session) this.session.appendAudio(base64);
    else if (!this.closed) this.held.keep(base64);
    if (this.gate.measuring) this.gate.audio(this.around.line.law, base64);
  }

  key(_digit: string): void {
    // Keys become words for the model with the tools; until then they are carried nowhere.
  }

  itemStarted(itemId: string): void {
    this.greeting.itemStarted(this.speech.responseOf(itemId));
    if (this.speechEndedMs === undefined) return;
    const answeredAfterMs = Math.round(this.around.clock.nowMs() - this.speechEndedMs);
    this.speechEndedMs = undefined;
    this.turns++;
    this.around.log.info({ turn: this.turns, answeredAfterMs }, 'the assistant answers');
  }

  itemHeard(itemId: string): void {
    this.said.assistantHeard(itemId, 1);
    this.endGreeting();
  }

  lineBack(): void {
    this.session?.setInputLaw(this.around.line.law).catch((error: unknown) => {
      this.around.log.warn({ err: error }, 'the model did not take the new codec of the line');
    });
  }

  // --- the model ---

  speechStarted(itemId: string): void {
    this.callerSpeaking = true;
    this.around.line.setCallerSpeaking(true);
    if (!this.responses.busy) this.watchdog.rest();
    if (!this.assistantSpeaking || this.greeting.holdsTheFloor) return;
    if (this.options.interruptMinSpeechMs > 0) this.gate.begin(itemId);
    else this.interrupt();
  }

  speechStopped(itemId: string): void {
    this.callerSpeaking = false;
    this.around.line.setCallerSpeaking(false);
    // Too short to interrupt; but an answer to an assistant that has finished meanwhile is a turn, however short.
    if (this.gate.end(itemId) && this.assistantSpeaking) {
      this.ignoredSpeech.add(itemId);
      return;
    }
    this.speechEndedMs = this.around.clock.nowMs();
  }

  turnCommitted(itemId: string): void {
    if (this.ignoredSpeech.delete(itemId)) {
      this.session?.deleteItem(itemId);
      return;
    }
    this.said.callerTurn(itemId);
    this.answerOwed = true;
    if (!this.responses.busy) this.watchdog.expect();
    if (this.session && !this.session.takesTurnsItself) this.responses.request();
  }

  callerTranscript(itemId: string, text: string): void {
    this.said.callerWords(itemId, text);
  }

  responseCreated(responseId: string): void {
    this.around.counters.responses++;
    this.responses.created(responseId);
    this.watchdog.progress();
    this.answerOwed = false;
    if (this.cancelNext) {
      // The caller spoke between our request and its start: nobody is waiting for this one any more.
      this.cancelNext = false;
      this.speech.drop(responseId);
      this.session?.cancelResponse(responseId);
    }
    this.greeting.responseCreated(responseId);
  }

  audio(responseId: string, itemId: string, audio: Buffer): void {
    this.watchdog.progress();
    this.speech.audio(responseId, itemId, audio);
  }

  audioDone(responseId: string, itemId: string): void {
    this.speech.audioDone(responseId, itemId);
  }

  assistantTranscript(responseId: string, itemId: string, delta: string): void {
    this.speech.words(responseId, itemId, delta);
  }

  responseDone(outcome: ResponseOutcome): void {
    const { responseId, failure } = outcome;
    this.watchdog.rest();
    if (outcome.usage) this.usage.add(outcome.usage);
    const unwanted = this.speech.done(responseId);
    if (outcome.status !== 'failed') {
      this.failuresInARow = 0;
      this.lossesInARow = 0;
    } else if (!unwanted) {
      this.greeting.failed();
      this.responseFailed(failure);
    }
    this.responses.done(responseId);
    this.endGreeting();
  }

  refused(code: string, requestId: string | undefined): void {
    this.around.counters.modelRefusals++;
    const refusal = this.responses.refused(code, requestId);
    this.around.log.debug({ code, refusal }, 'the model refused a request');
    if (refusal === 'not-ours') return;
    if (this.cancelNext) {
      // Nobody was waiting for it any more; what comes next is wanted again.
      this.cancelNext = false;
      this.responses.withdraw();
    } else if (refusal === 'lost') {
      this.responseFailed({ kind: 'retryable', code, message: 'the model refused to answer' });
    }
  }

  lost(failure: ModelFailure): void {
    if (this.closed) return;
    this.around.counters.modelSessionsLost++;
    this.around.log.warn({ code: failure.code, reason: failure.message }, 'model session lost');
    // What was generated is still played to its end; what was being generated, or waited for, is owed.
    if (this.responses.busy || this.callerSpeaking) this.answerOwed = true;
    this.speech.sessionLost();
    this.ignoredSpeech.clear();
    this.responses.reset();
    this.cancelNext = false;
    this.gate.cancel();
    this.watchdog.rest();
    this.callerSpeaking = false;
    this.around.line.setCallerSpeaking(false);
    this.session = undefined;
    this.greeting.sessionLost();
    if (failure.kind === 'fatal' || ++this.lossesInARow > MAX_LOSSES_IN_A_ROW) this.around.end('model-lost', true);
    else void this.resume();
  }

  /** The model owes an answer and says nothing: as good as lost, only that nobody told. */
  private stalled(): void {
    this.session?.close();
    this.lost({ kind: 'retryable', code: 'model-stalled', message: 'the model was due to answer and did not' });
  }

  // --- sessions ---

  private async connect(): Promise<void> {
    const session = await this.openSession();
    if (!session) return;
    if (this.options.greeting !== undefined) this.greet(session, this.options.greeting);
    this.held.release((base64) => session.appendAudio(base64));
  }

  /** Goes on with the conversation in a new session: its words as text, no second greeting. */
  private async resume(): Promise<void> {
    this.resumes++;
    this.around.counters.resumes++;
    const session = await this.openSession();
    if (!session) return;
    const unheard = this.greeting.unheard && this.around.line.idle;
    const greeting = unheard ? this.options.greeting : undefined;
    for (const item of this.said.history()) session.remember(item);
    // A greeting of which nothing was heard is not a second one.
    if (greeting !== undefined) this.greet(session, greeting);
    else {
      session.remember({ role: 'system', text: RESUMED });
      if (this.answerOwed) this.responses.request();
    }
    this.held.release((base64) => session.appendAudio(base64));
    this.around.log.info({ resumes: this.resumes }, 'conversation resumed in a new model session');
  }

  private greet(session: ModelSession, greeting: string): void {
    session.remember({ role: 'system', text: openWith(greeting) });
    this.greeting.requested();
    this.responses.request();
  }

  private async openSession(): Promise<ModelSession | undefined> {
    const { clock, log, model, line } = this.around;
    const session = await openSession({ clock, log, model, law: () => line.law, wanted: () => !this.closed });
    if (!session) {
      if (!this.closed) this.around.end('model-unavailable', true);
      return undefined;
    }
    this.session = session;
    session.listen(this);
    return session;
  }

  // --- turn taking ---

  private get assistantSpeaking(): boolean {
    return this.responses.busy || !this.around.line.idle;
  }

  private endGreeting(): void {
    this.greeting.endIfHeard(this.responses.activeId, this.around.line.idle);
  }

  /** The caller speaks over the assistant: it stops, and the model is told what of it was heard. */
  private interrupt(): void {
    const { session } = this;
    const { activeId } = this.responses;
    this.responses.withdraw();
    if (activeId === undefined && this.responses.busy) this.cancelNext = true;
    if (activeId !== undefined) {
      this.speech.drop(activeId);
      if (session && !session.takesTurnsItself) session.cancelResponse(activeId);
    }
    const cut = this.speech.cut();
    this.greeting.interrupted();
    if (cut.length === 0 && activeId === undefined && !this.cancelNext) return;
    this.interruptions++;
    this.around.counters.interruptions++;
    this.around.log.info({ cut }, 'the caller interrupts');
  }

  private responseFailed(failure: ModelFailure | undefined): void {
    this.around.counters.responsesFailed++;
    const waitMs = RETRY_WAITS_MS[this.failuresInARow++];
    this.around.log.warn(
      { code: failure?.code, reason: failure?.message, retry: waitMs !== undefined },
      'the model could not answer',
    );
    if (failure?.kind === 'fatal' || waitMs === undefined) {
      this.around.end('model-lost', true);
      return;
    }
    // Should the session be lost before the next try, the answer is asked for in the one that follows.
    this.answerOwed = true;
    this.around.clock.after(waitMs, () => {
      const wanted = this.answerOwed && !this.callerSpeaking && !this.responses.busy;
      if (!this.closed && this.session && wanted) this.responses.request();
    });
  }
}
