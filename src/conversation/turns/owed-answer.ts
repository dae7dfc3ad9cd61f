import { type Clock, type Timer } from '../../common/clock.js';
import { type ModelFailure } from '../model.port.js';
import { AnswerRetries } from './answer-retries.js';

/** The answer that the assistant owes. It is owed until it is asked for, or until the model gives it by itself. */
export class OwedAnswer {
  private owed = false;
  /** Only because an answer failed. */
  private onlyAgain = false;
  private modelsOwn = false;
  /** Words are being heard again. */
  private hearing: Timer | undefined;
  private readonly retries: AnswerRetries;

  /** @param ready what kept the answer from being asked for is over. */
  constructor(
    private readonly clock: Clock,
    private readonly ready: () => void,
  ) {
    this.retries = new AnswerRetries(clock, ready);
  }

  /** An answer will come, or will be asked for. */
  get pending(): boolean {
    return this.owed || this.modelsOwn || this.hearing !== undefined;
  }

  /** The model was told of a turn, and answers it by itself. */
  get due(): boolean {
    return this.modelsOwn;
  }

  /** A new session hears the caller's unanswered words once more. */
  get hearingAgain(): boolean {
    return this.hearing !== undefined;
  }

  /** Nothing that is known here speaks against asking for it now. */
  get askable(): boolean {
    return this.owed && !this.modelsOwn && this.hearing === undefined && !this.retries.waiting;
  }

  /** It waits to be asked for once more. */
  get retrying(): boolean {
    return this.retries.waiting;
  }

  /** One more reason for an answer. Two reasons make one answer. */
  owe(): void {
    this.owed = true;
    this.onlyAgain = false;
  }

  asked(): void {
    this.owed = false;
    this.onlyAgain = false;
  }

  callerSpeaks(): void {
    this.modelsOwn = false;
    this.retries.cancel();
    // These may be the words; should they come to nothing, what was to be answered still is.
    if (this.hearing) this.owe();
    this.stopHearing();
  }

  /** The caller's turn is part of the conversation. @param byModel the model answers it by itself. */
  turnTaken(byModel: boolean): void {
    // What was owed before the caller spoke is in the context of the answer to what they said.
    this.owed = !byModel;
    this.onlyAgain = false;
    this.modelsOwn = byModel;
  }

  /** The same, while something must be said whatever the caller says: that is owed, and nothing else. */
  turnPassedOver(byModel: boolean): void {
    this.modelsOwn = byModel;
  }

  /** The model answers. */
  begun(): void {
    this.modelsOwn = false;
    this.stopHearing();
    if (!this.onlyAgain) return;
    // What could not be answered before is answered with this.
    this.retries.cancel();
    this.asked();
  }

  succeeded(): void {
    this.retries.succeeded();
  }

  /** There was nothing in the answer. */
  empty(): void {
    if (this.retries.empty()) this.owe();
  }

  /** @returns false when asking again is no use. Should the session be lost before that, the next one is asked. */
  failed(failure: ModelFailure): boolean {
    if (!this.retries.failed(failure)) return false;
    this.onlyAgain = !this.owed;
    this.owed = true;
    return true;
  }

  /** The caller's words are heard again, by another session: it answers when it has. Hears it nothing, it is asked. */
  hearAgain(withinMs: number): void {
    this.asked();
    this.stopHearing();
    this.hearing = this.clock.after(withinMs, () => {
      this.hearing = undefined;
      this.owe();
      this.ready();
    });
  }

  /** @param interrupted an answer was on its way, or the caller was speaking. */
  sessionLost(interrupted: boolean): void {
    if (interrupted || this.modelsOwn || this.hearing) this.owed = true;
    this.onlyAgain = false;
    this.modelsOwn = false;
    this.stopHearing();
  }

  /** Nothing is owed any more; what the model answers by itself still comes. */
  forgive(): void {
    this.asked();
    this.retries.cancel();
    this.stopHearing();
  }

  private stopHearing(): void {
    this.hearing?.cancel();
    this.hearing = undefined;
  }
}
