import { LIST_PRICES } from '../config/price-setting.js';
import { responseCostUsd, SessionPrices, tokenUsage, transcriptionUsage } from './price.js';

const FULL = LIST_PRICES.models['gpt-realtime-2.1'];
const MINI = LIST_PRICES.models['gpt-realtime-2.1-mini'];

describe('the cost of a response', () => {
  const usage = {
    inputTextTokens: 1_000,
    inputAudioTokens: 600,
    cachedTextTokens: 640,
    cachedAudioTokens: 512,
    outputTextTokens: 200,
    outputAudioTokens: 1_200,
  };

  it('counts what was cached at its own price and the rest at the full one', () => {
    // 360 x 4 + 640 x 0.40 + 88 x 32 + 512 x 0.40 + 200 x 24 + 1,200 x 64 = 86,316.80 dollars per million
    expect(responseCostUsd(usage, FULL)).toBeCloseTo(0.0863168, 12);
    // 360 x 0.60 + 640 x 0.06 + 88 x 10 + 512 x 0.30 + 200 x 2.40 + 1,200 x 20 = 25,768 dollars per million
    expect(responseCostUsd(usage, MINI)).toBeCloseTo(0.025768, 12);
  });

  it("agrees with OpenAI's own example of a usage", () => {
    const read = tokenUsage({
      input_token_details: {
        text_tokens: 119,
        audio_tokens: 13,
        cached_tokens_details: { text_tokens: 64, audio_tokens: 0 },
      },
      output_token_details: { text_tokens: 30, audio_tokens: 91 },
    });
    // 55 x 4 + 64 x 0.40 + 13 x 32 + 30 x 24 + 91 x 64
    expect(responseCostUsd(read, FULL)).toBeCloseTo(0.0072056, 12);
  });

  it('agrees with the price of a minute of speech in the guide to costs', () => {
    const spoken = { ...usage, ...Object.fromEntries(Object.keys(usage).map((key) => [key, 0])) };
    // A minute of the caller is 600 tokens, one of the assistant 1,200.
    expect(responseCostUsd({ ...spoken, inputAudioTokens: 600 }, FULL)).toBeCloseTo(0.0192, 12);
    expect(responseCostUsd({ ...spoken, outputAudioTokens: 1_200 }, FULL)).toBeCloseTo(0.0768, 12);
  });

  it('does not become less than nothing when more is cached than came in', () => {
    const odd = { ...usage, inputTextTokens: 0, inputAudioTokens: 0, outputTextTokens: 0, outputAudioTokens: 0 };
    // 640 x 0.40 + 512 x 0.40
    expect(responseCostUsd(odd, FULL)).toBeCloseTo(0.0004608, 12);
  });

  it('is not known without a price, or without a usage', () => {
    expect(responseCostUsd(usage, undefined)).toBeUndefined();
    expect(responseCostUsd(undefined, FULL)).toBeUndefined();
  });
});

describe('tokenUsage', () => {
  it.each([undefined, null, {}])('is not made up where the event says nothing: %p', (usage) => {
    expect(tokenUsage(usage)).toBeUndefined();
  });
});

describe('what writing down a turn costs', () => {
  const perMinute = LIST_PRICES.transcription['gpt-transcribe'];
  const byTokens = { textIn: 2.5, audioIn: 6, textOut: 10 };
  const tokens = {
    input_tokens: 1_210,
    input_token_details: { text_tokens: 10, audio_tokens: 1_200 },
    output_tokens: 100,
  };
  const duration = { seconds: 90, input_tokens: 0, output_tokens: 0 };

  it('goes by the minute where the service counts seconds', () => {
    expect(transcriptionUsage(duration, perMinute)).toMatchObject({
      seconds: 90,
      costUsd: expect.closeTo(0.00675, 12) as number,
    });
  });

  it('goes by the minute where the price does, ten tokens to the second', () => {
    const usage = transcriptionUsage(tokens, perMinute);
    expect(usage).toMatchObject({ seconds: 120, inputAudioTokens: 1_200, outputTextTokens: 100 });
    expect(usage?.costUsd).toBeCloseTo(0.009, 12);
    expect(transcriptionUsage({ input_tokens: 600, output_tokens: 5 }, perMinute)).toMatchObject({ seconds: 60 });
  });

  it('goes by tokens where the price does', () => {
    const usage = transcriptionUsage(tokens, byTokens);
    expect(usage).toMatchObject({ seconds: 0, inputTextTokens: 10 });
    // 10 x 2.50 + 1,200 x 6 + 100 x 10 = 8,225 dollars per million
    expect(usage?.costUsd).toBeCloseTo(0.008225, 12);
  });

  it('is not known where seconds meet a price of tokens, or there is no price', () => {
    expect(transcriptionUsage(duration, byTokens)).toMatchObject({ seconds: 90, costUsd: undefined });
    expect(transcriptionUsage(duration, undefined)).toMatchObject({ seconds: 90, costUsd: undefined });
    expect(transcriptionUsage(tokens, undefined)).toMatchObject({ seconds: 0, costUsd: undefined });
  });

  it.each([undefined, null, { input_tokens: 0, output_tokens: 0 }])('is not made up: %p', (usage) => {
    expect(transcriptionUsage(usage, perMinute)).toBeUndefined();
  });
});

describe('SessionPrices', () => {
  it("knows OpenAI's models, and others only when they are given", () => {
    expect(new SessionPrices(LIST_PRICES, 'gpt-realtime-2.1', 'gpt-transcribe')).toEqual({
      model: FULL,
      transcription: { perMinute: 0.0045 },
    });
    const table = { models: { 'my-deployment': MINI ?? FULL! }, transcription: {} };
    expect(new SessionPrices(table, 'my-deployment', undefined).model).toEqual(MINI);
    expect(new SessionPrices(table, 'gpt-realtime-2.1', 'gpt-transcribe')).toMatchObject({
      model: undefined,
      transcription: undefined,
    });
  });

  it('does not take for a price what every object has', () => {
    const prices = new SessionPrices(LIST_PRICES, 'constructor', 'toString');
    expect(prices).toMatchObject({ model: undefined, transcription: undefined });
  });
});
