import { z } from 'zod';
import { fromText, problem, type Problem } from './schemas.js';

/** US dollars per million tokens. */
export interface ModelPrices {
  textIn: number;
  textInCached: number;
  audioIn: number;
  audioInCached: number;
  textOut: number;
  audioOut: number;
}

/** What a transcription model costs: by the minute of audio, or by tokens. */
export type TranscriptionPrices =
  | { perMinute: number }
  /** US dollars per million tokens. */
  | { textIn: number; audioIn: number; textOut: number };

/** Prices by model name. */
export interface PriceTable {
  models: Record<string, ModelPrices>;
  transcription: Record<string, TranscriptionPrices>;
}

const REASONING: ModelPrices = {
  textIn: 4,
  textInCached: 0.4,
  audioIn: 32,
  audioInCached: 0.4,
  textOut: 24,
  audioOut: 64,
};
const PLAIN: ModelPrices = { ...REASONING, textOut: 16 };
const MINI: ModelPrices = {
  textIn: 0.6,
  textInCached: 0.06,
  audioIn: 10,
  audioInCached: 0.3,
  textOut: 2.4,
  audioOut: 20,
};

/** OpenAI's list prices in November 2026. */
export const LIST_PRICES: PriceTable = {
  models: {
    'gpt-realtime-2.1': REASONING,
    'gpt-realtime-2.1-mini': MINI,
    'gpt-realtime-2': REASONING,
    'gpt-realtime-1.5': PLAIN,
    'gpt-realtime': PLAIN,
    'gpt-realtime-2025-08-28': PLAIN,
    'gpt-realtime-mini': MINI,
    'gpt-realtime-mini-2025-12-15': MINI,
    'gpt-realtime-mini-2025-10-06': MINI,
  },
  transcription: {
    'gpt-transcribe': { perMinute: 0.0045 },
    'gpt-live-transcribe': { perMinute: 0.017 },
    'gpt-realtime-whisper': { perMinute: 0.017 },
  },
};

/** A price beyond this was written in cents, or for a thousand millions. */
const DEAREST_USD = 10_000;
const WHICH = `must be a number of US dollars from 0 to ${DEAREST_USD}`;
const MISSING = 'is missing';

const price = z
  .number({ error: ({ input }) => (input === undefined ? MISSING : WHICH) })
  .min(0, WHICH)
  .max(DEAREST_USD, WHICH);
const modelPrices = z.strictObject({
  textIn: price,
  textInCached: price,
  audioIn: price,
  audioInCached: price,
  textOut: price,
  audioOut: price,
});
const tokenPrices = z.strictObject({ textIn: price, audioIn: price, textOut: price });
const minutePrice = z.strictObject({ perMinute: price });
const objectOf = <T extends z.ZodType>(value: T) => z.record(z.string(), value, { error: 'must be an object' });
const someModels = objectOf(objectOf(z.unknown())).optional();
const outline = z.strictObject(
  { models: someModels, transcription: someModels },
  { error: ({ code }) => (code === 'unrecognized_keys' ? undefined : 'must be an object') },
);

/**
 * PRICES: the list prices with what is given laid over them. A model of the list may have some of its prices given, any
 * other model needs all of them; for transcription models the whole price is given.
 */
export const prices = fromText((text): PriceTable | Problem => {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return problem('is not JSON');
  }
  const read = outline.safeParse(given);
  if (!read.success) return problem(said(read.error, []));

  const models = new Map(Object.entries(LIST_PRICES.models));
  for (const [name, part] of Object.entries(read.data.models ?? {})) {
    const listed = models.get(name);
    const merged = modelPrices.safeParse({ ...listed, ...part });
    if (!merged.success) return problem(said(merged.error, ['models', name], Object.keys(modelPrices.shape)));
    models.set(name, merged.data);
  }
  const transcription = new Map(Object.entries(LIST_PRICES.transcription));
  for (const [name, part] of Object.entries(read.data.transcription ?? {})) {
    const kind = 'perMinute' in part ? minutePrice : tokenPrices;
    const whole = kind.safeParse(part);
    if (!whole.success) return problem(said(whole.error, ['transcription', name], ['perMinute', ...TOKEN_FIELDS]));
    transcription.set(name, whole.data);
  }
  return { models: Object.fromEntries(models), transcription: Object.fromEntries(transcription) };
});

const TOKEN_FIELDS = Object.keys(tokenPrices.shape);

/** One sentence about the first thing that is wrong; names the place and never repeats a value. */
function said(error: z.ZodError, at: string[], fields = ['models', 'transcription']): string {
  const issue = error.issues[0];
  const path = [...at, ...(issue?.path ?? []).map(String)].map(shown).join('.');
  const place = path === '' ? '' : `${path} `;
  if (issue?.code === 'unrecognized_keys')
    return `${place}has a field that is not known; the fields are ${fields.join(', ')}`;
  if (issue?.message === MISSING) {
    return at[0] === 'models'
      ? `${place}is missing; a model that is not in the list of prices needs ${fields.join(', ')}`
      : `${place}is missing; a transcription model needs perMinute, or ${TOKEN_FIELDS.join(', ')}`;
  }
  return `${place}${issue?.message ?? 'is wrong'}`;
}

/** Names are the operator's own, but the file may be another one altogether: what is no model's name is not repeated. */
function shown(name: string): string {
  return /^[\w.:/-]{1,64}$/.test(name) ? name : '…';
}
