import { FakeClock } from '../../common/fake-clock.js';
import { Keyring } from '../../common/keyring.js';
import { loadConfig } from '../../config/load-config.js';
import { hashCommand } from './hash-command.js';
import { currentHashKey, hashNumber } from './number-hash.js';

const NUMBER = '+493012345';
const SECRET = 'a secret that signs the tokens of streams';

/** What a gateway with these settings writes into its traces. */
function hashOfGateway(env: Record<string, string>): string {
  const rest = { OPENAI_API_KEY: 'sk-test', WEBHOOK_SIGNATURE: 'off', TELNYX_API_KEY: 'KEY-test' };
  const { config } = loadConfig({ ...rest, ...env });
  const keyring = new Keyring(config.stream.tokenSecret, new FakeClock());
  return hashNumber(NUMBER, currentHashKey(config, keyring)) ?? '';
}

describe('hash-number', () => {
  it.each<[string, Record<string, string>]>([
    ['its own secret', { NUMBER_HASH_SECRET: 'for numbers and nothing else' }],
    ["the tokens' secret", { STREAM_TOKEN_SECRET: SECRET }],
    ['the API key', { TELNYX_API_KEY: 'KEY-of-mine' }],
    [
      'its own before all others',
      { NUMBER_HASH_SECRET: 'another one for numbers', STREAM_TOKEN_SECRET: SECRET, TELNYX_API_KEY: 'KEY-2' },
    ],
  ])('prints what stands in the traces of a gateway with %s, and asks for nothing else', (_what, env) => {
    expect(hashCommand([NUMBER], env)).toEqual({ output: `${hashOfGateway(env)}\n`, error: '', code: 0 });
  });

  it('reads secrets from their files, as in a pod', () => {
    const readFile = (path: string): string => (path === '/secrets/token' ? `${SECRET}\n` : 'KEY-test\n');
    const env = { STREAM_TOKEN_SECRET_FILE: '/secrets/token', TELNYX_API_KEY_FILE: '/secrets/telnyx' };
    expect(hashCommand([NUMBER], env, { readFile }).output).toBe(`${hashOfGateway({ STREAM_TOKEN_SECRET: SECRET })}\n`);
  });

  it('takes a number that is written with spaces', () => {
    const env = { NUMBER_HASH_SECRET: 'for numbers and nothing else' };
    expect(hashCommand(['+49', '30', '12345'], env).output).toBe(hashCommand([NUMBER], env).output);
  });

  it('prints one hash for each secret while one replaces another', () => {
    const { output } = hashCommand([NUMBER], { STREAM_TOKEN_SECRET: `a newer secret that signs tokens,${SECRET}` });
    expect(output.trim().split('\n')).toHaveLength(2);
    expect(output).toContain(hashOfGateway({ STREAM_TOKEN_SECRET: SECRET }));
  });

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['without a number', [], { STREAM_TOKEN_SECRET: SECRET }, /Which number/],
    ['without a secret', [NUMBER], {}, /NUMBER_HASH_SECRET, STREAM_TOKEN_SECRET, TELNYX_API_KEY/],
    ['with a secret that no gateway would take', [NUMBER], { STREAM_TOKEN_SECRET: 'short' }, /STREAM_TOKEN_SECRET: /],
    ['for a caller who withholds it', ['anonymous'], { STREAM_TOKEN_SECRET: SECRET }, /withhold/],
  ])('says what is wrong %s', (_what, args, env, message) => {
    const { output, error, code } = hashCommand(args, env);
    expect([output, code]).toEqual(['', 1]);
    expect(error).toMatch(message);
    expect(error).not.toContain('short\n');
  });

  it('says that nothing will be found, where traces have no hashes or the country code is missing', () => {
    const env = { STREAM_TOKEN_SECRET: SECRET };
    expect(hashCommand([NUMBER], { ...env, TRACE_NUMBERS: 'off' }).error).toContain('TRACE_NUMBERS is off');
    expect(hashCommand(['030', '12345'], env).error).toContain('country code');
  });

  it('explains itself', () => {
    expect(hashCommand(['--help'], {})).toMatchObject({ code: 0, error: '' });
    expect(hashCommand(['--help'], {}).output).toContain('parley.caller.hash');
  });
});
