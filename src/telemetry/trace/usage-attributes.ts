import { type TokenUsage } from '../../conversation/model.port.js';
import { type SpanAttributes } from './call-trace.js';
import { ATTRS } from './names.js';

/** Tokens by kind, after the GenAI conventions. */
export function usageAttributes(usage: TokenUsage | undefined): SpanAttributes {
  if (!usage) return {};
  return {
    [ATTRS.inputTokens]: usage.inputTextTokens + usage.inputAudioTokens,
    [ATTRS.outputTokens]: usage.outputTextTokens + usage.outputAudioTokens,
    [ATTRS.inputTextTokens]: usage.inputTextTokens,
    [ATTRS.inputAudioTokens]: usage.inputAudioTokens,
    [ATTRS.outputTextTokens]: usage.outputTextTokens,
    [ATTRS.outputAudioTokens]: usage.outputAudioTokens,
    [ATTRS.cachedTokens]: usage.cachedTextTokens + usage.cachedAudioTokens,
    [ATTRS.cachedTextTokens]: usage.cachedTextTokens,
    [ATTRS.cachedAudioTokens]: usage.cachedAudioTokens,
  };
}
