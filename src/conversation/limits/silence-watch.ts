import { type Clock } from '../../common/clock.js';
import { Deadline } from '../../common/deadline.js';

/**
 * Notices a call in which nobody makes a sound, for whatever reason: the last net under everything that should have spoken.
 * Counts from the first thing it is told.
 */
export class SilenceWatch {
  private readonly going = new Set<string>();
  private readonly deadline: Deadline;
  private stopped = false;

  /**
   * @param maxMs the longest silence; undefined: any.
   * @param tooLong called once per silence.
   */
  constructor(
    clock: Clock,
    private readonly maxMs: number | undefined,
    tooLong: () => void,
  ) {
    this.deadline = new Deadline(clock, tooLong);
  }

  /** Something was heard just now. Costs next to nothing: it may be told with every piece of audio. */
  sound(): void {
    if (this.maxMs === undefined || this.stopped || this.going.size > 0) return;
    this.deadline.moveTo(this.maxMs);
  }

  /** A sound that goes on. @param source whose: there is no silence before the sounds of all sources have ended. */
  begin(source: string): void {
    this.going.add(source);
    this.deadline.rest();
  }

  /** It has ended. Of a source that made none, this says nothing. */
  end(source: string): void {
    if (this.going.delete(source)) this.sound();
  }

  /** The call is over. */
  stop(): void {
    this.stopped = true;
    this.deadline.stop();
  }
}
