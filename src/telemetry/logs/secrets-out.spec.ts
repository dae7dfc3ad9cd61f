import { pino } from 'pino';
import { loadConfig } from '../../config/load-config.js';
import { type Config } from '../../config/config.js';
import { secretsOut } from './secrets-out.js';

const TOOLS = JSON.stringify({
  http: [
    {
      name: 'book',
      description: 'Books.',
      parameters: { type: 'object', properties: {}, additionalProperties: false },
      url: 'https://tools.example.com/book',
      headers: { Authorization: 'Bearer ${TOOL_SECRET_SHOP}' },
    },
  ],
});

const ENV = {
  OPENAI_API_KEY: 'sk-of-the-model',
  TELNYX_API_KEY: 'KEY-of-the-carrier',
  WEBHOOK_SIGNATURE: 'off',
  STREAM_TOKEN_SECRET: 'the first of two secrets,the second of two secrets',
  REDIS_URL: 'redis://parley:pass%2Fword-of-redis@redis.example.com:6379',
  REPORT_URL: 'https://reports.example.com/',
  REPORT_SECRET: `whsec_${Buffer.from('thirty-two bytes of a secret key').toString('base64')}`,
  NUMBER_HASH_SECRET: 'key of the hashes of numbers',
  TOOLS,
  TOOL_SECRET_SHOP: 'token-of-the-shop',
};

describe('secrets in log lines', () => {
  let config: Config;
  let lines: string[];
  let clean: (line: string) => string;

  beforeEach(() => {
    ({ config } = loadConfig(ENV));
    clean = secretsOut(config);
    lines = [];
  });

  const log = (fields: object, message = 'something failed'): string => {
    pino({}, { write: (line: string) => void lines.push(clean(line)) }).error(fields, message);
    return lines.at(-1) ?? '';
  };

  it.each([
    ['OPENAI_API_KEY', 'sk-of-the-model'],
    ['TELNYX_API_KEY', 'KEY-of-the-carrier'],
    ['STREAM_TOKEN_SECRET, the newest', 'the first of two secrets'],
    ['STREAM_TOKEN_SECRET, an older one', 'the second of two secrets'],
    ["Redis' password", 'pass/word-of-redis'],
    ["Redis' password as its URL has it", 'pass%2Fword-of-redis'],
    ['REPORT_SECRET', ENV.REPORT_SECRET],
    ['NUMBER_HASH_SECRET', ENV.NUMBER_HASH_SECRET],
    ['a secret of a tool', 'token-of-the-shop'],
  ])('%s is not in what an error brings along', (_, secret) => {
    const error = Object.assign(new Error(`refused: ${secret}`), {
      command: { name: 'auth', args: ['parley', secret] },
    });
    const line = log({ err: error, url: `https://x/?key=${secret}` });
    expect(line).toContain('[secret]');
    expect(line).not.toContain(secret);
    // What is left is a line that programs can read.
    expect(JSON.parse(line)).toMatchObject({ msg: 'something failed', err: { command: { name: 'auth' } } });
  });

  it('stay out after they were changed, the old one and the new one', () => {
    config.openai.apiKey.replace('sk-of-tomorrow "quoted"');
    const line = log({ before: 'sk-of-the-model', now: 'sk-of-tomorrow "quoted"' });
    expect(JSON.parse(line)).toMatchObject({ before: '[secret]', now: '[secret]' });
  });

  it('do not make a line fail by the way they are written', () => {
    for (const odd of ['redis://parley:100%-sure-of-it@redis.example.com', 'odd://[no-url-at-all']) {
      config.openai.apiKey.replace(odd);
      expect(JSON.parse(log({ host: 'redis.example.com' }))).toMatchObject({ host: 'redis.example.com' });
    }
    expect(log({ it: '100%-sure-of-it' })).not.toContain('100%-sure');
  });

  it('leave a line alone that has none of them', () => {
    const line = JSON.stringify({ msg: 'call begins', callId: 'v3:abc', host: 'redis.example.com', user: 'parley' });
    expect(clean(line)).toBe(line);
  });
});
