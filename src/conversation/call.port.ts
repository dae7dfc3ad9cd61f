import { type TransferTarget } from '../config/tools-setting.js';

/** Why a conversation ends its call. */
export const CONVERSATION_ENDS = [
  'assistant-hung-up',
  'model-unavailable',
  'model-lost',
  'max-duration',
  'caller-idle',
  'silence',
  'assistant-monologue',
  'cost-ceiling',
  'internal-error',
] as const;
export type ConversationEnd = (typeof CONVERSATION_ENDS)[number];

/** Why a transfer did not come about. */
export const TRANSFER_FAILURES = ['no-answer', 'busy', 'refused', 'failed'] as const;
export type TransferFailure = (typeof TRANSFER_FAILURES)[number];

/** What a conversation can have done with its call. */
export interface CallActions {
  /**
   * Ends the call.
   * @param sentence what the caller is told first, without the assistant; undefined: they know.
   */
  end(reason: ConversationEnd, sentence: string | undefined): void;
  /**
   * Hands the caller over to somebody else. The conversation is suspended: its line carries nothing from now on. When
   * nobody answers, the line comes back and the conversation is told (`Conversation.backFromTransfer`).
   * @param sentence what the caller is told first, without the assistant; undefined: they know.
   */
  transfer(target: TransferTarget, sentence: string | undefined): void;
  /** Presses keys towards the caller. @returns whether they were sent. */
  sendKeys(keys: string): Promise<boolean>;
  /** Says a sentence to the caller without the assistant, beside the line. @returns false where that is not possible. */
  say(sentence: string): Promise<boolean>;
}
