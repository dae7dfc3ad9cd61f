import { type Clock } from '../../common/clock.js';
import { type CostUsd, type TokenUsage, type TranscriptionUsage } from '../model.port.js';
import { type ConversationReport } from './conversation-report.js';
import { type RecordTotals } from './conversation-state.js';
import { readEntries } from './entry.js';
import { Ledger } from './ledger.js';
import { type ChangeLog, type SavedConversation } from './saved-conversation.js';
import { Transcript } from './transcript.js';
import { TurnLog } from './turn-log.js';
import { UsageTotals } from './usage-totals.js';

/** All that is kept of a conversation: what was said, turn by turn, and what it cost. */
export class CallRecord {
  readonly transcript: Transcript;
  readonly turns: TurnLog;
  readonly ledger: Ledger;

  /** Milliseconds since 1970, going with the app's clock. */
  readonly now: () => number;
  /** When the conversation began, in milliseconds since 1970. */
  begunAtMs: number;

  /**
   * @param charged told of every cost, known or not, and of what it is the cost.
   * @param log told of everything that changes, where somebody writes it down.
   */
  constructor(
    clock: Clock,
    charged: (costUsd: CostUsd, usage: TokenUsage | TranscriptionUsage) => void,
    log?: ChangeLog,
  ) {
    this.now = epochOf(clock);
    this.begunAtMs = this.now();
    this.transcript = new Transcript(this.now, log);
    this.turns = new TurnLog(() => clock.nowMs(), this.now, log);
    this.ledger = new Ledger(this.turns, charged);
  }

  /** What was used and counted so far. @param knownCostUsd of what has a known price. */
  totals(knownCostUsd: number): RecordTotals {
    const { totals: usage, transcriptionSeconds, costUsd } = this.ledger.total;
    const { count: turns, interruptions, callerEndedAtMs } = this.turns;
    return { usage: { ...usage }, transcriptionSeconds, costUsd, knownCostUsd, turns, interruptions, callerEndedAtMs };
  }

  /** Goes on from what another process wrote down. */
  restore(saved: SavedConversation, totals: RecordTotals | undefined): void {
    this.transcript.restore(readEntries(saved));
    this.turns.restore(saved, totals);
    if (!totals) return;
    this.ledger.total = UsageTotals.of(totals.usage, totals.transcriptionSeconds, totals.costUsd);
  }

  /** @param resumes how often the conversation went on in another session. */
  summary(resumes: number): object {
    const { count: turns, interruptions } = this.turns;
    const { totals: usage, costUsd } = this.ledger.total;
    return { turns, interruptions, resumes, usage, costUsd };
  }

  /** @param resumes how often the conversation went on in another session. */
  report(resumes: number): ConversationReport {
    const { totals: usage, costUsd, transcriptionSeconds } = this.ledger.total;
    const { interruptions } = this.turns;
    const transcript = this.transcript.entries();
    return {
      transcript,
      turns: this.turns.reports(),
      interruptions,
      resumes,
      usage,
      transcriptionSeconds,
      costUsd,
    };
  }
}

/** @returns milliseconds since 1970, going with the app's clock. */
function epochOf(clock: Clock): () => number {
  const offsetMs = Date.now() - clock.nowMs();
  return () => Math.round(offsetMs + clock.nowMs());
}
