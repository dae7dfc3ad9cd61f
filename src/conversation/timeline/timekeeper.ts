import { type CutItem } from '../line.port.js';
import { type ResponseOutcome } from '../model.port.js';
import { type ToolWords, type TurnCause, type TurnTool } from '../observer.port.js';
import { type Transcript } from '../record/transcript.js';
import { type TurnLog } from '../record/turn-log.js';
import { type OpenTurn, type SpokenTimes } from './open-turn.js';
import { OpenTurns } from './open-turns.js';
import { ResponseTimes } from './response-times.js';
import { ToolTimes } from './tool-times.js';
import { type Watched } from './watched.js';

export interface TimekeeperSurroundings {
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told of what it counts. */
  log: TurnLog;
  transcript: Transcript;
  /** The present session's, if there is one. */
  sessionId(): string | undefined;
  observer: Watched;
}

/** What is known of a tool as it begins. */
interface ToolFacts {
  /** The response that called it. */
  responseId?: string | undefined;
  /** Where they are not in the transcript; filled in as they become known. */
  words?: ToolWords | undefined;
}

/** The caller speaks, or has spoken; without a turn, it is not known yet whether that is one. */
interface Speech extends SpokenTimes {
  itemId: string;
  turn: OpenTurn | undefined;
  /** The session that heard it is gone. */
  lost: boolean;
}

/**
 * Keeps the times of a conversation, turn by turn: is told of everything that happens in a turn, decides nothing, and tells
 * of each turn once: when the model is done with its last response, and the caller with what of it was played. Of single
 * frames it knows nothing.
 */
export class Timekeeper {
  private readonly turns: OpenTurns;
  private speech: Speech | undefined;
  private readonly responses = new ResponseTimes();
  private readonly items = new Map<string, OpenTurn>();
  private readonly tools = new ToolTimes();
  private frozen = false;

  constructor(private readonly around: TimekeeperSurroundings) {
    this.turns = new OpenTurns(around.now, (turn) => this.tell(turn));
  }

  /** Of the turn that begins next, in whatever process. */
  get nextNumber(): number {
    return this.turns.next;
  }

  /** Goes on where another process left off. */
  restore(nextNumber: number): void {
    this.turns.next = nextNumber;
  }

  // --- the caller ---

  /**
   * @param agoMs since it began.
   * @param again the words may have been heard before, by a session that is gone.
   */
  speechStarted(itemId: string, agoMs: number, again: boolean): void {
    const { speech } = this;
    const startedAtMs = speech?.lost && !speech.turn ? speech.startedAtMs : this.around.now() - Math.round(agoMs);
    this.speech = { itemId, startedAtMs, endedAtMs: undefined, turn: undefined, again, lost: false };
  }

  /** @param isTurn it was no mere noise. */
  speechStopped(itemId: string, isTurn: boolean): void {
    const { speech } = this;
    // Words that are heard again ended when they were said.
    if (isTurn && !(speech?.again && this.around.log.callerEndedAtMs !== undefined)) this.around.log.callerEnded();
    if (speech?.itemId !== itemId) return;
    speech.endedAtMs = this.around.now();
    speech.turn?.spoken(speech);
  }

  /** What the caller said is part of the conversation, and to be answered. */
  turnTaken(itemId: string): void {
    if (this.speech?.itemId === itemId) this.promote(this.speech);
    else if (!this.turns.present?.callerItems.has(itemId)) this.nextTurn('caller').callerItems.add(itemId);
  }

  /** What was taken for speech is no turn. */
  speechCameToNothing(): void {
    if (this.speech && !this.speech.turn) this.speech = undefined;
  }

  /** The caller cut the assistant off. */
  interrupted(): void {
    this.around.log.interrupted();
  }

  // --- what is to be answered ---

  /** An answer is wanted, in the present turn if there is one. Keys are a turn of their own. */
  wanted(cause?: 'greeting' | 'keys'): void {
    if (cause === 'keys') this.nextTurn(cause);
    else if (cause && !this.turns.present) this.begin(cause, this.around.now());
    else if (!this.frozen) this.current();
  }

  // --- the model ---

  /** A response is asked for. */
  asked(): void {
    this.responses.asked(this.current(), this.around.now());
  }

  /** The request for a response was refused. */
  refused(): void {
    this.responses.withdraw();
    this.turns.settle();
  }

  /** @param wanted false: nothing of it is for the caller. */
  created(responseId: string, wanted: boolean): void {
    if (this.responses.turnOf(responseId)) return;
    const turn = this.responses.askedFor ?? this.current();
    this.responses.created(responseId, turn, !wanted, this.around.sessionId(), this.around.now());
  }

  /**
   * The first audio of an item has come, and is for the caller.
   * @returns where the length of all its audio is added up.
   */
  speaks(responseId: string, itemId: string): { audioMs: number } {
    const known = this.responses.speaks(responseId, this.around.now());
    if (!known) return { audioMs: 0 };
    known.turn.speaks(itemId);
    this.items.set(itemId, known.turn);
    return known.response;
  }

  done(outcome: ResponseOutcome, dropped: boolean): void {
    this.responses.done(outcome, dropped, this.around.now());
    this.turns.settle();
  }

  /** The model could not answer, however often it was asked. */
  gaveUp(): void {
    this.turns.end('failed');
    this.turns.settle();
  }

  /** The session is gone: what was being written will not come, what has come is played to its end. */
  sessionLost(): void {
    this.responses.lost(this.around.now());
    if (this.speech) this.speech.lost = true;
    // A turn of which nothing was said is answered by the next session.
    if (this.turns.present?.answerLost && this.turns.present.assistantItems.length > 0) this.turns.end('lost');
    this.turns.settle();
  }

  // --- the line ---

  /** @returns the turn, and how long after the caller's words, where it is the first of the answer to them. */
  itemStarted(itemId: string): { turn: number | undefined; answeredAfterMs: number } | undefined {
    const turn = this.items.get(itemId);
    turn?.sent(itemId, this.around.now());
    const answeredAfterMs = this.around.log.assistantAnswers();
    return answeredAfterMs === undefined ? undefined : { turn: turn?.number, answeredAfterMs };
  }

  itemHeard(itemId: string, heardMs: number): void {
    this.items.get(itemId)?.heard(itemId, heardMs, this.around.now());
    this.items.delete(itemId);
    this.turns.settle();
  }

  /**
   * What was being written and heard is cut off.
   * @param items what was heard of what was playing.
   * @param by `end`: the conversation does not go on here.
   */
  cut(items: readonly CutItem[], by: 'caller' | 'us' | 'end'): void {
    const { speech } = this;
    const nowMs = this.around.now();
    const bargeInMs = by === 'caller' && speech ? nowMs - speech.startedAtMs : undefined;
    const outcome = by === 'end' ? 'over' : 'interrupted';
    for (const turn of this.turns.all) {
      if (!turn.underWay) continue;
      const own = items.filter(({ itemId }) => this.items.get(itemId) === turn);
      turn.cutOff(own, nowMs, outcome, bargeInMs);
      if (turn === this.turns.present) this.turns.end(outcome);
    }
    this.items.clear();
    this.turns.settle();
    if (by === 'caller' && speech) this.promote(speech);
  }

  // --- tools ---

  toolBegun(toolCallId: string, name: string, kind: TurnTool['kind'], about: ToolFacts = {}): void {
    const { responseId, words } = about;
    const called = responseId === undefined ? undefined : this.responses.turnOf(responseId);
    const turn = called ?? this.turns.present;
    this.tools.begun({ toolCallId, name, kind, words, turn, startedAtMs: this.around.now() });
  }

  /** @param error undefined: it went well; else a word of ours. */
  toolDone(toolCallId: string, error?: string): void {
    this.tools.done(toolCallId, error, this.home, this.around.now());
  }

  // --- the whole ---

  /** Nobody speaks, and nothing is under way or owed, or nobody waits for it any more. */
  settled(): void {
    this.speechCameToNothing();
    this.turns.end(this.turns.present?.naturalOutcome(false));
    this.turns.endAll(undefined);
  }

  /** The conversation may go on in another process: the present turn does not go on here, in any case. */
  standStill(): void {
    this.endAll();
    this.frozen = true;
  }

  /** It goes on here. */
  goOn(): void {
    this.frozen = false;
  }

  /** The call is over, or goes on in another process. */
  over(): void {
    if (!this.frozen) {
      if (this.speech && !this.speech.turn) this.promote(this.speech);
      this.tools.abandon(undefined, this.home, this.around.now());
      if (this.tools.anyUnclaimed) this.current();
    }
    this.endAll();
  }

  /** A tool belongs to the turn in which it began, as long as that is not told; else to that in which it ends. */
  private readonly home = (begunIn: OpenTurn | undefined): OpenTurn | undefined =>
    begunIn && this.turns.all.includes(begunIn) ? begunIn : this.turns.present;

  /** The present turn, or the one that begins now. */
  private current(): OpenTurn {
    if (this.turns.present) return this.turns.present;
    if (this.speech && !this.speech.turn) return this.promote(this.speech);
    // Words of the caller that nobody has answered, from before a move or a lost session.
    const cause = this.around.log.callerEndedAtMs === undefined ? 'note' : 'caller';
    return this.begin(cause, this.around.now());
  }

  /** What the caller said is a turn, or goes on with one that nobody has answered yet. */
  private promote(speech: Speech): OpenTurn {
    if (speech.turn) return speech.turn;
    const turn = this.nextTurn('caller', speech.startedAtMs);
    speech.turn = turn;
    turn.callerItems.add(speech.itemId);
    turn.spoken(speech);
    return turn;
  }

  /** The caller wants something else, or more: that is a turn of its own, unless nothing was done yet about the last. */
  private nextTurn(cause: TurnCause, startedAtMs = this.around.now()): OpenTurn {
    if (this.turns.present?.untouched) {
      if (this.turns.present.cause === 'note') this.turns.present.cause = cause;
      return this.turns.present;
    }
    return this.begin(cause, startedAtMs);
  }

  private begin(cause: TurnCause, startedAtMs: number): OpenTurn {
    const turn = this.turns.begin(cause, startedAtMs);
    this.tools.claim(turn);
    return turn;
  }

  /** Nothing more is waited for. */
  private endAll(): void {
    this.responses.withdraw();
    const { present } = this.turns;
    if (present) this.tools.abandon(present, this.home, this.around.now());
    if (present?.answerLost) this.turns.end('lost');
    this.turns.endAll('over');
  }

  private tell(turn: OpenTurn): void {
    this.responses.forget(turn);
    for (const [itemId, whose] of this.items) if (whose === turn) this.items.delete(itemId);
    const { log, transcript, observer } = this.around;
    const outcome = turn.naturalOutcome(true);
    // Words that need no answer are not answered by what is said later.
    if (outcome === 'skipped') log.unanswered();
    if (!observer.on) return;
    for (const tool of turn.tools) tool.words ??= transcript.wordsOfTool(tool.toolCallId);
    const words = {
      caller: transcript.wordsOf(turn.callerItems),
      assistant: transcript.wordsOf(turn.assistantItems),
    };
    observer.turnOver(turn.timeline(outcome, outcome === 'over' ? this.around.now() : turn.startedAtMs, words));
  }
}
