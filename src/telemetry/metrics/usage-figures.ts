import { type CostUsd, type TokenUsage, type TranscriptionUsage } from '../../conversation/model.port.js';

export const USES = ['response', 'transcription'] as const;
export type Use = (typeof USES)[number];

/** What the model was used for on this pod, and what that cost. */
export class UsageFigures {
  readonly tokens: TokenUsage = {
    inputTextTokens: 0,
    inputAudioTokens: 0,
    cachedTextTokens: 0,
    cachedAudioTokens: 0,
    outputTextTokens: 0,
    outputAudioTokens: 0,
  };
  transcriptionSeconds = 0;
  readonly costUsd: Record<Use, number> = { response: 0, transcription: 0 };
  /** Uses that have no known price. */
  readonly unpriced: Record<Use, number> = { response: 0, transcription: 0 };

  /** A response, or the writing down of a caller's turn, with its cost. */
  add(costUsd: CostUsd, usage: TokenUsage | TranscriptionUsage): void {
    if ('seconds' in usage) {
      this.transcriptionSeconds += usage.seconds;
      this.charge('transcription', costUsd);
      return;
    }
    for (const key of Object.keys(this.tokens) as (keyof TokenUsage)[]) this.tokens[key] += usage[key];
    this.charge('response', costUsd);
  }

  private charge(use: Use, costUsd: CostUsd): void {
    if (costUsd === undefined) this.unpriced[use]++;
    else this.costUsd[use] += costUsd;
  }
}
