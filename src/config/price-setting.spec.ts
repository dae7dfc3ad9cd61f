import { LIST_PRICES, prices, type PriceTable } from './price-setting.js';

const WHOLE = { textIn: 1, textInCached: 0.1, audioIn: 8, audioInCached: 0.2, textOut: 6, audioOut: 16 };

function read(setting: unknown): PriceTable {
  return prices.parse(JSON.stringify(setting));
}

function mistake(setting: unknown): string {
  const result = prices.safeParse(typeof setting === 'string' ? setting : JSON.stringify(setting));
  return result.error?.issues.map(({ message }) => message).join('; ') ?? '';
}

describe('PRICES', () => {
  it('leaves the list as it is where nothing is given', () => {
    expect(read({})).toEqual(LIST_PRICES);
    expect(read({ models: {}, transcription: {} })).toEqual(LIST_PRICES);
  });

  it('changes single prices of a model in the list', () => {
    const { models } = read({ models: { 'gpt-realtime-2.1': { audioOut: 50 } } });
    expect(models['gpt-realtime-2.1']).toEqual({ ...LIST_PRICES.models['gpt-realtime-2.1'], audioOut: 50 });
    expect(models['gpt-realtime-2']).toEqual(LIST_PRICES.models['gpt-realtime-2']);
  });

  it('takes a model that is not in the list, such as a deployment on Azure', () => {
    const { models } = read({ models: { 'my-deployment': WHOLE } });
    expect(models['my-deployment']).toEqual(WHOLE);
  });

  it('takes prices of transcription by the minute or by tokens, one in place of the other', () => {
    const byTokens = { textIn: 2.5, audioIn: 6, textOut: 10 };
    const { transcription } = read({ transcription: { 'gpt-transcribe': byTokens, mine: { perMinute: 0.006 } } });
    expect(transcription['gpt-transcribe']).toEqual(byTokens);
    expect(transcription['mine']).toEqual({ perMinute: 0.006 });
  });

  it('changes nothing of the list itself', () => {
    const before = structuredClone(LIST_PRICES);
    read({ models: { 'gpt-realtime-2.1': { audioOut: 1 }, other: WHOLE } });
    expect(LIST_PRICES).toEqual(before);
  });

  it.each<[unknown, string]>([
    ['{"models":', 'is not JSON'],
    ['[]', 'must be an object'],
    ['"sk-secret"', 'must be an object'],
    [{ model: {} }, 'has a field that is not known; the fields are models, transcription'],
    [{ models: [] }, 'models must be an object'],
    [{ models: { x: 5 } }, 'models.x must be an object'],
    [
      { models: { 'my-deployment': { textIn: 1 } } },
      'models.my-deployment.textInCached is missing; a model that is not in the list of prices needs textIn, textInCached, audioIn, audioInCached, textOut, audioOut',
    ],
    [
      { models: { 'gpt-realtime-2.1': { audioCached: 1 } } },
      'models.gpt-realtime-2.1 has a field that is not known; the fields are textIn, textInCached, audioIn, audioInCached, textOut, audioOut',
    ],
    [
      { models: { 'gpt-realtime-2.1': { audioOut: '64' } } },
      'models.gpt-realtime-2.1.audioOut must be a number of US dollars from 0 to 10000',
    ],
    [
      { models: { 'gpt-realtime-2.1': { audioOut: -1 } } },
      'models.gpt-realtime-2.1.audioOut must be a number of US dollars from 0 to 10000',
    ],
    [
      { models: { 'gpt-realtime-2.1': { audioOut: null } } },
      'models.gpt-realtime-2.1.audioOut must be a number of US dollars from 0 to 10000',
    ],
    [
      { transcription: { 'gpt-transcribe': {} } },
      'transcription.gpt-transcribe.textIn is missing; a transcription model needs perMinute, or textIn, audioIn, textOut',
    ],
    [
      { transcription: { mine: { perMinute: 0.1, textIn: 1 } } },
      'transcription.mine has a field that is not known; the fields are perMinute, textIn, audioIn, textOut',
    ],
  ])('refuses %j and says what is wrong', (setting, said) => {
    expect(mistake(setting)).toBe(said);
  });

  it('never repeats what is not a name', () => {
    expect(mistake({ models: { 'a key pasted here by mistake': 5 } })).toBe('models.… must be an object');
  });

  it('knows a price for every model that can be had', () => {
    for (const price of Object.values(LIST_PRICES.models)) {
      expect(price.textInCached).toBeLessThan(price.textIn);
      expect(price.audioInCached).toBeLessThan(price.audioIn);
      expect(price.audioOut).toBeGreaterThan(price.audioIn);
    }
  });
});
