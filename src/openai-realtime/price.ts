import { type ModelPrices, type PriceTable, type TranscriptionPrices } from '../config/price-setting.js';
import { type CostUsd, type TokenUsage, type TranscriptionUsage } from '../conversation/model.port.js';
import { type ServerTranscriptionUsage, type ServerUsage } from './server-events.js';

/** Audio that somebody listens to is counted as a token for every 100 ms of it (OpenAI's guide to voice costs). */
const AUDIO_TOKENS_PER_S = 10;
const PER_MILLION = 1_000_000;

/** Tokens in the port's words. Out: undefined where the event says nothing about them. */
export function tokenUsage(usage: ServerUsage | null | undefined): TokenUsage | undefined {
  const { input_token_details: input, output_token_details: output } = usage ?? {};
  if (!input && !output) return undefined;
  return {
    inputTextTokens: input?.text_tokens ?? 0,
    inputAudioTokens: input?.audio_tokens ?? 0,
    cachedTextTokens: input?.cached_tokens_details?.text_tokens ?? 0,
    cachedAudioTokens: input?.cached_tokens_details?.audio_tokens ?? 0,
    outputTextTokens: output?.text_tokens ?? 0,
    outputAudioTokens: output?.audio_tokens ?? 0,
  };
}

/** What a response cost. What was cached is a part of the input, at a price of its own. */
export function responseCostUsd(usage: TokenUsage | undefined, prices: ModelPrices | undefined): CostUsd {
  if (!usage || !prices) return undefined;
  const fresh = (input: number, cached: number): number => Math.max(0, input - cached);
  const microDollars =
    fresh(usage.inputTextTokens, usage.cachedTextTokens) * prices.textIn +
    usage.cachedTextTokens * prices.textInCached +
    fresh(usage.inputAudioTokens, usage.cachedAudioTokens) * prices.audioIn +
    usage.cachedAudioTokens * prices.audioInCached +
    usage.outputTextTokens * prices.textOut +
    usage.outputAudioTokens * prices.audioOut;
  return microDollars / PER_MILLION;
}

/**
 * What writing down a turn took and cost. The service counts it in seconds or in tokens; where the price is per minute,
 * tokens of audio are turned into the time they stand for.
 */
export function transcriptionUsage(
  usage: ServerTranscriptionUsage | null | undefined,
  prices: TranscriptionPrices | undefined,
): TranscriptionUsage | undefined {
  if (!usage) return undefined;
  const { input_token_details: input } = usage;
  const counted = {
    inputTextTokens: input?.text_tokens ?? 0,
    inputAudioTokens: input ? input.audio_tokens : usage.input_tokens,
    outputTextTokens: usage.output_tokens,
  };
  const inTokens = usage.seconds == null;
  if (inTokens && Object.values(counted).every((tokens) => tokens === 0)) return undefined;
  const perMinute = prices && 'perMinute' in prices ? prices.perMinute : undefined;
  if (perMinute !== undefined) {
    const seconds = usage.seconds ?? counted.inputAudioTokens / AUDIO_TOKENS_PER_S;
    return { seconds, ...counted, costUsd: (seconds / 60) * perMinute };
  }
  const seconds = usage.seconds ?? 0;
  if (!inTokens || !prices || 'perMinute' in prices) return { seconds, ...counted, costUsd: undefined };
  const microDollars =
    counted.inputTextTokens * prices.textIn +
    counted.inputAudioTokens * prices.audioIn +
    counted.outputTextTokens * prices.textOut;
  return { seconds, ...counted, costUsd: microDollars / PER_MILLION };
}

/** The prices of one pair of models, looked up once. On Azure the model's name is the deployment's. */
export class SessionPrices {
  readonly model: ModelPrices | undefined;
  readonly transcription: TranscriptionPrices | undefined;

  constructor(table: PriceTable, model: string, transcriptionModel: string | undefined) {
    this.model = own(table.models, model);
    this.transcription = transcriptionModel === undefined ? undefined : own(table.transcription, transcriptionModel);
  }
}

/** A deployment may be called `constructor`. */
function own<T>(table: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
