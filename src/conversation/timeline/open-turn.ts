import { type CutItem } from '../line.port.js';
import {
  type TurnCause,
  type TurnCut,
  type TurnOutcome,
  type TurnResponse,
  type TurnTimeline,
  type TurnTool,
} from '../observer.port.js';

/** When the caller spoke. Milliseconds since 1970. */
export interface SpokenTimes {
  startedAtMs: number;
  /** Undefined: they go on. */
  endedAtMs: number | undefined;
  /** Words that were said before are heard once more, by another session. */
  again: boolean;
}

/** A turn that is not over, or of which something is still to come. Times are milliseconds since 1970. */
export class OpenTurn {
  /** How it ended; undefined: it goes on, or ended by itself. */
  outcome: TurnOutcome | undefined;
  sessionId: string | undefined;
  /** A response of it was lost with its session, and none has come after it. */
  answerLost = false;
  /** A response was asked for and has not begun. */
  requested = false;
  readonly writing = new Set<TurnResponse>();
  /** Items that the caller has not heard to their end. */
  readonly unheard = new Set<string>();
  readonly tools: TurnTool[] = [];
  readonly callerItems = new Set<string>();
  readonly assistantItems: string[] = [];
  speech: { startedAtMs: number; endedAtMs: number | undefined } | undefined;
  private readonly responses: TurnResponse[] = [];
  private firstSent: { itemId: string; atMs: number } | undefined;
  private firstHeardAtMs: number | undefined;
  private playoutEndedAtMs: number | undefined;
  private cut: TurnCut | undefined;
  private bargeInMs: number | undefined;

  constructor(
    readonly number: number,
    public cause: TurnCause,
    public startedAtMs: number,
  ) {}

  /** Something is still to come of it by itself. */
  get underWay(): boolean {
    return this.requested || this.writing.size > 0 || this.unheard.size > 0;
  }

  /** Nothing was done about it yet: what else is to be answered is answered with it. */
  get untouched(): boolean {
    if (this.requested || this.assistantItems.length > 0) return false;
    // A response that was lost with its session was none.
    return this.writing.size === 0 && this.responses.every(({ outcome }) => outcome === undefined);
  }

  /** How it ends where nothing ends it. @param before it ended because the next one has begun. */
  naturalOutcome(before: boolean): TurnOutcome {
    if (this.outcome) return this.outcome;
    if (this.answerLost) return 'lost';
    if (this.firstSent) return 'heard';
    const last = this.responses.findLast(({ dropped }) => !dropped)?.outcome?.status;
    if (last === 'failed') return 'failed';
    return before ? 'interrupted' : 'skipped';
  }

  /** The caller speaks, or goes on. */
  spoken({ startedAtMs, endedAtMs, again }: SpokenTimes): void {
    const before = this.speech;
    this.startedAtMs = Math.min(this.startedAtMs, startedAtMs);
    this.speech = {
      startedAtMs: Math.min(before?.startedAtMs ?? startedAtMs, startedAtMs),
      // Words that are heard again ended when they were said.
      endedAtMs: again ? (before?.endedAtMs ?? endedAtMs) : endedAtMs,
    };
  }

  begun(response: TurnResponse, sessionId: string | undefined): void {
    this.responses.push(response);
    this.writing.add(response);
    this.sessionId = sessionId;
    this.answerLost = false;
  }

  /** The first audio of an item has come. */
  speaks(itemId: string): void {
    this.assistantItems.push(itemId);
    this.unheard.add(itemId);
  }

  /** The first audio of an item is on its way to the caller. */
  sent(itemId: string, atMs: number): void {
    this.firstSent ??= { itemId, atMs };
  }

  heard(itemId: string, heardMs: number, atMs: number): void {
    this.unheard.delete(itemId);
    this.heardOf(itemId, heardMs, atMs);
    this.playoutEndedAtMs = atMs;
  }

  /** What of it was being written or heard is cut off. @param items its own. */
  cutOff(items: readonly CutItem[], atMs: number, outcome: TurnOutcome, bargeInMs: number | undefined): void {
    this.outcome ??= outcome;
    this.bargeInMs ??= bargeInMs;
    for (const response of this.writing) response.dropped = true;
    for (const { itemId, heardMs } of items) this.heardOf(itemId, heardMs, atMs);
    const cut = items.find(({ complete }) => !complete);
    if (cut) this.cut = { heardMs: cut.heardMs, ofMs: cut.receivedMs };
    if (this.unheard.size > 0) this.playoutEndedAtMs = atMs;
    this.unheard.clear();
  }

  /** Nothing more will come of it. */
  giveUp(atMs: number): void {
    for (const response of this.writing) response.doneAtMs = atMs;
    this.writing.clear();
    if (this.unheard.size > 0) this.playoutEndedAtMs = atMs;
    this.unheard.clear();
    this.requested = false;
    if (this.speech) this.speech.endedAtMs ??= atMs;
  }

  /** @param leastEndMs it is not over before. */
  timeline(outcome: TurnOutcome, leastEndMs: number, words: TurnTimeline['words']): TurnTimeline {
    const { number, cause, startedAtMs, sessionId, firstSent, responses, tools, cut, bargeInMs } = this;
    const playoutEnd = this.playoutEndedAtMs ?? leastEndMs;
    const playout = firstSent && {
      firstSentAtMs: firstSent.atMs,
      firstHeardAtMs: this.firstHeardAtMs,
      endedAtMs: playoutEnd,
    };
    const { speech } = this;
    const callerSpeech = speech && { startedAtMs: speech.startedAtMs, endedAtMs: speech.endedAtMs ?? leastEndMs };
    const ends = [...responses.map(({ doneAtMs }) => doneAtMs), ...tools.map((tool) => tool.endedAtMs)];
    ends.push(callerSpeech?.endedAtMs ?? 0, playout?.endedAtMs ?? 0, startedAtMs, leastEndMs);
    return {
      ...{ number, cause, startedAtMs, endedAtMs: Math.max(...ends), sessionId, callerSpeech },
      ...{ responses, tools, playout, outcome, cut, bargeInMs, words },
    };
  }

  /** The line tells when an item was heard to its end, or cut: its first sound was heard that much earlier. */
  private heardOf(itemId: string, heardMs: number, atMs: number): void {
    if (this.firstSent?.itemId !== itemId || this.firstHeardAtMs !== undefined || heardMs <= 0) return;
    this.firstHeardAtMs = Math.max(this.firstSent.atMs, Math.round(atMs - heardMs));
  }
}
