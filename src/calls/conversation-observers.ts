import { type ConversationObserver } from '../conversation/observer.port.js';

/** Who watches conversations. */
export abstract class ConversationObservers {
  /** @param callId the `call_control_id` of the call that is talked on. */
  abstract of(callId: string): ConversationObserver;
}
