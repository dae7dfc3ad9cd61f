import { type TransferTarget } from '../config/tools-setting.js';
import { type TransferFailure } from './call.port.js';
import { type CallEnding } from './call-ending.js';
import { type CallLimits } from './limits/call-limits.js';
import { type CostCeiling } from './limits/cost-ceiling.js';
import { lineInterrupted, NOT_DONE_IN_TIME, RESUMED } from './notes.js';
import { type CallRecord } from './record/call-record.js';
import { type ConversationState, type Floor, readState } from './record/conversation-state.js';
import { restoreRecord } from './record/restored-record.js';
import { type SavedConversation } from './record/saved-conversation.js';
import { type SessionKeeper } from './session-keeper.js';
import { type Timekeeper } from './timeline/timekeeper.js';
import { type Closing } from './tools/closing-action.js';
import { somethingHeard } from './turns/floor-keeper.js';
import { type TurnTaking } from './turns/turn-taking.js';

export interface ResumptionSurroundings {
  record: CallRecord;
  cost: CostCeiling;
  limits: CallLimits;
  ending: CallEnding;
  sessions: SessionKeeper;
  turnTaking: TurnTaking;
  timekeeper: Timekeeper;
  targets: readonly TransferTarget[];
  /** Does what the assistant asked for. */
  leave(closing: Closing, toolCallId: string): void;
  /** The caller is with us again. */
  back(away: NonNullable<ConversationState['away']>, why: TransferFailure): void;
  /** Takes work that nobody waits for. */
  unattended(work: Promise<void>): void;
}

/**
 * A caller who was speaking when the line broke goes on, or is waiting by now: to answer at once would be to talk into their
 * words, and be cut off by them. A turn detection needs some 300 ms to notice speech.
 */
const GOES_ON_SPEAKING_WITHIN_MS = 800;

/** What was lost with a floor that cannot be read: nobody knows, so the caller is asked. */
const UNKNOWN_FLOOR: Floor = { heard: [], cutOff: false, owed: true, callerTurnOpen: true };

/**
 * Goes on with a conversation that another process had, from what it wrote down: with its words, its limits and its
 * account, and with the assistant speaking at once where it had the floor, or owed something.
 */
export class Resumption {
  constructor(private readonly around: ResumptionSurroundings) {}

  /**
   * @param returning why a transfer that was under way came to nothing, where that is known.
   * @param unheard what the caller said meanwhile, as G.711.
   */
  goOn(saved: SavedConversation, returning: TransferFailure | undefined, unheard: Buffer | undefined): void {
    const { record, cost, limits, ending, sessions, turnTaking } = this.around;
    const state = readState(saved);
    const { floor = UNKNOWN_FLOOR, totals, closing, away } = state;
    restoreRecord(record, saved, state);
    this.around.timekeeper.restore(state.nextTurn ?? record.turns.count + 1);
    turnTaking.restore(state.sessions?.greetingHeard ?? true);
    sessions.restore(state.sessions?.resumes ?? 0, state.notes ?? [], unheard);
    if (state.ending) {
      const { reason, told } = state.ending;
      this.soon(() => ending.again(reason, told));
      return;
    }
    limits.start(record.begunAtMs - record.now());
    const knownCostUsd = totals?.knownCostUsd;
    if (knownCostUsd !== undefined) this.soon(() => cost.add(knownCostUsd));
    if (closing && this.carryOut(closing)) return;
    if (away) this.around.back(away, returning ?? 'failed');
    else this.resume(floor, state.keys !== undefined && state.keys !== '');
  }

  private resume(floor: Floor, keysEntered: boolean): void {
    const { heard, cutOff, owed, callerTurnOpen } = floor;
    const { record, sessions, turnTaking } = this.around;
    const wasCut = cutOff || somethingHeard(heard);
    const lostWords = callerTurnOpen || record.transcript.unwritten;
    if (heard.length === 0 && !cutOff && !owed && !callerTurnOpen && !keysEntered) {
      sessions.resume(RESUMED, 'moved');
      return;
    }
    const note = lineInterrupted({ cutOff: wasCut, lostWords, nothingKnown: record.transcript.empty });
    if (callerTurnOpen && floor !== UNKNOWN_FLOOR) sessions.resume(note, 'moved', GOES_ON_SPEAKING_WITHIN_MS);
    else {
      turnTaking.ask();
      sessions.resume(note, 'moved');
    }
  }

  /**
   * What the assistant wanted done when all was said: nobody hears the rest of what it said, but it is done.
   * @returns false where it cannot be done any more.
   */
  private carryOut({ toolCallId, transferTo }: NonNullable<ConversationState['closing']>): boolean {
    const target = this.around.targets.find(({ name }) => name === transferTo);
    if (transferTo !== undefined && !target) {
      this.around.record.transcript.toolAnswered(toolCallId, NOT_DONE_IN_TIME);
      this.around.turnTaking.ask();
      return false;
    }
    this.soon(() => this.around.leave(target ? { kind: 'transfer', target } : { kind: 'hang-up' }, toolCallId));
    return true;
  }

  /** The call is not acted upon before whoever begins the conversation knows of it. */
  private soon(action: () => void): void {
    this.around.unattended(Promise.resolve().then(action));
  }
}
