import { type CostUsd, type TokenUsage, type TranscriptionUsage } from '../model.port.js';

export function noTokens(): TokenUsage {
  return {
    inputTextTokens: 0,
    inputAudioTokens: 0,
    cachedTextTokens: 0,
    cachedAudioTokens: 0,
    outputTextTokens: 0,
    outputAudioTokens: 0,
  };
}

/** Tokens and cost of several responses and transcriptions. */
export class UsageTotals {
  totals: TokenUsage = noTokens();
  transcriptionSeconds = 0;
  /** Undefined once anything was added that has no known price. */
  costUsd: CostUsd = 0;

  /** Goes on from there. */
  static of(totals: TokenUsage, transcriptionSeconds: number, costUsd: CostUsd): UsageTotals {
    return Object.assign(new UsageTotals(), { totals: { ...totals }, transcriptionSeconds, costUsd });
  }

  response(usage: TokenUsage, costUsd: CostUsd): void {
    for (const key of Object.keys(this.totals) as (keyof TokenUsage)[]) this.totals[key] += usage[key];
    this.addCost(costUsd);
  }

  transcription(usage: TranscriptionUsage): void {
    this.transcriptionSeconds += usage.seconds;
    this.addCost(usage.costUsd);
  }

  private addCost(costUsd: CostUsd): void {
    this.costUsd = this.costUsd === undefined || costUsd === undefined ? undefined : this.costUsd + costUsd;
  }
}
