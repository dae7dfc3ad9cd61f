import { type Logger } from 'pino';
import { type CallActions, type TransferFailure } from '../conversation/call.port.js';
import { type Line } from '../conversation/line.port.js';
import { type ConversationReport } from '../conversation/record/conversation-report.js';

/** A conversation, as the life of its call is concerned with it. */
export interface CallConversation {
  /** What the log says of it at the end. */
  readonly summary: object;
  /** @param occurredAtMs milliseconds since 1970; undefined where Telnyx did not say. */
  keyFromWebhook(digit: string, occurredAtMs: number | undefined): void;
  /** The transfer came to nothing, and the line carries audio again. */
  backFromTransfer(why: TransferFailure): void;
  /** Says and hears nothing more. Resolves with what it was, when the caller's last words are written down. */
  finish(): Promise<ConversationReport>;
  /** Says and hears nothing more, and nobody asks what it was. */
  close(): void;
}

/** A call that is ready to be talked on. */
export interface TalkingCall {
  callId: string;
  line: Line;
  log: Logger;
  call: CallActions;
}

/** Where conversations come from. */
export abstract class CallConversations {
  abstract begin(call: TalkingCall): CallConversation;
}
