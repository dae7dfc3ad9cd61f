import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type EndReason } from '../calls/end-reason.js';
import { LIST_PRICES, prices } from '../config/price-setting.js';
import { Secret } from '../config/secret.js';
import { responseCostUsd } from '../openai-realtime/price.js';
import { exampleReport, withForm } from './docs.js';
import { reportSchema } from './report-document.js';
import { signedHeaders } from './standard-webhook.js';

const REWRITE = 'npm run build && node dist/src/report/write-docs.js';
const page = readFileSync('docs/report.md', 'utf8');

/** The first block of code in this language after these words. */
function block(language: string, after: string): string {
  const from = page.indexOf(after);
  const begin = page.indexOf(`\`\`\`${language}\n`, from) + language.length + 4;
  if (from < 0 || begin < from) throw new Error(`no ${language} after '${after}'`);
  return page.slice(begin, page.indexOf('```', begin));
}

/** The compiler sees to it that these are all. */
const END_REASONS: Record<EndReason, true> = {
  'caller-hung-up': true,
  'remote-hung-up': true,
  transferred: true,
  'assistant-hung-up': true,
  'max-duration': true,
  'caller-idle': true,
  silence: true,
  'assistant-monologue': true,
  'cost-ceiling': true,
  'model-unavailable': true,
  'model-lost': true,
  'answer-failed': true,
  'no-media-stream': true,
  'media-stream-lost': true,
  'codec-unsupported': true,
  'media-frames-broken': true,
  'media-overflow': true,
  'pod-overloaded': true,
  shutdown: true,
  'internal-error': true,
};

describe('docs/report.md', () => {
  it(`shows the example and the fields that the code has (${REWRITE})`, () => {
    expect(page).toBe(withForm(page));
  });

  it('has an example that is a report', () => {
    expect(reportSchema.strict().parse(JSON.parse(block('json', '## The document')))).toMatchObject({
      data: { callId: exampleReport.callId },
    });
  });

  it('has an example whose costs follow from its usage', () => {
    const { turns, usage, costUsd, transcriptionSeconds } = exampleReport.conversation ?? { turns: [] };
    const model = LIST_PRICES.models['gpt-realtime-2.1'];
    expect(turns).toHaveLength(1);
    for (const turn of turns) expect(turn.costUsd).toBeCloseTo(responseCostUsd(turn.usage, model) ?? NaN, 6);
    const transcription = ((transcriptionSeconds ?? NaN) / 60) * 0.0045;
    expect(costUsd).toBeCloseTo((responseCostUsd(usage, model) ?? NaN) + transcription, 6);
  });

  it('names every reason for which a call ends, and no other', () => {
    const section = page.slice(page.indexOf('`endReason` is one of:'), page.indexOf('## What it cost'));
    const named = [...section.matchAll(/`([a-z-]+)`/g)].map(([, reason]) => reason);
    expect(named.sort()).toEqual(Object.keys(END_REASONS).sort());
  });

  it('has a receiver in Node that knows a genuine report from others', () => {
    const text = block('js', 'By hand, in Node').replace(/^import .*$/m, '');
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const make = new Function('createHmac', 'timingSafeEqual', 'process', `${text}; return isGenuine;`) as (
      ...given: unknown[]
    ) => (body: Buffer, headers: Record<string, string>) => boolean;
    const secret = `whsec_${Buffer.from('a key of some length').toString('base64')}`;
    const equal = (a: Buffer, b: Buffer): boolean => a.equals(b);
    const isGenuine = make(createHmac, equal, { env: { REPORT_SECRET: secret } });

    const body = Buffer.from('{"text":"Grüße"}');
    const nowS = Math.floor(Date.now() / 1_000);
    const rotated = new Secret(secret);
    rotated.replace('whsec_bmV3IGtleQ==');
    expect(isGenuine(body, signedHeaders('id', nowS, body, new Secret(secret)))).toBe(true);
    expect(isGenuine(body, signedHeaders('id', nowS, body, rotated))).toBe(true);
    expect(isGenuine(body, signedHeaders('id', nowS, body, new Secret('whsec_bmV3IGtleQ==')))).toBe(false);
    expect(isGenuine(Buffer.from('{}'), signedHeaders('id', nowS, body, new Secret(secret)))).toBe(false);
    expect(isGenuine(body, signedHeaders('id', nowS - 400, body, new Secret(secret)))).toBe(false);
    expect(isGenuine(body, {})).toBe(false);
  });

  it('has prices that the setting accepts', () => {
    const [, text = ''] = /PRICES='([^']*)'/.exec(block('sh', '## What it cost')) ?? [];
    expect(prices.parse(text).models).toMatchObject({ 'gpt-realtime-2.1': { audioIn: 28, textIn: 4 } });
  });
});
