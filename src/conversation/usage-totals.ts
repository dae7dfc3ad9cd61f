import { type TokenUsage } from './model.port.js';

/** Tokens of all responses of a call. */
export class UsageTotals {
  readonly totals: TokenUsage = {
    inputTextTokens: 0,
    inputAudioTokens: 0,
    cachedTextTokens: 0,
    cachedAudioTokens: 0,
    outputTextTokens: 0,
    outputAudioTokens: 0,
  };

  add(usage: TokenUsage): void {
    for (const key of Object.keys(this.totals) as (keyof TokenUsage)[]) this.totals[key] += usage[key];
  }
}
