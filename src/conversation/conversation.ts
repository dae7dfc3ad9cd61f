import { type Logger } from 'pino';
import { type Clock } from '../common/clock.js';
import { type Counters } from '../telemetry/counters.js';
import { AudioHold } from './audio-hold.js';
import { ConversationLog } from './conversation-log.js';
import { type Line, type LineListener } from './line.port.js';
import {
  type ModelConnector,
  type ModelFailure,
  type ModelListener,
  type ModelSession,
  ModelUnavailable,
  type ResponseOutcome,
} from './model.port.js';
import { ResponseQueue } from './response-queue.js';
import { SpeechGate } from './speech-gate.js';
import { UsageTotals } from './usage-totals.js';

/** Why a conversation cannot go on. */
export type ConversationEnd = 'model-unavailable' | 'model-lost' | 'internal-error';

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

/** Less than one frame of an item is not heard as anything: such an item is taken out of the conversation. */
const LEAST_HEARD_MS = 20;
/** Waits before the attempts to connect anew: at once, then after what a restart or a rate limit takes. */
const RECONNECT_WAITS_MS = [0, 250, 1_000, 2_000];
/** Waits before the same answer is asked for again. */
const RETRY_WAITS_MS = [500, 1_500];

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
  /** Responses that were interrupted: what still comes of them is not for the caller. */
  private readonly dropped = new Set<string>();
  /** Assistant items of the present session, and the response each belongs to. */
  private readonly items = new Map<string, string>();
  /** Caller items that were too short to interrupt and are no turn. */
  private readonly ignoredSpeech = new Set<string>();
  private greeting: 'none' | 'requested' | 'playing' | 'over' = 'none';
  private greetingResponseId: string | undefined;
  private callerSpeaking = false;
  /** The response that was asked for and has not begun is not wanted any more. */
  private cancelNext = false;
  /** The caller finished a turn that has had no answer yet. */
  private answerOwed = false;
  private speechEndedMs: number | undefined;
  private failuresInARow = 0;
  private turns = 0;
  private interruptions = 0;
  private resumes = 0;
  private closed = false;

  constructor(
    private readonly options: ConversationOptions,
    private readonly around: ConversationSurroundings,
  ) {
    this.responses = new ResponseQueue(() => this.session?.createResponse() ?? '');
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
    if (this.items.get(itemId) === this.greetingResponseId && this.greeting === 'requested') this.greeting = 'playing';
    if (this.speechEndedMs === undefined) return;
    const answeredAfterMs = Math.round(this.around.clock.nowMs() - this.speechEndedMs);
    this.speechEndedMs = undefined;
    this.turns++;
    this.around.log.info({ turn: this.turns, answeredAfterMs }, 'the assistant answers');
  }

  itemHeard(itemId: string): void {
    this.said.assistantHeard(itemId, 1);
    if (this.items.get(itemId) === this.greetingResponseId && this.around.line.idle && !this.responses.busy) {
      this.greeting = 'over';
    }
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
    if (!this.assistantSpeaking || this.greetingIsProtected) return;
    if (this.options.interruptMinSpeechMs > 0) this.gate.begin(itemId);
    else this.interrupt();
  }

  speechStopped(itemId: string): void {
    this.callerSpeaking = false;
    this.around.line.setCallerSpeaking(false);
    if (this.gate.end(itemId)) {
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
    if (this.session && !this.session.takesTurnsItself) this.responses.request();
  }

  callerTranscript(itemId: string, text: string): void {
    this.said.callerWords(itemId, text);
  }

  responseCreated(responseId: string): void {
    this.around.counters.responses++;
    this.responses.created(responseId);
    this.answerOwed = false;
    if (this.cancelNext) {
      // The caller spoke between our request and its start: nobody is waiting for this one any more.
      this.cancelNext = false;
      this.dropped.add(responseId);
      this.session?.cancelResponse(responseId);
    }
    if (this.greeting === 'requested' && this.greetingResponseId === undefined) this.greetingResponseId = responseId;
  }

  audio(responseId: string, itemId: string, audio: Buffer): void {
    if (this.dropped.has(responseId)) {
      // Audio of an interrupted answer that was on its way: an item nobody has heard a sound of is not part of the talk.
      if (!this.items.has(itemId)) this.dropItem(responseId, itemId);
      return;
    }
    if (!this.items.has(itemId)) this.items.set(itemId, responseId);
    this.around.line.play(itemId, audio);
  }

  audioDone(responseId: string, itemId: string): void {
    if (!this.dropped.has(responseId)) this.around.line.endItem(itemId);
  }

  assistantTranscript(responseId: string, itemId: string, delta: string): void {
    if (!this.dropped.has(responseId)) this.said.assistantWords(itemId, delta);
  }

  responseDone(outcome: ResponseOutcome): void {
    const { responseId, failure } = outcome;
    if (outcome.usage) this.usage.add(outcome.usage);
    for (const [itemId, ofResponse] of this.items) if (ofResponse === responseId) this.around.line.endItem(itemId);
    this.dropped.delete(responseId);
    if (outcome.status === 'failed') this.responseFailed(failure);
    else this.failuresInARow = 0;
    this.responses.done(responseId);
  }

  refused(code: string, requestId: string | undefined): void {
    this.around.counters.modelRefusals++;
    const wasResponse = this.responses.refused(code, requestId);
    this.around.log.debug({ code, wasResponse }, 'the model refused a request');
  }

  lost(failure: ModelFailure): void {
    if (this.closed) return;
    this.around.counters.modelSessionsLost++;
    this.around.log.warn({ code: failure.code, reason: failure.message }, 'model session lost');
    // What was generated is still played to its end; what was being generated, or waited for, is owed.
    if (this.responses.busy || this.callerSpeaking) this.answerOwed = true;
    for (const itemId of this.items.keys()) this.around.line.endItem(itemId);
    this.items.clear();
    this.dropped.clear();
    this.ignoredSpeech.clear();
    this.responses.reset();
    this.cancelNext = false;
    this.gate.cancel();
    this.callerSpeaking = false;
    this.around.line.setCallerSpeaking(false);
    this.session = undefined;
    if (failure.kind === 'fatal') this.around.end('model-lost', true);
    else void this.resume();
  }

  // --- sessions ---

  private async connect(): Promise<void> {
    const session = await this.openSession();
    if (!session) return;
    if (this.options.greeting !== undefined) {
      session.remember({ role: 'system', text: openWith(this.options.greeting) });
      this.greeting = 'requested';
      this.responses.request();
    }
    this.held.release((base64) => session.appendAudio(base64));
  }

  /** Goes on with the conversation in a new session: its words as text, no second greeting. */
  private async resume(): Promise<void> {
    this.resumes++;
    this.around.counters.resumes++;
    const session = await this.openSession();
    if (!session) return;
    for (const item of this.said.history()) session.remember(item);
    session.remember({ role: 'system', text: RESUMED });
    if (this.answerOwed) this.responses.request();
    this.held.release((base64) => session.appendAudio(base64));
    this.around.log.info({ resumes: this.resumes }, 'conversation resumed in a new model session');
  }

  private async openSession(): Promise<ModelSession | undefined> {
    for (const waitMs of RECONNECT_WAITS_MS) {
      if (waitMs > 0) await new Promise<void>((resolve) => this.around.clock.after(waitMs, resolve));
      if (this.closed) return undefined;
      try {
        const session = await this.around.model.acquire(this.around.line.law);
        if (this.closed) {
          session.close();
          return undefined;
        }
        this.session = session;
        session.listen(this);
        return session;
      } catch (error) {
        const failure: ModelFailure =
          error instanceof ModelUnavailable
            ? error.failure
            : { kind: 'fatal', code: 'internal-error', message: error instanceof Error ? error.message : 'unknown' };
        this.around.log.error({ code: failure.code, reason: failure.message }, 'no session with the model');
        if (failure.kind === 'fatal') break;
      }
    }
    if (!this.closed) this.around.end('model-unavailable', true);
    return undefined;
  }

  // --- turn taking ---

  private get assistantSpeaking(): boolean {
    return this.responses.busy || !this.around.line.idle;
  }

  private get greetingIsProtected(): boolean {
    return this.options.greetingProtected && (this.greeting === 'requested' || this.greeting === 'playing');
  }

  /** The caller speaks over the assistant: it stops, and the model is told what of it was heard. */
  private interrupt(): void {
    const { session } = this;
    const { activeId } = this.responses;
    const cut = this.around.line.interrupt();
    this.responses.withdraw();
    if (activeId === undefined && this.responses.busy) this.cancelNext = true;
    if (activeId !== undefined) {
      this.dropped.add(activeId);
      if (session && !session.takesTurnsItself) session.cancelResponse(activeId);
    }
    for (const { itemId, heardMs, receivedMs, complete } of cut) {
      const responseId = this.items.get(itemId);
      if (complete) continue;
      if (heardMs < LEAST_HEARD_MS) {
        if (responseId !== undefined) this.dropItem(responseId, itemId);
        continue;
      }
      this.said.assistantHeard(itemId, receivedMs > 0 ? heardMs / receivedMs : 0);
      if (responseId !== undefined) session?.truncateItem(itemId, Math.floor(heardMs));
    }
    if (this.greeting !== 'none') this.greeting = 'over';
    if (cut.length === 0 && activeId === undefined && !this.cancelNext) return;
    this.interruptions++;
    this.around.counters.interruptions++;
    this.around.log.info({ cut }, 'the caller interrupts');
  }

  private dropItem(responseId: string, itemId: string): void {
    this.items.set(itemId, responseId);
    this.said.forget(itemId);
    this.session?.deleteItem(itemId);
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
    this.around.clock.after(waitMs, () => {
      if (!this.closed && this.session && !this.callerSpeaking && !this.responses.busy) this.responses.request();
    });
  }
}

/** The greeting as a note to the model: instructions of a single response would replace the assistant's own. */
function openWith(greeting: string): string {
  return `The call has just been answered. Open it now by saying this, in these words: "${greeting}"`;
}

const RESUMED =
  'The connection to you was renewed in the middle of this phone call. The messages above are what was said so far. ' +
  'Go on with the same conversation in the same language. Do not greet again and do not mention the connection.';
