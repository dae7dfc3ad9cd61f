import { type Logger } from 'pino';
import { type CallActions, type TransferFailure } from '../conversation/call.port.js';
import { type Line } from '../conversation/line.port.js';
import { type ConversationObserver } from '../conversation/observer.port.js';
import { type ConversationKeeper, type SavedConversation } from '../conversation/record/saved-conversation.js';
import { type ConversationReport } from '../conversation/record/conversation-report.js';
import { type RecalledConversation } from '../conversation/record/restored-record.js';

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
  /** Resolves at a moment when nobody speaks and nothing is under way, or when the time is over. */
  whenQuiet(atMostMs: number): Promise<void>;
  /** From now on nothing is said or done, until `thaw` or `close`; what was said is written down. */
  freeze(): void;
  /** What the caller has said since, and just before, as G.711: for the pod that goes on with it. */
  takeUnheard(): Buffer;
  /** It goes on here after all, as after a lost line. */
  thaw(): void;
}

/** A call that is ready to be talked on. */
export interface TalkingCall {
  callId: string;
  line: Line;
  log: Logger;
  call: CallActions;
  /** Told of every turn and every session with the model; what it throws ends nothing. */
  observer?: ConversationObserver | undefined;
  /** Where it is written down while it goes on; undefined: nowhere. */
  keeper?: ConversationKeeper | undefined;
  /** What another pod wrote down of it: it goes on. Undefined: it begins. */
  saved?: SavedConversation | undefined;
  /** When it began, in milliseconds since 1970, where what was written down does not say. */
  beganAtMs?: number | undefined;
  /** With `saved`: what the caller said while it was on its way here, as G.711. */
  unheard?: Buffer | undefined;
  /** With `saved`: why a transfer that another pod had begun came to nothing, where that is known. */
  returning?: TransferFailure | undefined;
}

/** Where conversations come from. */
export abstract class CallConversations {
  abstract begin(call: TalkingCall): CallConversation;
  /** What a conversation was that another pod had, and nobody goes on with; undefined where nothing of it can be read. */
  abstract recall(saved: SavedConversation): RecalledConversation | undefined;
}
