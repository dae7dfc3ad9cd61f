import fc from 'fast-check';
import { type Item } from './conversation.js';
import { itemTokens, PromptCache, usageOf } from './usage.js';

const tokens = fc.record({ text: fc.nat(5000), audio: fc.nat(5000) });
const spoken: Item = { id: 'i', type: 'message', status: 'completed', medium: 'audio', text: '', audioMs: 1000 };

describe('usage', () => {
  it('counts a token per 100 ms of the caller and one per 50 ms of the assistant', () => {
    expect(itemTokens({ ...spoken, role: 'user' }).audio).toBe(10);
    expect(itemTokens({ ...spoken, role: 'assistant' }).audio).toBe(20);
  });

  it('always adds up, and never has more cached than there was', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ input: tokens, output: tokens, prefix: fc.constantFrom('a', 'b') })),
        (turns) => {
          const cache = new PromptCache();
          for (const { input, output, prefix } of turns) {
            const usage = usageOf(input, cache.take(prefix, input), output);
            const inDetails = usage.input_token_details;
            const cached = inDetails?.cached_tokens_details;
            expect(usage.total_tokens).toBe((usage.input_tokens ?? 0) + (usage.output_tokens ?? 0));
            expect(usage.input_tokens).toBe((inDetails?.text_tokens ?? 0) + (inDetails?.audio_tokens ?? 0));
            expect(inDetails?.cached_tokens).toBe((cached?.text_tokens ?? 0) + (cached?.audio_tokens ?? 0));
            expect(cached?.text_tokens).toBeLessThanOrEqual(input.text);
            expect(cached?.audio_tokens).toBeLessThanOrEqual(input.audio);
          }
        },
      ),
    );
  });

  it('caches a prompt that goes on unchanged, in blocks of 64, and nothing when its beginning has changed', () => {
    const cache = new PromptCache();
    expect(cache.take('a', { text: 200, audio: 100 })).toEqual({ text: 0, audio: 0 });
    expect(cache.take('a', { text: 300, audio: 150 })).toEqual({ text: 192, audio: 64 });
    expect(cache.take('b', { text: 400, audio: 200 })).toEqual({ text: 0, audio: 0 });
  });
});
