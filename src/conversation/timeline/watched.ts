import { type Logger } from 'pino';
import {
  type ConversationObserver,
  type ModelRefusal,
  type SessionOpening,
  type TurnTimeline,
} from '../observer.port.js';

/** Whoever watches a conversation, if anybody does: what they throw is written to the log and ends nothing. */
export class Watched implements ConversationObserver {
  constructor(
    private observer: ConversationObserver | undefined,
    private readonly log: Logger,
  ) {}

  /** Somebody is told. */
  get on(): boolean {
    return this.observer !== undefined;
  }

  turnOver(turn: TurnTimeline): void {
    this.tell((observer) => observer.turnOver(turn));
  }

  sessionOpened(opening: SessionOpening): void {
    this.tell((observer) => observer.sessionOpened(opening));
  }

  modelRefused(refusal: ModelRefusal): void {
    this.tell((observer) => observer.modelRefused(refusal));
  }

  /** The call is over: nobody is told of anything any more. */
  stop(): void {
    this.observer = undefined;
  }

  private tell(what: (observer: ConversationObserver) => void): void {
    if (!this.observer) return;
    try {
      what(this.observer);
    } catch (error) {
      this.log.error({ err: error }, 'a mistake in watching the conversation');
    }
  }
}
