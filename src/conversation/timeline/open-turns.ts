import { type TurnCause, type TurnOutcome } from '../observer.port.js';
import { OpenTurn } from './open-turn.js';

/**
 * The turns that are not over. At most one is the present one; of those after which another one has begun, something is
 * still to come: the model's last word on a response, or audio that the caller has yet to hear.
 */
export class OpenTurns {
  present: OpenTurn | undefined;
  /** Number of the turn that begins next. */
  next = 0;
  private earlier: OpenTurn[] = [];

  /**
   * @param now milliseconds since 1970.
   * @param over told of each turn once, when nothing more is to come of it.
   */
  constructor(
    private readonly now: () => number,
    private readonly over: (turn: OpenTurn) => void,
  ) {}

  /** In the order in which they began. */
  get all(): OpenTurn[] {
    return this.present ? [...this.earlier, this.present] : [...this.earlier];
  }

  /** Ends the present turn, if there is one. The greeting may be number 0. */
  begin(cause: TurnCause, startedAtMs: number): OpenTurn {
    this.end(undefined);
    this.settle();
    const number = cause === 'greeting' ? this.next : Math.max(1, this.next);
    this.next = number + 1;
    this.present = new OpenTurn(number, cause, startedAtMs);
    return this.present;
  }

  /** The present turn is no more. @param outcome undefined: it depends on what is still to come of it. */
  end(outcome: TurnOutcome | undefined): void {
    const { present } = this;
    if (!present) return;
    present.outcome ??= outcome;
    if (present.speech) present.speech.endedAtMs ??= this.now();
    this.present = undefined;
    this.earlier.push(present);
  }

  /** Something may be over. */
  settle(): void {
    if (this.earlier.length === 0) return;
    const over = this.earlier.filter(({ underWay }) => !underWay);
    this.earlier = this.earlier.filter((turn) => !over.includes(turn));
    for (const turn of over) this.over(turn);
  }

  /**
   * Nothing more will come of any of them.
   * @param outcome of those of which something was still to come; undefined: as they would have ended by themselves.
   */
  endAll(outcome: TurnOutcome | undefined): void {
    this.end(outcome);
    for (const turn of this.earlier) {
      if (turn.underWay) turn.outcome ??= outcome;
      turn.giveUp(this.now());
    }
    this.settle();
  }
}
