import { type Clock } from '../common/clock.js';
import { speakingWaitMs } from './call-factory.js';

/**
 * Which of Telnyx's `call.speak.ended` is about a sentence that was spoken beside the stream: those come in the order of
 * the sentences, and must not be taken for the end of the last sentence of the call.
 */
export class BesideSentences {
  /** When each sentence under way is over at the latest, should its webhook be lost. */
  private overByMs: number[] = [];

  constructor(private readonly clock: Clock) {}

  begun(sentence: string): void {
    this.overByMs.push(this.clock.nowMs() + speakingWaitMs(sentence));
  }

  /** The sentence that began last was not taken after all. */
  withdraw(): void {
    this.overByMs.pop();
  }

  /** A sentence has ended. @returns whether it was one of these. */
  ended(): boolean {
    const nowMs = this.clock.nowMs();
    this.overByMs = this.overByMs.filter((overByMs) => overByMs > nowMs);
    return this.overByMs.shift() !== undefined;
  }
}
