import { type Clock } from '../../common/clock.js';
import { LEAST_HEARD_MS } from '../turns/assistant-speech.js';
import { CallRecord } from './call-record.js';
import { type ConversationReport } from './conversation-report.js';
import { type ConversationState, readState } from './conversation-state.js';
import { type SavedConversation } from './saved-conversation.js';

/** What a conversation was that nobody goes on with. */
export interface RecalledConversation {
  /** What the log says of it. */
  summary: object;
  report: ConversationReport;
}

/** A record that another process kept, as it is when that process is gone: nobody hears the rest of what was being said. */
export function restoreRecord(
  record: CallRecord,
  saved: SavedConversation,
  { totals, begun, floor, keys }: Partial<ConversationState>,
): void {
  record.restore(saved, totals);
  if (begun) record.begunAtMs = begun.atMs;
  for (const { entry, heardMs, heardShare } of floor?.heard ?? []) {
    record.transcript.entryHeard(entry, heardMs < LEAST_HEARD_MS ? 0 : heardShare);
  }
  if (keys) record.transcript.keysPressed(keys);
}

/** @returns what can be read of a conversation that another process wrote down; undefined where that is nothing. */
export function recallConversation(saved: SavedConversation, clock: Clock): RecalledConversation | undefined {
  if (saved.size === 0) return undefined;
  // Whoever had it has counted what it cost.
  const record = new CallRecord(clock, () => undefined);
  const state = readState(saved);
  restoreRecord(record, saved, state);
  const resumes = state.sessions?.resumes ?? 0;
  return { summary: record.summary(resumes), report: record.report(resumes) };
}
