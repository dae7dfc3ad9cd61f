import { type TransferTarget } from '../config/tools-setting.js';
import { type TransferFailure } from './call.port.js';
import { CallEnding } from './call-ending.js';
import { CallGuard } from './call-guard.js';
import { type ConversationSettings, type ConversationSurroundings } from './conversation-surroundings.js';
import { CallerKeys } from './keys/caller-keys.js';
import { LastWords } from './last-words.js';
import { CallLimits } from './limits/call-limits.js';
import { CostCeiling } from './limits/cost-ceiling.js';
import { type LineListener } from './line.port.js';
import { type HistoryItem, type ModelListener, type ModelSession, type ToolCall } from './model.port.js';
import { HUNG_UP, PUT_THROUGH, sayExactly, STILL_THERE, timeIsShort, TOO_LONG, transferFailed } from './notes.js';
import { CallRecord } from './record/call-record.js';
import { type ConversationReport } from './record/conversation-report.js';
import { SessionEvents } from './session-events.js';
import { SessionKeeper } from './session-keeper.js';
import { type Closing, ClosingAction } from './tools/closing-action.js';
import { ParleyTools } from './tools/parley-tools.js';
import { ToolDesk } from './tools/tool-desk.js';
import { type FinishedResponse, type TurnTakingListener } from './turns/turn-taking.port.js';
import { TurnTaking } from './turns/turn-taking.js';
import { TonedLine } from './wait-signal/toned-line.js';
import { LateAnswer } from './wait-signal/late-answer.js';
import { WaitSignal } from './wait-signal/wait-signal.js';

/**
 * One call's conversation: joins the line and the model, and goes on in a new session when one is lost. Who speaks is
 * decided in `TurnTaking`, what is done for the model in `ToolDesk`, how long it may last in `CallLimits`, how it ends in
 * `CallEnding`. It knows neither socket.
 */
export class Conversation implements LineListener, TurnTakingListener {
  private readonly guard: CallGuard;
  private readonly line: TonedLine;
  private readonly record: CallRecord;
  private readonly turnTaking: TurnTaking;
  private readonly events: ModelListener;
  private readonly tools: ToolDesk;
  private readonly closing: ClosingAction;
  private readonly ending: CallEnding;
  private readonly sessions: SessionKeeper;
  private readonly waitSignal: WaitSignal;
  private readonly lateAnswer: LateAnswer;
  private readonly keys: CallerKeys;
  private readonly limits: CallLimits;
  /** Whom the caller is being connected with, and the tool call that asked for it. */
  private away: { target: TransferTarget; toolCall: ToolCall } | undefined;
  private closed = false;

  constructor(
    private readonly settings: ConversationSettings,
    private readonly around: ConversationSurroundings,
  ) {
    const { callId, log, counters, call, model, toolBox } = around;
    const { assistant, limits, sentences } = settings;
    this.guard = new CallGuard(around.clock, (error, where) => this.mistaken(error, where));
    const { clock, unattended } = this.guard;
    const session = (): ModelSession | undefined => this.sessions.session;
    const changed = (): void => this.changed();
    const heard = (): boolean => line.idle;
    const line = new TonedLine(around.line);
    this.line = line;
    const cost = new CostCeiling(limits.maxCallCostUsd, () => this.ending.atLimit('cost-ceiling'));
    this.record = new CallRecord(clock, (costUsd) => cost.add(costUsd));
    const { transcript, turns, ledger } = this.record;
    this.turnTaking = new TurnTaking(assistant, { clock, log, line, counters, transcript, turns, session }, this);
    this.tools = new ToolDesk({
      ...{ callId, clock, log, toolBox, transcript, session, changed, unattended },
      builtIn: new ParleyTools({
        targets: settings.transfer.targets,
        isOn: (name) => settings.tools.builtIn.some((tool) => tool === name),
        close: (closing, toolCall) => this.closing.begin(closing, toolCall),
        sendKeys: (digits) => call.sendKeys(digits),
        done: (toolCall, output, wantsAnswer) => {
          this.tools.done(toolCall, output, wantsAnswer);
          this.changed();
        },
        unattended,
      }),
      presentResponseId: () => this.turnTaking.presentResponseId,
      ask: () => this.ask(),
    });
    this.closing = new ClosingAction({
      ...{ clock, heard },
      quiet: () => this.turnTaking.quiet,
      announce: (toolCall, output) => this.tools.announce(toolCall, output),
      perform: (closing, told, toolCall) => this.leave(closing, told, toolCall),
      notDone: (toolCall, output) => this.tools.done(toolCall, output, false),
    });
    this.ending = new CallEnding({
      ...{ clock, log, call, sentences, heard },
      sayLast: (sentence) => this.sayLast(sentence),
      ended: () => this.endWatching(),
    });
    this.sessions = new SessionKeeper({
      ...{ clock, log, counters, line, model, greeting: assistant.greeting, transcript, changed, unattended },
      ...{ turnTaking: this.turnTaking, tools: this.tools },
      transcribes: assistant.transcription !== undefined,
      listener: () => this.events,
      callersTurn: () => this.callersTurn,
      wanted: () => this.talking && !this.ending.over && !this.closing.alone,
      lost: () => {
        this.ending.sessionLost();
        this.closing.sessionLost();
      },
      gaveUp: (reason) => this.ending.failed(reason),
    });
    this.lateAnswer = new LateAnswer(clock, changed);
    const waitSettings = { ...settings.waitSignal, sentence: sentences.wait };
    this.waitSignal = new WaitSignal(clock, waitSettings, {
      say: (sentence) => call.say(sentence),
      tone: () => line.playTone(),
      silent: () => line.silent && !this.turnTaking.callerSpeaking,
      unattended,
    });
    this.keys = new CallerKeys(clock, settings.keys, log, {
      pressed: () => this.keyPressed(),
      entered: (keys, note) => this.keysEntered(keys, note),
    });
    this.limits = new CallLimits(clock, limits, {
      timeIsShort: (remainingMs) => this.note(timeIsShort(Math.round(remainingMs / 1000))),
      callerIsSilent: () => this.note(STILL_THERE),
      assistantIsLong: () => {
        this.turnTaking.cutOff();
        this.closing.callerCutsIn();
        this.note(TOO_LONG);
      },
      over: (reason) => this.ending.atLimit(reason),
    });
    this.events = this.guard.listener<ModelListener>(
      new SessionEvents({
        ...{ turns: this.turnTaking, tools: this.tools, transcript, ledger },
        heldAudio: this.sessions.heldAudio,
        lost: (failure) => this.sessions.lost(failure),
      }),
    );
  }

  get summary(): object {
    return this.record.summary(this.sessions.resumes);
  }

  /** Connects to the model and lets the assistant greet. Caller audio counts from now on. */
  begin(): void {
    this.line.listen(this.lineListener());
    this.limits.start();
    this.sessions.begin();
    this.changed();
  }

  /** The call is over. */
  close(): void {
    this.stop()?.close();
  }

  /** The call is over, and a report of it is wanted: the caller's last words are still waited for. */
  async finish(): Promise<ConversationReport> {
    const { callerSpeaking, callerTurnOpen } = this.turnTaking;
    const session = this.stop();
    if (session) {
      const { assistant, report } = this.settings;
      const turnOpen = callerSpeaking ? 'speaking' : callerTurnOpen ? 'ending' : undefined;
      // Nobody writes them down where transcription is switched off.
      const waitMs = assistant.transcription === undefined ? 0 : (report?.lastWordsWaitMs ?? 0);
      await new LastWords(this.guard.clock, session, this.record, turnOpen).arrive(waitMs);
    }
    return this.record.report(this.sessions.resumes);
  }

  /** The transfer did not come about, and the line is back: the conversation goes on. */
  backFromTransfer(why: TransferFailure): void {
    const { away } = this;
    if (this.closed || !away) return;
    this.away = undefined;
    this.record.transcript.toolAnswered(away.toolCall.toolCallId, JSON.stringify({ status: 'failed', reason: why }));
    this.limits.start();
    this.turnTaking.ask();
    this.sessions.resume(transferFailed(away.target.name, why));
    this.changed();
  }

  /** A key that a webhook told of. @param occurredAtMs milliseconds since 1970, where it says so. */
  keyFromWebhook(digit: string, occurredAtMs: number | undefined): void {
    if (this.talking) this.keys.fromWebhook({ digit, occurredAtMs });
  }

  // --- the line ---

  callerAudio(base64: Buffer): void {
    if (!this.talking) return;
    this.sessions.callerAudio(base64);
    this.turnTaking.callerAudio(base64);
  }

  key(digit: string, occurredAtMs: number | undefined): void {
    if (this.talking) this.keys.fromMedia({ digit, occurredAtMs });
  }

  itemStarted(itemId: string): void {
    if (!this.line.isTone(itemId)) this.turnTaking.itemStarted(itemId);
  }

  itemHeard(itemId: string): void {
    if (this.line.isTone(itemId)) this.line.toneHeard();
    else this.turnTaking.itemHeard(itemId);
  }

  lineBack(): void {
    if (this.talking) this.sessions.lineBack();
  }

  // --- turn taking ---

  /** Looks at everything that depends on who speaks and what is awaited. Every piece takes being told too often. */
  changed(): void {
    if (!this.talking || this.ending.over) return;
    const { callerSpeaking, assistantSpeaking } = this.turnTaking;
    const { callersTurn } = this;
    this.limits.look({ callersTurn, callerSpeaking, assistantHeard: !this.line.idle, assistantSpeaking });
    this.lateAnswer.look(this.turnTaking.answerDue && this.line.idle && !callerSpeaking);
    const waiting = this.turnTaking.retrying || this.tools.waiting || this.lateAnswer.waited;
    this.waitSignal.waiting(!this.sessions.session || waiting);
    this.sessions.settle();
    this.closing.settle();
    this.ending.settle();
  }

  callerSpeaks(): void {
    this.limits.callerActive();
  }

  callerTurn(): void {
    this.closing.callerCutsIn();
  }

  interrupted(): void {
    this.closing.callerCutsIn();
  }

  responseOver(response: FinishedResponse): void {
    if (response.status === 'completed') this.sessions.answered();
    this.tools.responseOver(response.responseId);
    if (response.dropped) return;
    this.closing.responseOver(response);
    this.ending.responseOver(response);
  }

  gaveUp(): void {
    this.ending.failed('model-lost');
  }

  stalled(): void {
    this.sessions.stalled();
  }

  /** The call is not over, and not in other hands. */
  private get talking(): boolean {
    return !this.closed && !this.away;
  }

  private get callersTurn(): boolean {
    const { sessions, ending, closing, tools, turnTaking } = this;
    return sessions.session !== undefined && turnTaking.quiet && !tools.waiting && !closing.pending && !ending.begun;
  }

  // --- limits, keys, the end ---

  /** Tells the model something, and has it speak about it as soon as nobody else does. */
  private note(text: string): void {
    if (this.ending.begun) return;
    this.sessions.tell({ role: 'system', text });
    this.ask();
    this.changed();
  }

  /** The model is to answer. */
  private ask(): void {
    if (!this.ending.begun) this.turnTaking.ask();
  }

  /** Caller audio goes past the guard, which costs as much as the way behind it; the line ends the call for what it throws. */
  private lineListener(): LineListener {
    const guarded = this.guard.listener<LineListener>(this);
    return {
      callerAudio: (base64) => this.callerAudio(base64),
      key: (digit, occurredAtMs) => guarded.key(digit, occurredAtMs),
      itemStarted: (itemId) => guarded.itemStarted(itemId),
      itemHeard: (itemId, heardMs) => guarded.itemHeard(itemId, heardMs),
      lineBack: () => guarded.lineBack(),
    };
  }

  private sayLast(sentence: string): boolean {
    this.limits.stop();
    this.closing.stop();
    if (!this.sessions.session) return false;
    this.turnTaking.beginLastWords();
    this.sessions.tell({ role: 'system', text: sayExactly(sentence) });
    this.turnTaking.ask();
    return true;
  }

  private keyPressed(): void {
    this.limits.callerActive();
    if (!this.ending.begun && !this.closing.alone) this.turnTaking.cutOffByKey();
  }

  private keysEntered(keys: string, note: HistoryItem): void {
    this.record.transcript.keysPressed(keys);
    if (!this.talking) return;
    // Without a session they are told with the conversation.
    this.sessions.session?.remember(note);
    this.ask();
    this.changed();
  }

  /** What the assistant asked for, now that the caller has heard what comes before it. */
  private leave(closing: Closing, told: boolean, toolCall: ToolCall): void {
    if (closing.kind === 'hang-up') {
      this.tools.done(toolCall, HUNG_UP, false);
      this.ending.hangUp(told);
      return;
    }
    this.tools.done(toolCall, PUT_THROUGH, false);
    this.turnTaking.cutOff();
    this.endWatching();
    this.away = { target: closing.target, toolCall };
    this.sessions.suspend();
    this.around.call.transfer(closing.target, told ? undefined : this.settings.sentences.transfer);
  }

  /** Nothing is done any more for being due, or for taking too long. */
  private endWatching(): void {
    this.limits.stop();
    this.closing.stop();
    this.lateAnswer.stop();
    this.waitSignal.waiting(false);
  }

  /** @returns the session, which is still open. */
  private stop(): ModelSession | undefined {
    if (this.closed) return undefined;
    this.closed = true;
    this.keys.stop();
    this.turnTaking.stop();
    this.tools.stop();
    this.ending.stop();
    this.endWatching();
    this.waitSignal.stop();
    return this.sessions.stop();
  }

  /** A mistake of ours while something of this call is handled ends this call, and no other. */
  private mistaken(error: unknown, where: string): void {
    this.around.log.error({ err: error, where }, 'a mistake in the conversation: the call is ended');
    if (this.talking) this.ending.failed('internal-error');
  }
}
