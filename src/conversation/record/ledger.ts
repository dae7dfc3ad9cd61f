import { type CostUsd, type TokenUsage, type TranscriptionUsage } from '../model.port.js';
import { type TurnLog } from './turn-log.js';
import { UsageTotals } from './usage-totals.js';

/** What a conversation uses and costs, in all and turn by turn. */
export class Ledger {
  total = new UsageTotals();

  /** @param charged told of every cost, known or not, and of what it is the cost. */
  constructor(
    private readonly turns: TurnLog,
    private readonly charged: (costUsd: CostUsd, usage: TokenUsage | TranscriptionUsage) => void,
  ) {}

  response(usage: TokenUsage, costUsd: CostUsd): void {
    this.total.response(usage, costUsd);
    this.turns.charge(usage, costUsd);
    this.charged(costUsd, usage);
  }

  transcription(usage: TranscriptionUsage): void {
    this.total.transcription(usage);
    this.charged(usage.costUsd, usage);
  }
}
