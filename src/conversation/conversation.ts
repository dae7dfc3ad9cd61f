import { type TransferFailure } from './call.port.js';
import { ConversationParts, outcomeOf, type PartsHost } from './conversation-parts.js';
import { type ConversationSettings, type ConversationSurroundings } from './conversation-surroundings.js';
import { Departure } from './departure.js';
import { LastWords } from './last-words.js';
import { type LineListener } from './line.port.js';
import { type HistoryItem, type ModelSession } from './model.port.js';
import { sayExactly, transferFailed } from './notes.js';
import { type ConversationReport } from './record/conversation-report.js';
import { type ConversationState } from './record/conversation-state.js';
import { Resumption } from './resumption.js';
import { type Closing } from './tools/closing-action.js';
import { type FinishedResponse } from './turns/turn-taking.port.js';

type Away = NonNullable<ConversationState['away']>;

/**
 * One call's conversation: joins the line and the model, and goes on in a new session when one is lost. Who speaks is
 * decided in `TurnTaking`, what is done for the model in `ToolDesk`, how long it may last in `CallLimits`, how it ends in
 * `CallEnding`. It knows neither socket.
 */
export class Conversation implements LineListener {
  private readonly parts: ConversationParts;
  private readonly departure: Departure;
  /** Whom the caller is being connected with, and the tool call that asked for it. */
  private away: Away | undefined;
  private closed = false;

  constructor(
    private readonly settings: ConversationSettings,
    private readonly around: ConversationSurroundings,
  ) {
    this.parts = new ConversationParts(settings, around, this.host());
    this.departure = new Departure({
      parts: this.parts,
      transcribes: settings.assistant.transcription !== undefined,
      talking: () => this.talking,
      callersTurn: () => this.callersTurn,
      note: (text) => this.note(text),
      restWatching: () => this.restWatching(),
    });
  }

  get summary(): object {
    return this.parts.record.summary(this.parts.sessions.resumes);
  }

  /** Connects to the model and lets the assistant greet, or go on. Caller audio counts from now on. */
  begin(): void {
    const { saved, beganAtMs, returning, unheard } = this.around;
    this.parts.line.listen(this.lineListener());
    if (beganAtMs !== undefined) this.parts.record.begunAtMs = beganAtMs;
    if (saved) this.resumption().goOn(saved, returning, unheard);
    else {
      this.parts.limits.start(this.parts.record.begunAtMs - this.parts.record.now());
      this.parts.sessions.begin();
    }
    this.changed();
    this.parts.writer?.write();
  }

  /** Resolves at a moment when nobody speaks and nothing is under way, or when the time is over. */
  whenQuiet(atMostMs: number): Promise<void> {
    return this.departure.whenQuiet(atMostMs);
  }

  /** The call may go on in another process: from now on nothing is said or done here, until `thaw` or `close`. */
  freeze(): void {
    if (!this.closed) this.departure.freeze();
  }

  /** The call goes on here after all, on a line that may have been away: the assistant says what was cut off. */
  thaw(): void {
    if (this.closed || !this.parts.standstill.on) return;
    this.departure.thaw();
    this.changed();
  }

  /** What the caller said since it stands still, and just before, as G.711: nobody has answered it. Empty otherwise. */
  takeUnheard(): Buffer {
    return this.departure.takeUnheard();
  }

  /** The call is over. */
  close(): void {
    this.stop()?.close();
  }

  /** The call is over, and a report of it is wanted: the caller's last words are still waited for. */
  async finish(): Promise<ConversationReport> {
    const { callerSpeaking, callerTurnOpen } = this.parts.turnTaking;
    const session = this.stop();
    if (session) {
      const { assistant, report } = this.settings;
      const turnOpen = callerSpeaking ? 'speaking' : callerTurnOpen ? 'ending' : undefined;
      // Nobody writes them down where transcription is switched off.
      const waitMs = assistant.transcription === undefined ? 0 : (report?.lastWordsWaitMs ?? 0);
      await new LastWords(this.parts.guard.clock, session, this.parts.record, turnOpen).arrive(waitMs);
    }
    return this.parts.record.report(this.parts.sessions.resumes);
  }

  /** The transfer did not come about, and the line is back: the conversation goes on. */
  backFromTransfer(why: TransferFailure): void {
    this.parts.standstill.run(() => {
      const { away } = this;
      if (this.closed || !away) return;
      this.away = undefined;
      this.parts.limits.start();
      this.back(away, why);
      this.changed();
    });
  }

  /** A key that a webhook told of. @param occurredAtMs milliseconds since 1970, where it says so. */
  keyFromWebhook(digit: string, occurredAtMs: number | undefined): void {
    if (this.talking) this.parts.keys.fromWebhook({ digit, occurredAtMs });
  }

  // --- the line ---

  callerAudio(base64: Buffer): void {
    if (!this.talking) {
      this.departure.keepAudio(base64);
      return;
    }
    this.parts.sessions.callerAudio(base64);
    this.parts.turnTaking.callerAudio(base64);
  }

  key(digit: string, occurredAtMs: number | undefined): void {
    if (this.talking) this.parts.keys.fromMedia({ digit, occurredAtMs });
  }

  itemStarted(itemId: string): void {
    if (!this.parts.line.isTone(itemId)) this.parts.turnTaking.itemStarted(itemId);
  }

  itemHeard(itemId: string, heardMs: number): void {
    if (this.parts.line.isTone(itemId)) this.parts.line.toneHeard();
    else this.parts.turnTaking.itemHeard(itemId, heardMs);
  }

  lineBack(): void {
    if (this.talking) this.parts.sessions.lineBack();
  }

  // --- turn taking ---

  /** Looks at everything that depends on who speaks and what is awaited. Every piece takes being told too often. */
  private changed(): void {
    this.parts.writer?.look();
    this.departure.settle();
    if (!this.talking || this.parts.ending.over) return;
    const { callerSpeaking, assistantSpeaking } = this.parts.turnTaking;
    const { callersTurn } = this;
    this.parts.limits.look({ callersTurn, callerSpeaking, assistantHeard: !this.parts.line.idle, assistantSpeaking });
    this.parts.lateAnswer.look(this.parts.turnTaking.answerDue && this.parts.line.idle && !callerSpeaking);
    const waiting = this.parts.turnTaking.retrying || this.parts.tools.waiting || this.parts.lateAnswer.waited;
    this.parts.waitSignal.waiting(!this.parts.sessions.session || waiting);
    this.parts.sessions.settle();
    this.parts.closing.settle();
    this.parts.ending.settle();
    this.turnMayBeOver();
  }

  private turnMayBeOver(): void {
    const { turnTaking, tools, closing, timekeeper } = this.parts;
    if (turnTaking.quiet && !tools.waiting && !closing.pending) timekeeper.settled();
  }

  private responseOver(response: FinishedResponse): void {
    if (response.status === 'completed') this.parts.sessions.answered();
    this.parts.tools.responseOver(response.responseId);
    if (response.dropped) return;
    this.parts.closing.responseOver(response);
    this.parts.ending.responseOver(response);
  }

  /** The call is not over, not in other hands, and does not stand still. */
  private get talking(): boolean {
    return !this.closed && !this.away && !this.parts.standstill.on;
  }

  /** What is written down besides what was said. */
  private get state(): ConversationState {
    const { record, turnTaking, sessions } = this.parts;
    const { floor } = turnTaking;
    const greetingHeard = this.settings.assistant.greeting === undefined || turnTaking.greetingHeard(floor);
    return {
      begun: { atMs: record.begunAtMs },
      sessions: { resumes: sessions.resumes, greetingHeard },
      nextTurn: this.parts.timekeeper.nextNumber,
      notes: [...sessions.untold],
      totals: record.totals(this.parts.cost.knownTotalUsd),
      floor: { ...floor, owed: floor.owed || this.parts.tools.waiting },
      closing: this.parts.closing.state,
      away: this.away ?? null,
      keys: this.parts.keys.pendingKeys,
      ending: this.parts.ending.state,
    };
  }

  private get callersTurn(): boolean {
    const { sessions, ending, closing, tools, turnTaking } = this.parts;
    return sessions.session !== undefined && turnTaking.quiet && !tools.waiting && !closing.pending && !ending.begun;
  }

  /** What the parts need of the whole. */
  private host(): PartsHost {
    return {
      changed: () => this.changed(),
      callerSpeaks: () => this.parts.limits.callerActive(),
      callerTurn: () => this.parts.closing.callerCutsIn(),
      interrupted: () => this.parts.closing.callerCutsIn(),
      responseOver: (response) => this.responseOver(response),
      stalled: () => this.parts.sessions.stalled(),
      gaveUp: () => this.parts.ending.failed('model-lost'),
      state: () => this.state,
      talking: () => this.talking,
      callersTurn: () => this.callersTurn,
      ask: () => this.ask(),
      note: (text) => this.note(text),
      sayLast: (sentence) => this.sayLast(sentence),
      keyPressed: () => this.keyPressed(),
      keysEntered: (keys, note) => this.keysEntered(keys, note),
      leave: (closing, told, toolCallId) => this.leave(closing, told, toolCallId),
      endWatching: () => this.endWatching(),
      mistaken: (error, where) => this.mistaken(error, where),
    };
  }

  // --- limits, keys, the end ---

  /** Tells the model something, and has it speak about it as soon as nobody else does. */
  private note(text: string): void {
    if (this.parts.ending.begun) return;
    this.parts.sessions.tell({ role: 'system', text });
    this.ask();
    this.changed();
  }

  /** The model is to answer. */
  private ask(to?: 'keys'): void {
    if (!this.parts.ending.begun) this.parts.turnTaking.ask(to);
  }

  /** Caller audio goes past the guard, which costs as much as the way behind it; the line ends the call for what it throws. */
  private lineListener(): LineListener {
    const guarded = this.parts.guard.listener<LineListener>(this);
    return {
      callerAudio: (base64) => this.callerAudio(base64),
      key: (digit, occurredAtMs) => guarded.key(digit, occurredAtMs),
      itemStarted: (itemId) => guarded.itemStarted(itemId),
      itemHeard: (itemId, heardMs) => guarded.itemHeard(itemId, heardMs),
      lineBack: () => guarded.lineBack(),
    };
  }

  private sayLast(sentence: string): boolean {
    this.parts.limits.stop();
    this.parts.closing.stop();
    this.parts.writer?.look();
    if (!this.parts.sessions.session) return false;
    this.parts.turnTaking.beginLastWords();
    this.parts.sessions.tell({ role: 'system', text: sayExactly(sentence) });
    this.parts.turnTaking.ask();
    return true;
  }

  private keyPressed(): void {
    this.parts.limits.callerActive();
    this.parts.writer?.look();
    if (!this.parts.ending.begun && !this.parts.closing.alone) this.parts.turnTaking.cutOffByKey();
  }

  private keysEntered(keys: string, note: HistoryItem): void {
    this.parts.record.transcript.keysPressed(keys);
    if (!this.talking) return;
    // Without a session they are told with the conversation.
    this.parts.sessions.session?.remember(note);
    this.ask('keys');
    this.changed();
  }

  /** What the assistant asked for, now that the caller has heard what comes before it. */
  private leave(closing: Closing, told: boolean, toolCallId: string): void {
    if (closing.kind === 'hang-up') {
      this.parts.ending.hangUp(told);
      return;
    }
    const { target } = closing;
    this.parts.turnTaking.cutOff();
    this.parts.timekeeper.settled();
    this.endWatching();
    this.away = { name: target.name, toolCallId };
    this.parts.sessions.suspend();
    this.parts.writer?.write();
    this.parts.call.transfer(target, told ? undefined : this.settings.sentences.transfer);
  }

  /** A transfer came to nothing. */
  private back({ name, toolCallId }: Away, why: TransferFailure): void {
    this.parts.record.transcript.toolAnswered(toolCallId, JSON.stringify({ status: 'failed', reason: why }));
    this.parts.turnTaking.ask();
    this.parts.sessions.resume(transferFailed(name, why), 'returned');
  }

  private resumption(): Resumption {
    const { record, cost, limits, ending, sessions, turnTaking, timekeeper } = this.parts;
    return new Resumption({
      ...{ record, cost, limits, ending, sessions, turnTaking, timekeeper, unattended: this.parts.guard.unattended },
      targets: this.settings.transfer.targets,
      leave: (closing, toolCallId) => {
        record.transcript.toolAnswered(toolCallId, outcomeOf(closing));
        this.leave(closing, false, toolCallId);
      },
      back: (away, why) => this.back(away, why),
    });
  }

  /** Nothing is done any more for being due, or for taking too long. */
  private endWatching(): void {
    this.restWatching();
    this.parts.closing.stop();
  }

  private restWatching(): void {
    this.parts.limits.stop();
    this.parts.lateAnswer.stop();
    this.parts.waitSignal.waiting(false);
  }

  /** @returns the session, which is still open. */
  private stop(): ModelSession | undefined {
    if (this.closed) return undefined;
    this.turnMayBeOver();
    this.closed = true;
    this.parts.keys.stop();
    this.parts.turnTaking.stop();
    this.parts.tools.stop();
    this.parts.timekeeper.over();
    this.parts.ending.stop();
    this.endWatching();
    this.parts.waitSignal.stop();
    this.parts.writer?.stop();
    this.departure.settle();
    const session = this.parts.sessions.stop();
    this.parts.observer.stop();
    return session;
  }

  /** A mistake of ours while something of this call is handled ends this call, and no other. */
  private mistaken(error: unknown, where: string): void {
    this.around.log.error({ err: error, where }, 'a mistake in the conversation: the call is ended');
    if (this.talking) this.parts.ending.failed('internal-error');
  }
}
