import { type Clock, type Timer } from '../common/clock.js';
import { type ConversationEnd } from './call.port.js';
import { type FinishedResponse } from './turns/turn-taking.port.js';

export interface FarewellSurroundings {
  clock: Clock;
  /** Has the assistant say it. @returns false when there is nobody to say it. */
  ask(sentence: string): boolean;
  /** All that the assistant has said so far has been heard. */
  heard(): boolean;
  /** @param told the caller has heard the goodbye from the assistant. */
  end(reason: ConversationEnd, sentence: string, told: boolean): void;
}

/** From the request to the end of a sentence that the assistant says. */
const SAID_WITHIN_MS = 15_000;

/**
 * The goodbye at a limit: said by the assistant, in the caller's language and the voice they know; where that does not
 * work out, the sentence is said without it.
 */
export class Farewell {
  private leaving: { reason: ConversationEnd; sentence: string } | undefined;
  private over = false;
  private said = false;
  private timer: Timer | undefined;

  constructor(private readonly around: FarewellSurroundings) {}

  /** The call is being ended; nothing else matters any more. */
  get begun(): boolean {
    return this.leaving !== undefined;
  }

  get reason(): ConversationEnd | undefined {
    return this.leaving?.reason;
  }

  begin(reason: ConversationEnd, sentence: string): void {
    if (this.leaving) return;
    this.leaving = { reason, sentence };
    this.timer = this.around.clock.after(SAID_WITHIN_MS, () => this.finish());
    if (!this.around.ask(sentence)) this.finish();
  }

  responseOver({ status, spoke, requested }: FinishedResponse): void {
    if (!this.leaving || !requested) return;
    if (status === 'completed' && spoke) {
      this.said = true;
      this.settle();
    } else this.finish();
  }

  /** The assistant will not say it, or no more of it. */
  failed(): void {
    if (!this.said) this.finish();
  }

  /** The caller did not hear it to its end, and will not. */
  cutShort(): void {
    this.said = false;
    this.finish();
  }

  /** Something may have become silent. */
  settle(): void {
    if (this.said && this.around.heard()) this.finish();
  }

  stop(): void {
    this.over = true;
    this.timer?.cancel();
  }

  private finish(): void {
    this.timer?.cancel();
    if (!this.leaving || this.over) return;
    this.over = true;
    const { reason, sentence } = this.leaving;
    this.around.end(reason, sentence, this.said);
  }
}
