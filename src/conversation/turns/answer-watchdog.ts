import { type Clock } from '../../common/clock.js';
import { Deadline } from '../../common/deadline.js';

/** From the end of the caller's turn, or our request, to the start of a response: it takes well under a second. */
const BEGINS_WITHIN_MS = 8_000;
/** Between two signs of life of a running response; the longest thinking of a reasoning model is below this. */
const GOES_ON_WITHIN_MS = 20_000;

/**
 * Notices a model that has stopped answering while its socket stays open: the one failure that tells nobody, and that the
 * caller hears as silence.
 */
export class AnswerWatchdog {
  private readonly deadline: Deadline;

  /** @param stalled called once, when an answer that is due does not come. */
  constructor(clock: Clock, stalled: () => void) {
    this.deadline = new Deadline(clock, stalled);
  }

  /** An answer is due. */
  expect(): void {
    this.deadline.moveTo(BEGINS_WITHIN_MS);
  }

  /** A response began, or went on: told with every piece of audio. */
  progress(): void {
    this.deadline.moveTo(GOES_ON_WITHIN_MS);
  }

  /** No answer is due: it is complete, or the caller speaks again. */
  rest(): void {
    this.deadline.rest();
  }

  /** The call is over. */
  stop(): void {
    this.deadline.stop();
  }
}
