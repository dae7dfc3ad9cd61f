import { type RealtimeResponseUsage } from 'openai/resources/realtime/realtime';
import { type Item } from './conversation.js';

/** Tokens of one direction, split as the price list splits them. */
export interface Tokens {
  text: number;
  audio: number;
}

/** The caller's audio costs a token per 100 ms, the assistant's one per 50 ms. */
const CALLER_MS_PER_TOKEN = 100;
export const ASSISTANT_MS_PER_TOKEN = 50;
/** The cache works in blocks; `cached_tokens` in examples are multiples of 64. */
const CACHE_BLOCK_TOKENS = 64;

/** About four characters make a token. */
export function textTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

export function itemTokens(item: Item): Tokens {
  const { name = '', arguments: args = '', output = '', error, tools } = item;
  const listed = tools ? JSON.stringify(tools) : '';
  const text = textTokens(item.text + name + args + output + (error?.message ?? '') + listed);
  const msPerToken = item.role === 'assistant' ? ASSISTANT_MS_PER_TOKEN : CALLER_MS_PER_TOKEN;
  return { text, audio: Math.ceil(item.audioMs / msPerToken) };
}

export function sumTokens(parts: Iterable<Tokens>): Tokens {
  const sum = { text: 0, audio: 0 };
  for (const part of parts) {
    sum.text += part.text;
    sum.audio += part.audio;
  }
  return sum;
}

/**
 * Which part of a prompt was seen before. A prompt whose beginning is unchanged since the last response is cached as far
 * as that response's prompt went, in whole blocks; a changed beginning is cached not at all.
 */
export class PromptCache {
  #prefix = '';
  #last: Tokens = { text: 0, audio: 0 };

  /**
   * @param prefix stands for all that must not have changed: instructions, tools, edits of old items
   * @param input the tokens of the whole prompt
   */
  take(prefix: string, input: Tokens): Tokens {
    const last = prefix === this.#prefix ? this.#last : { text: 0, audio: 0 };
    this.#prefix = prefix;
    this.#last = input;
    const inBlocks = (tokens: number) => Math.floor(tokens / CACHE_BLOCK_TOKENS) * CACHE_BLOCK_TOKENS;
    return {
      text: inBlocks(Math.min(last.text, input.text)),
      audio: inBlocks(Math.min(last.audio, input.audio)),
    };
  }
}

/** `response.usage`: the details add up to the totals, and what is cached is a part of the input. */
export function usageOf(input: Tokens, cached: Tokens, output: Tokens): RealtimeResponseUsage {
  const inputTokens = input.text + input.audio;
  const outputTokens = output.text + output.audio;
  return {
    total_tokens: inputTokens + outputTokens,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    input_token_details: {
      text_tokens: input.text,
      audio_tokens: input.audio,
      image_tokens: 0,
      cached_tokens: cached.text + cached.audio,
      cached_tokens_details: { text_tokens: cached.text, audio_tokens: cached.audio, image_tokens: 0 },
    },
    output_token_details: { text_tokens: output.text, audio_tokens: output.audio },
  };
}
