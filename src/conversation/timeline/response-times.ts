import { type ResponseOutcome } from '../model.port.js';
import { type TurnResponse } from '../observer.port.js';
import { type OpenTurn } from './open-turn.js';

/** The responses that the model is writing, the one that was asked for, and the turns that they belong to. */
export class ResponseTimes {
  private request: { turn: OpenTurn; askedAtMs: number } | undefined;
  private readonly writing = new Map<string, { turn: OpenTurn; response: TurnResponse }>();

  /** The turn for which a response was asked that has not begun. */
  get askedFor(): OpenTurn | undefined {
    return this.request?.turn;
  }

  /** @returns the turn of a response that is being written. */
  turnOf(responseId: string): OpenTurn | undefined {
    return this.writing.get(responseId)?.turn;
  }

  asked(turn: OpenTurn, atMs: number): void {
    this.withdraw();
    turn.requested = true;
    this.request = { turn, askedAtMs: atMs };
  }

  /** What was asked for will not come. */
  withdraw(): void {
    if (this.request) this.request.turn.requested = false;
    this.request = undefined;
  }

  /** The first one after a request is taken for what was asked for. @param dropped nothing of it is for the caller. */
  created(responseId: string, turn: OpenTurn, dropped: boolean, sessionId: string | undefined, atMs: number): void {
    const askedAtMs = this.request?.askedAtMs;
    this.withdraw();
    const response: TurnResponse = {
      ...{ responseId, askedAtMs, createdAtMs: atMs, firstAudioAtMs: undefined, doneAtMs: atMs },
      ...{ outcome: undefined, dropped, audioMs: 0 },
    };
    this.writing.set(responseId, { turn, response });
    turn.begun(response, sessionId);
  }

  /** The first audio of an item has come. */
  speaks(responseId: string, atMs: number): { turn: OpenTurn; response: TurnResponse } | undefined {
    const known = this.writing.get(responseId);
    if (known) known.response.firstAudioAtMs ??= atMs;
    return known;
  }

  done(outcome: ResponseOutcome, dropped: boolean, atMs: number): void {
    const known = this.writing.get(outcome.responseId);
    if (!known) return;
    const { turn, response } = known;
    this.writing.delete(outcome.responseId);
    turn.writing.delete(response);
    response.outcome = outcome;
    response.doneAtMs = atMs;
    response.dropped ||= dropped;
  }

  /** The session that was writing them is gone. */
  lost(atMs: number): void {
    this.withdraw();
    for (const { turn, response } of this.writing.values()) {
      response.doneAtMs = atMs;
      turn.writing.delete(response);
      if (!response.dropped) turn.answerLost = true;
    }
    this.writing.clear();
  }

  /** The turn is over: what still comes of its responses belongs to nothing. */
  forget(turn: OpenTurn): void {
    for (const [responseId, { turn: whose }] of this.writing) if (whose === turn) this.writing.delete(responseId);
  }
}
