import { z } from 'zod';
import { type CostUsd, type TokenUsage } from '../model.port.js';
import { type TurnReport } from './conversation-report.js';
import { type RecordTotals, savedTokens } from './conversation-state.js';
import { type ChangeLog, type SavedConversation } from './saved-conversation.js';
import { UsageTotals } from './usage-totals.js';

interface Turn {
  number: number;
  callerEndedAtMs: number;
  answeredAfterMs: number;
  interrupted: boolean;
  usage: UsageTotals;
}

const savedTurn = z.object({
  number: z.number().int().positive(),
  callerEndedAtMs: z.number(),
  answeredAfterMs: z.number(),
  interrupted: z.boolean(),
  usage: savedTokens,
  costUsd: z.number().optional(),
});

const PREFIX = 'turn/';
/** Turns kept with their figures; more are only counted. */
const MAX_TURNS = 2_000;

/** The turns of a conversation: how soon each was answered, whether it was cut, what it cost. */
export class TurnLog {
  /** Turns that were answered. */
  count = 0;
  interruptions = 0;
  private turns: Turn[] = [];
  /** On the app's clock, and in milliseconds since 1970. */
  private lastWords: { endedMs: number; atMs: number } | undefined;

  /**
   * @param nowMs the app's clock.
   * @param now milliseconds since 1970.
   * @param log told of every turn that changes, as `turn/<number>`.
   */
  constructor(
    private readonly nowMs: () => number,
    private readonly now: () => number,
    private readonly log?: ChangeLog,
  ) {}

  /** When the caller's last words ended, if they are not answered. Milliseconds since 1970. */
  get callerEndedAtMs(): number | undefined {
    return this.lastWords?.atMs;
  }

  /** Goes on from what another process wrote down. */
  restore(saved: SavedConversation, totals: RecordTotals | undefined): void {
    this.turns = [...saved].flatMap(([key, value]) => read(key, value)).sort((a, b) => a.number - b.number);
    this.count = totals?.turns ?? this.turns.length;
    this.interruptions = totals?.interruptions ?? 0;
    const atMs = totals?.callerEndedAtMs;
    // Two machines' clocks: what is yet to come by this one's was just now.
    if (atMs !== undefined) this.lastWords = { endedMs: this.nowMs() - Math.max(0, this.now() - atMs), atMs };
  }

  /** The caller finished speaking. */
  callerEnded(): void {
    this.lastWords = { endedMs: this.nowMs(), atMs: this.now() };
  }

  /** The caller's last words need no answer. */
  unanswered(): void {
    this.lastWords = undefined;
  }

  /**
   * Audio of an assistant item is on its way to the caller.
   * @returns how long after the caller's words, where it is the first since then.
   */
  assistantAnswers(): number | undefined {
    if (!this.lastWords) return undefined;
    const answeredAfterMs = Math.round(this.nowMs() - this.lastWords.endedMs);
    this.lastWords = undefined;
    this.count++;
    if (this.turns.length < MAX_TURNS) {
      const callerEndedAtMs = this.now() - answeredAfterMs;
      const number = (this.turns.at(-1)?.number ?? 0) + 1;
      this.turns.push({ number, callerEndedAtMs, answeredAfterMs, interrupted: false, usage: new UsageTotals() });
      this.changed();
    }
    return answeredAfterMs;
  }

  interrupted(): void {
    this.interruptions++;
    const turn = this.turns.at(-1);
    if (turn) turn.interrupted = true;
    this.changed();
  }

  /** A response of the present turn is complete. */
  charge(usage: TokenUsage, costUsd: CostUsd): void {
    this.turns.at(-1)?.usage.response(usage, costUsd);
    this.changed();
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

  /** The last turn has. */
  private changed(): void {
    const turn = this.turns.at(-1);
    if (turn) this.log?.changed(`${PREFIX}${turn.number}`, () => written(turn));
  }
}

function written({ usage, ...turn }: Turn): z.infer<typeof savedTurn> {
  return { ...turn, usage: { ...usage.totals }, costUsd: usage.costUsd };
}

function read(key: string, value: unknown): Turn[] {
  const turn = key.startsWith(PREFIX) ? savedTurn.safeParse(value).data : undefined;
  return turn ? [{ ...turn, usage: UsageTotals.of(turn.usage, 0, turn.costUsd) }] : [];
}
