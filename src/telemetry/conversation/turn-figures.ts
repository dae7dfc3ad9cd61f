import { type SessionOpening, type TurnTimeline } from '../../conversation/observer.port.js';

/** Takes the figures out of what became of a conversation. */
export abstract class TurnFigures {
  abstract turn(turn: TurnTimeline): void;
  abstract session(opening: SessionOpening): void;
}
