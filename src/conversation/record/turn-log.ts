import { type CostUsd, type TokenUsage } from '../model.port.js';
import { type TurnReport } from './conversation-report.js';
import { UsageTotals } from './usage-totals.js';

interface Turn {
  callerEndedAtMs: number;
  answeredAfterMs: number;
  interrupted: boolean;
  usage: UsageTotals;
}

/** Turns kept with their figures; more are only counted. */
const MAX_TURNS = 2_000;

/** The turns of a conversation: how soon each was answered, whether it was cut, what it cost. */
export class TurnLog {
  /** Turns that were answered. */
  count = 0;
  interruptions = 0;
  private readonly turns: Turn[] = [];
  private callerEndedMs: number | undefined;

  /**
   * @param nowMs the app's clock.
   * @param now milliseconds since 1970.
   */
  constructor(
    private readonly nowMs: () => number,
    private readonly now: () => number,
  ) {}

  /** The caller finished speaking. */
  callerEnded(): void {
    this.callerEndedMs = this.nowMs();
  }

  /**
   * Audio of an assistant item is on its way to the caller.
   * @returns how long after the caller's words, where it is the first since then.
   */
  assistantAnswers(): number | undefined {
    if (this.callerEndedMs === undefined) return undefined;
    const answeredAfterMs = Math.round(this.nowMs() - this.callerEndedMs);
    this.callerEndedMs = undefined;
    this.count++;
    if (this.turns.length < MAX_TURNS) {
      const callerEndedAtMs = this.now() - answeredAfterMs;
      this.turns.push({ callerEndedAtMs, answeredAfterMs, interrupted: false, usage: new UsageTotals() });
    }
    return answeredAfterMs;
  }

  interrupted(): void {
    this.interruptions++;
    const turn = this.turns.at(-1);
    if (turn) turn.interrupted = true;
  }

  /** A response of the present turn is complete. */
  charge(usage: TokenUsage, costUsd: CostUsd): void {
    this.turns.at(-1)?.usage.response(usage, costUsd);
  }

  reports(): TurnReport[] {
    return this.turns.map(({ callerEndedAtMs, answeredAfterMs, interrupted, usage }, index) => ({
      turn: index + 1,
      callerEndedAtMs,
      answeredAfterMs,
      interrupted,
      usage: usage.totals,
      costUsd: usage.costUsd,
    }));
  }
}
