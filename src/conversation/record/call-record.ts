import { type Clock } from '../../common/clock.js';
import { type CostUsd } from '../model.port.js';
import { type ConversationReport } from './conversation-report.js';
import { Ledger } from './ledger.js';
import { Transcript } from './transcript.js';
import { TurnLog } from './turn-log.js';

/** All that is kept of a conversation: what was said, turn by turn, and what it cost. */
export class CallRecord {
  readonly transcript: Transcript;
  readonly turns: TurnLog;
  readonly ledger: Ledger;

  /** @param charged told of every cost, known or not. */
  constructor(clock: Clock, charged: (costUsd: CostUsd) => void) {
    const epochNow = epochOf(clock);
    this.transcript = new Transcript(epochNow);
    this.turns = new TurnLog(() => clock.nowMs(), epochNow);
    this.ledger = new Ledger(this.turns, charged);
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
