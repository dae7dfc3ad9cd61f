import { type Logger } from 'pino';
import { type Clock } from '../common/clock.js';
import { type Counters } from '../telemetry/counters.js';
import { CallerAudio } from './caller-audio.js';
import { type Line } from './line.port.js';
import {
  type HistoryItem,
  type ModelConnector,
  type ModelFailure,
  type ModelListener,
  type ModelSession,
} from './model.port.js';
import { openWith, RESUMED } from './notes.js';
import { type SessionCause } from './observer.port.js';
import { type Transcript } from './record/transcript.js';
import { Renewer } from './renewer.js';
import { openSession } from './session-opener.js';
import { SessionOpening } from './timeline/session-openings.js';
import { type Watched } from './timeline/watched.js';
import { type ToolDesk } from './tools/tool-desk.js';
import { type TurnTaking } from './turns/turn-taking.js';

export interface SessionKeeperSurroundings {
  clock: Clock;
  log: Logger;
  counters: Counters;
  line: Line;
  model: ModelConnector;
  /** What the assistant is told to open with; undefined where the caller speaks first. */
  greeting: string | undefined;
  turnTaking: TurnTaking;
  tools: ToolDesk;
  transcript: Transcript;
  /** Hears what every session tells. */
  listener(): ModelListener;
  /** Turns are written down by the model, some time after they were said. */
  transcribes: boolean;
  /** Nobody speaks and nothing is under way: the caller would not notice a change of session. */
  callersTurn(): boolean;
  /** A session is wanted: the call is not over, and not in other hands. */
  wanted(): boolean;
  /** A session was lost; the next one is opened after this, if it is still wanted. */
  lost(): void;
  /** There is no session, and trying on is no use. */
  gaveUp(reason: 'model-unavailable' | 'model-lost'): void;
  changed(): void;
  /** Takes work that nobody waits for. */
  unattended(work: Promise<void>): void;
  /** Milliseconds since 1970. */
  now: () => number;
  observer: Watched;
}

/** A session to be opened, and what it will be told. */
interface Plan {
  note: string | undefined;
  cause: SessionCause;
}

/** Sessions lost one after the other, without an answer in between, before it is no use to open more. */
const MAX_LOSSES_IN_A_ROW = 4;
/** Words that a new session was given to hear once more are noticed by then, or there was nothing in them. */
const HEARD_AGAIN_WITHIN_MS = 3_000;

/**
 * Keeps the conversation in a session: opens the first, goes on in another when one is lost, and exchanges one that comes
 * to its end. A new session is told what was said as text, and hears again what the caller said and nobody answered.
 */
export class SessionKeeper {
  session: ModelSession | undefined;
  /** What the caller said last, as audio. */
  readonly heldAudio: CallerAudio;
  resumes = 0;
  private readonly renewer: Renewer;
  private lossesInARow = 0;
  /** The caller said something that the lost session neither answered nor wrote down. */
  private unanswered = false;
  private notes: HistoryItem[] = [];
  /** The caller may be speaking: for so long the next session listens before it answers. */
  private awaitCallerMs: number | undefined;
  /** Grows whenever a session is given up: one that was being opened before that comes too late. */
  private generation = 0;
  private opening: (Plan & { course: SessionOpening }) | undefined;
  /** The same, put off while the conversation stands still. */
  private postponed: Plan | undefined;
  /** The session that stands ready to take the present one's place. */
  private renewal: SessionOpening | undefined;

  constructor(private readonly around: SessionKeeperSurroundings) {
    this.heldAudio = new CallerAudio(() => around.clock.nowMs());
    this.renewer = new Renewer(around.clock, {
      open: () => this.openAhead(),
      // Words that only the old session can still write down would be lost with it.
      quiet: () => around.callersTurn() && !(around.transcribes && around.transcript.unwritten),
      exchange: (fresh) => this.exchange(fresh),
      unattended: (work) => around.unattended(work),
    });
  }

  /** What the model was told besides what was said, and has not answered to. */
  get untold(): readonly HistoryItem[] {
    return this.notes;
  }

  /**
   * Goes on where another process left off.
   * @param untold what its session was told and did not answer to.
   * @param unheard what the caller said since it stood still, and just before, as G.711.
   */
  restore(resumes: number, untold: readonly HistoryItem[], unheard: Buffer | undefined): void {
    this.resumes = resumes;
    this.notes = [...untold];
    if (unheard && unheard.length > 0) this.heldAudio.keep(Buffer.from(unheard.toString('base64'), 'latin1'));
  }

  /** The first session: the assistant greets, and hears what the caller has said meanwhile. */
  begin(): void {
    this.around.unattended(this.connect({ note: undefined, cause: 'begin' }));
  }

  /** @param base64 the caller's audio as base64 text. */
  callerAudio(base64: Buffer): void {
    this.heldAudio.keep(base64);
    this.session?.appendAudio(base64);
  }

  /** Tells the model something; where there is no session, or it is lost before it has answered, the next one. */
  tell(note: HistoryItem): void {
    this.notes.push(note);
    this.session?.remember(note);
  }

  /** The line came back, perhaps with another law. */
  lineBack(): void {
    this.renewer.forget();
    this.session?.setInputLaw(this.around.line.law).catch((error: unknown) => {
      this.around.log.warn({ err: error }, 'the model did not take the new codec of the line');
    });
  }

  lost(failure: ModelFailure): void {
    const { around } = this;
    if (!this.session) return;
    around.counters.modelSessionsLost++;
    around.counters.modelFailed('session', failure.code);
    around.log.warn({ code: failure.code, reason: failure.message }, 'model session lost');
    this.leave();
    if (!around.wanted()) return;
    around.lost();
    if (failure.kind === 'fatal' || ++this.lossesInARow > MAX_LOSSES_IN_A_ROW) this.none('model-lost');
    else if (around.wanted()) this.resume(RESUMED, 'lost');
    around.changed();
  }

  /** The model owes an answer and says nothing: as good as lost, only that nobody told. */
  stalled(): void {
    this.session?.close();
    this.lost({ kind: 'retryable', code: 'model-stalled', message: 'the model was due to answer and did not' });
  }

  /** The model has answered: sessions are worth opening again. */
  answered(): void {
    this.lossesInARow = 0;
    this.notes = [];
  }

  /** The call is in other hands: nobody speaks with the model now. */
  suspend(): void {
    this.session?.close();
    this.leave();
    this.renewer.forget();
    this.heldAudio.clear();
    this.unanswered = false;
    this.notes = [];
  }

  /**
   * Goes on with the conversation in a new session: its words as text, no second greeting.
   * @param awaitCallerMs so long it listens first, and only then answers; undefined: it answers what is owed.
   */
  resume(note: string, cause: SessionCause, awaitCallerMs?: number): void {
    this.awaitCallerMs = awaitCallerMs;
    this.resumes++;
    this.around.counters.resumes++;
    this.around.unattended(this.connect({ note, cause }));
  }

  /** The conversation stands still. @param listener hears meanwhile what the session tells, which stays open. */
  freeze(listener: ModelListener): void {
    this.session?.listen(listener);
    this.postponed = this.opening;
    this.endOpening();
  }

  /** It goes on here, on a line that came back. */
  thaw(): void {
    const { session, postponed } = this;
    this.postponed = undefined;
    session?.listen(this.around.listener());
    if (session) this.lineBack();
    else if (postponed && !this.opening) this.around.unattended(this.connect(postponed));
  }

  /** Something may have become quiet. */
  settle(): void {
    this.renewer.settle();
  }

  /** The call is over. @returns the session, which is still open. */
  stop(): ModelSession | undefined {
    this.renewer.stop();
    this.opening?.course.over();
    const { session } = this;
    this.session = undefined;
    return session;
  }

  /** The old session comes to its end, and nobody speaks: the new one takes its place unnoticed. */
  private exchange(fresh: ModelSession): void {
    this.around.log.info('the model session is renewed before its end');
    this.session?.close();
    this.leave();
    this.goOn(fresh, RESUMED, this.renewal);
  }

  /** @param plan.note follows what was said so far; undefined: nothing was. */
  private async connect({ note, cause }: Plan): Promise<void> {
    const { generation } = this;
    const course = this.noted(cause);
    this.opening = { note, cause, course };
    const session = this.renewer.take() ?? (await this.open(course));
    if (session) this.goOn(session, note, course);
    else {
      course.over();
      if (generation === this.generation) this.none('model-unavailable');
    }
  }

  /** The present session is no more; what it owed is owed by the next one. */
  private leave(): void {
    const { turnTaking, tools } = this.around;
    this.session = undefined;
    this.endOpening();
    turnTaking.sessionLost();
    if (tools.sessionLost()) turnTaking.ask();
    this.unanswered ||= this.heldAudio.pinned;
    // What was answered or written down need not be heard again: only what comes from now on matters.
    if (!this.unanswered) this.heldAudio.clear();
    this.heldAudio.pin();
  }

  private goOn(session: ModelSession, note: string | undefined, course: SessionOpening | undefined): void {
    const { turnTaking, tools, transcript, line, greeting } = this.around;
    this.adopt(session);
    transcript.sessionLost(this.unanswered);
    const history = transcript.history();
    for (const item of history) session.remember(item);
    course?.inUse(session, history.length + this.notes.length);
    tools.sessionResumed();
    // A greeting of which nothing was heard is not a second one.
    const greets = note === undefined || (turnTaking.greetingUnheard && line.idle);
    if (greeting !== undefined && greets) {
      session.remember({ role: 'system', text: openWith(greeting) });
      turnTaking.greet();
    } else if (note !== undefined) session.remember({ role: 'system', text: note });
    for (const untold of this.notes) session.remember(untold);
    const awaitCallerMs = this.unanswered ? HEARD_AGAIN_WITHIN_MS : this.awaitCallerMs;
    this.awaitCallerMs = undefined;
    if (awaitCallerMs === undefined) turnTaking.resumed();
    else turnTaking.awaitCaller(awaitCallerMs);
    this.heldAudio.release((base64) => session.appendAudio(base64));
    this.unanswered = false;
    if (note !== undefined)
      this.around.log.info({ resumes: this.resumes }, 'the conversation goes on in a new session');
    this.around.changed();
  }

  private adopt(session: ModelSession): void {
    this.session = session;
    this.opening = undefined;
    session.listen(this.around.listener());
    this.renewer.watch(session);
  }

  private noted(cause: SessionCause): SessionOpening {
    return new SessionOpening(cause, this.around.now(), this.around.now, this.around.observer);
  }

  /** What is being opened comes too late. */
  private endOpening(): void {
    this.opening?.course.over();
    this.opening = undefined;
    this.generation++;
  }

  /** The same, for later. */
  private async openAhead(): Promise<ModelSession | undefined> {
    const course = this.noted('renewal');
    const session = await this.open(course);
    if (session) course.ready();
    else course.over();
    this.renewal = course;
    return session;
  }

  /** @returns undefined when there is none to be had, or nobody wants one any more. */
  private open(course: SessionOpening): Promise<ModelSession | undefined> {
    const { clock, log, model, line } = this.around;
    const { generation } = this;
    const wanted = (): boolean => this.around.wanted() && generation === this.generation;
    return openSession({ clock, log, model, law: () => line.law, wanted, course });
  }

  private none(reason: 'model-unavailable' | 'model-lost'): void {
    if (this.around.wanted()) this.around.gaveUp(reason);
  }
}
