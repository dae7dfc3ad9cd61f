import { type ModelSession, type ResponseOutcome } from '../model.port.js';
import { AnswerJudge } from './answer-judge.js';
import { AnswerWatchdog } from './answer-watchdog.js';
import { type Floor } from '../record/conversation-state.js';
import { AssistantSpeech } from './assistant-speech.js';
import { CallerTurn } from './caller-turn.js';
import { FloorKeeper, somethingHeard } from './floor-keeper.js';
import { Greeting } from './greeting.js';
import { OwedAnswer } from './owed-answer.js';
import { type Refusal, ResponseQueue } from './response-queue.js';
import { type TurnTakingListener, type TurnTakingOptions, type TurnTakingSurroundings } from './turn-taking.port.js';

/**
 * Who speaks: decides when the assistant is asked to speak and when it has to stop. What was heard comes from the line,
 * and the model is told. Answers are owed until they are asked for, and asked for as soon as nobody speaks.
 */
export class TurnTaking {
  private readonly caller: CallerTurn;
  private readonly responses: ResponseQueue;
  private readonly speech: AssistantSpeech;
  private readonly greeting: Greeting;
  private readonly answer: OwedAnswer;
  private readonly judge: AnswerJudge;
  private readonly watchdog: AnswerWatchdog;
  private readonly floorKeeper: FloorKeeper;
  /** The assistant was cut off by speech of which the model has not said yet that it is a turn. */
  private cutByCaller = false;
  private lastWords = false;

  constructor(
    options: TurnTakingOptions,
    private readonly around: TurnTakingSurroundings,
    private readonly listener: TurnTakingListener,
  ) {
    const { clock, line, transcript, timekeeper } = around;
    const session = (): ModelSession | undefined => around.session();
    const pumpAndTell = (): void => {
      this.pump();
      listener.changed();
    };
    this.speech = new AssistantSpeech(line, transcript, timekeeper, session);
    this.watchdog = new AnswerWatchdog(clock, () => listener.stalled());
    this.greeting = new Greeting(options.greetingProtected);
    this.answer = new OwedAnswer(clock, pumpAndTell);
    const { answer, greeting } = this;
    this.judge = new AnswerJudge(around, {
      ...{ answer, greeting },
      gaveUp: (failure) => {
        timekeeper.gaveUp();
        listener.gaveUp(failure);
      },
    });
    this.caller = new CallerTurn(clock, line, options.interruptMinSpeechMs, {
      interrupts: () => {
        if (!this.floorKeeper.silence('caller')) return;
        this.cutByCaller = true;
        this.interrupted();
      },
      cameToNothing: () => {
        // The assistant was cut off, and not for a turn: it goes on.
        timekeeper.speechCameToNothing();
        if (this.cutByCaller) this.answer.owe();
        pumpAndTell();
      },
    });
    this.responses = new ResponseQueue(() => {
      this.watchdog.expect();
      timekeeper.asked();
      return session()?.createResponse(this.lastWords ? { withoutTools: true } : undefined) ?? '';
    });
    const { caller, responses, speech } = this;
    this.floorKeeper = new FloorKeeper(around, { caller, responses, speech, greeting, answer });
  }

  get callerSpeaking(): boolean {
    return this.caller.speaking;
  }

  /** The caller speaks, or has just stopped and the model has yet to say that it has their turn. */
  get callerTurnOpen(): boolean {
    return this.caller.open;
  }

  /** The response that the model is writing. */
  get presentResponseId(): string | undefined {
    return this.responses.activeId;
  }

  /** The response was cut off: nothing of it is for the caller. */
  isDropped(responseId: string): boolean {
    return this.speech.isDropped(responseId);
  }

  /** Nobody speaks, and nobody is about to. */
  get quiet(): boolean {
    return this.floorKeeper.quiet;
  }

  /** The assistant speaks, or the model writes what it will say. */
  get assistantSpeaking(): boolean {
    return this.floorKeeper.assistantSpeaking;
  }

  /** The model is to answer, by itself or because it was asked, or does so. */
  get answerDue(): boolean {
    return this.answer.due || this.floorKeeper.answering;
  }

  /** An answer is owed and could not be asked for yet: what the model does about it takes longer than usual. */
  get retrying(): boolean {
    return this.answer.retrying;
  }

  /** The greeting was asked for and nothing of it has been sent to the caller. */
  get greetingUnheard(): boolean {
    return this.greeting.unheard;
  }

  /** Who has the floor. */
  get floor(): Floor {
    return this.floorKeeper.state;
  }

  /** Something of the greeting was heard. @param floor as it stands now. */
  greetingHeard({ heard }: Floor): boolean {
    return this.greeting.heard(somethingHeard(heard));
  }

  /** Since the caller last said something. */
  get callerQuietMs(): number {
    return this.caller.quietMs;
  }

  // --- what the conversation wants ---

  /**
   * An answer is wanted, as soon as nobody speaks. Asking twice gives one answer.
   * @param to what is new; undefined: it goes on with what is under way, if anything is.
   */
  ask(to?: 'greeting' | 'keys'): void {
    this.around.timekeeper.wanted(to);
    this.answer.owe();
    this.pump();
  }

  /** A new session has been told of the conversation: what is owed is asked for now. */
  resumed(): void {
    this.pump();
  }

  /** A new session is about to hear the caller's unanswered words once more. */
  awaitCaller(withinMs: number): void {
    this.answer.hearAgain(withinMs);
  }

  greet(): void {
    this.greeting.requested();
    this.ask('greeting');
  }

  /** Goes on where another process left off. @param greetingHeard something of the greeting was heard. */
  restore(greetingHeard: boolean): void {
    this.greeting.restore(greetingHeard);
  }

  /** From now on nothing is said, and nothing is asked for. What is cut off, or was asked for, is owed. */
  freeze(): void {
    this.floorKeeper.freeze();
    this.around.timekeeper.standStill();
  }

  /** It goes on here. */
  thaw(): void {
    this.floorKeeper.thaw();
    this.around.timekeeper.goOn();
    this.pump();
  }

  /** Cuts the assistant off for a reason of our own. */
  cutOff(): void {
    this.floorKeeper.silence('us');
  }

  /** A key was pressed: the caller does not want to hear more. */
  cutOffByKey(): void {
    if (!this.holdsTheFloor && this.assistantSpeaking && this.floorKeeper.silence('us')) this.interrupted();
  }

  /** What is asked for next is the last thing that the assistant says: nothing interrupts it, and nothing follows. */
  beginLastWords(): void {
    this.floorKeeper.silence('us');
    this.answer.forgive();
    this.lastWords = true;
  }

  stop(): void {
    this.watchdog.stop();
    this.answer.forgive();
    this.caller.reset();
    this.speech.noteHeard();
    this.around.timekeeper.cut(this.around.line.interrupt(), 'end');
  }

  /** The session is gone; what was being generated, or waited for, is owed to the caller by the next one. */
  sessionLost(): void {
    this.answer.sessionLost(this.floorKeeper.answerUnderWay || this.caller.open);
    this.caller.reset();
    this.speech.sessionLost();
    this.responses.reset();
    this.around.timekeeper.sessionLost();
    this.cutByCaller = false;
    this.watchdog.rest();
    this.greeting.sessionLost();
  }

  // --- the line ---

  /** @param base64 the caller's audio as base64 text. */
  callerAudio(base64: Buffer): void {
    this.caller.audio(base64);
  }

  itemStarted(itemId: string): void {
    this.greeting.itemStarted(this.speech.responseOf(itemId));
    const answer = this.around.timekeeper.itemStarted(itemId);
    if (answer) this.around.log.info(answer, 'the assistant answers');
    this.listener.changed();
  }

  itemHeard(itemId: string, heardMs: number): void {
    this.around.timekeeper.itemHeard(itemId, heardMs);
    this.around.transcript.assistantHeard(itemId, 1);
    this.greeting.heardItem();
    this.endGreeting();
    this.listener.changed();
  }

  // --- the model ---

  /** @param agoMs since the caller began to speak, where the model says so. */
  speechStarted(itemId: string, agoMs?: number): void {
    // The model gives up what it was about to answer by itself.
    if (this.answer.due) this.cutByCaller = true;
    // Words that are heard again were said before what the caller is hearing now.
    const overAssistant = this.assistantSpeaking && !this.holdsTheFloor && !this.answer.hearingAgain;
    this.around.timekeeper.speechStarted(itemId, agoMs ?? 0, this.answer.hearingAgain);
    this.answer.callerSpeaks();
    this.watch();
    this.caller.started(itemId, overAssistant);
    this.listener.callerSpeaks();
    this.listener.changed();
  }

  speechStopped(itemId: string): void {
    this.around.timekeeper.speechStopped(itemId, this.caller.stopped(itemId, this.assistantSpeaking));
    this.listener.changed();
  }

  turnCommitted(itemId: string): void {
    // A turn that is complete is over, whether that was said or not.
    if (this.caller.isSpeaking(itemId)) this.speechStopped(itemId);
    if (this.caller.committed(itemId)) this.turnTaken(itemId);
    else {
      this.around.timekeeper.speechCameToNothing();
      this.around.session()?.deleteItem(itemId);
    }
    this.pump();
    this.listener.changed();
  }

  responseCreated(responseId: string): void {
    this.around.counters.responses++;
    // What begins after the caller's turn answers it, whoever asked for it.
    const wanted = this.responses.created(responseId) || this.answer.due;
    this.watchdog.progress();
    this.judge.responseBegun();
    this.answer.begun();
    // The caller spoke between our request and its start, or there is only one thing left to be said.
    const forTheCaller = wanted && (!this.lastWords || this.responses.isAsked(responseId));
    this.around.timekeeper.created(responseId, forTheCaller);
    if (!forTheCaller) {
      this.speech.drop(responseId);
      this.around.session()?.cancelResponse(responseId);
    } else {
      this.caller.settled();
      this.cutByCaller = false;
    }
    this.greeting.responseCreated(responseId);
    this.listener.changed();
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

  /** The response that is being written calls a tool: it need not speak. */
  toolUsed(): void {
    this.judge.toolUsed();
    this.watchdog.progress();
  }

  responseDone(outcome: ResponseOutcome): void {
    const { responseId, status } = outcome;
    const { dropped, spoke } = this.speech.done(responseId);
    this.around.timekeeper.done(outcome, dropped);
    const requested = this.responses.isAsked(responseId);
    this.responses.done(responseId);
    const verdict = dropped ? 'fine' : this.judge.judge(outcome, spoke);
    // The model has stopped for the caller by itself.
    if (status === 'cancelled' && !dropped && this.caller.open) this.cutByCaller = true;
    this.endGreeting();
    this.listener.responseOver({ responseId, status, spoke, dropped, filtered: verdict === 'filtered', requested });
    this.watch();
    this.pump();
    this.listener.changed();
  }

  /** @returns what that meant for the answers that were asked for. */
  refused(code: string, requestId: string | undefined): Refusal {
    this.around.counters.modelRefusals++;
    this.around.counters.modelFailed('request', code);
    const refusal = this.responses.refused(code, requestId);
    this.around.log.debug({ code, refusal }, 'the model refused a request');
    if (refusal === 'not-ours') return refusal;
    this.around.timekeeper.refused();
    if (refusal === 'lost') this.judge.refused(code);
    this.watch();
    this.pump();
    this.listener.changed();
    return refusal;
  }

  // --- decisions ---

  private get holdsTheFloor(): boolean {
    return this.lastWords || this.greeting.holdsTheFloor;
  }

  /** Asks for what is owed, once nobody speaks and the model does not answer by itself. */
  private pump(): void {
    if (
      this.floorKeeper.frozen ||
      !this.answer.askable ||
      this.caller.open ||
      this.responses.busy ||
      !this.around.session()
    )
      return;
    this.answer.asked();
    this.responses.request();
  }

  /** An answer that was asked for is watched from then on; here, one that the model gives by itself. */
  private watch(): void {
    if (this.responses.busy) return;
    if (this.answer.due) this.watchdog.expect();
    else this.watchdog.rest();
  }

  private turnTaken(itemId: string): void {
    const byModel = this.around.session()?.takesTurnsItself ?? false;
    this.cutByCaller = false;
    this.around.transcript.callerTurn(itemId);
    this.around.timekeeper.turnTaken(itemId);
    if (this.lastWords) this.answer.turnPassedOver(byModel);
    else this.answer.turnTaken(byModel);
    this.watch();
    this.listener.callerTurn();
  }

  private endGreeting(): void {
    this.greeting.endIfHeard(this.responses.activeId, this.around.line.idle);
  }

  private interrupted(): void {
    this.around.counters.interruptions++;
    this.around.timekeeper.interrupted();
    this.listener.interrupted();
  }
}
