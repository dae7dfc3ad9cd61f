import { type TransferTarget } from '../config/tools-setting.js';

/** Why a conversation ends its call. */
export type ConversationEnd =
  | 'assistant-hung-up'
  | 'model-unavailable'
  | 'model-lost'
  | 'max-duration'
  | 'caller-idle'
  | 'silence'
  | 'assistant-monologue'
  | 'cost-ceiling'
  | 'internal-error';

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

/** Why a transfer did not come about. */
export type TransferFailure = 'no-answer' | 'busy' | 'refused' | 'failed';
