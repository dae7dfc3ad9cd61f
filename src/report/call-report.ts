import { type ConversationReport } from '../conversation/record/conversation-report.js';

/** What is known about a call when Parley's part in it is over. */
export interface CallReport {
  /** Telnyx's `call_control_id`. */
  callId: string;
  /** Telnyx's `call_session_id`: the same for all legs of a call. */
  sessionId: string | undefined;
  from: string | undefined;
  to: string | undefined;
  /** When the call came in, in ISO 8601 (UTC). */
  startedAt: string;
  /** When it ended, or was handed over to somebody else. */
  endedAt: string;
  /** By a monotonic clock, so it may differ a little from the times. */
  durationMs: number;
  /** One of the end reasons of src/calls/end-reason.ts. */
  endReason: string;
  /** Null where the assistant never got to speak with the caller. */
  conversation: ConversationReport | null;
}
