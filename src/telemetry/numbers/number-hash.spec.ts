import { FakeClock } from '../../common/fake-clock.js';
import { Keyring } from '../../common/keyring.js';
import { loadConfig } from '../../config/load-config.js';
import { ATTRS } from '../trace/names.js';
import { NumberAttributes } from './number-attributes.js';
import { allHashKeys, currentHashKey, hashNumber } from './number-hash.js';

const TOKEN_SECRET = 'a secret that signs the tokens of streams';
const OWN_SECRET = 'a secret for numbers alone';

function setUp(env: Record<string, string> = {}) {
  const { config } = loadConfig({
    OPENAI_API_KEY: 'sk-test',
    TELNYX_API_KEY: 'KEY-test',
    WEBHOOK_SIGNATURE: 'off',
    STREAM_TOKEN_SECRET: TOKEN_SECRET,
    ...env,
  });
  const clock = new FakeClock();
  const keyring = new Keyring(config.stream.tokenSecret, clock);
  const hash = (number: string | undefined) => hashNumber(number, currentHashKey(config, keyring));
  const hashes = (number: string) => allHashKeys(config, clock).map((key) => hashNumber(number, key));
  return { hash, hashes, attributes: new NumberAttributes(config, keyring) };
}

describe('hashes of phone numbers', () => {
  it('are twenty hexadecimal digits, the same on every pod and after every restart', () => {
    const { hash } = setUp();
    expect(hash('+493012345')).toMatch(/^[0-9a-f]{20}$/);
    expect(setUp().hash('+493012345')).toBe(hash('+493012345'));
  });

  it.each(['+49 30 123-45', '0049 (30) 12345', 'tel:+493012345', 'sip:+493012345@carrier.example;user=phone'])(
    'are the same however the number is written: %s',
    (number) => {
      const { hash } = setUp();
      expect(hash(number)).toBe(hash('+493012345'));
    },
  );

  it('differ from number to number, and from key to key', () => {
    const numbers = ['+493012345', '+493012346', '+4930123450', 'sip:desk@example.com'];
    const all = [
      setUp(),
      setUp({ NUMBER_HASH_SECRET: OWN_SECRET }),
      setUp({ STREAM_TOKEN_SECRET: `${TOKEN_SECRET}!` }),
    ];
    const hashes = all.flatMap(({ hash }) => numbers.map((number) => hash(number)));
    expect(new Set(hashes).size).toBe(12);
  });

  it('are not made of numbers that are withheld', () => {
    const { hash } = setUp();
    expect([undefined, '', 'anonymous', 'Restricted'].map(hash)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('stay when the secret of the tokens changes, where they have one of their own', () => {
    const before = setUp({ NUMBER_HASH_SECRET: OWN_SECRET });
    const after = setUp({
      NUMBER_HASH_SECRET: OWN_SECRET,
      STREAM_TOKEN_SECRET: 'another secret for the tokens of streams',
    });
    expect(after.hash('+493012345')).toBe(before.hash('+493012345'));
    expect(after.hashes('+493012345')).toEqual([before.hash('+493012345')]);
  });

  it('can be had for each secret, newest first, while one replaces another', () => {
    const old = setUp();
    const rotating = setUp({ STREAM_TOKEN_SECRET: `the newest secret for the tokens of streams,${TOKEN_SECRET}` });
    const hashes = rotating.hashes('+493012345');
    expect(hashes).toHaveLength(2);
    expect(hashes[1]).toBe(old.hash('+493012345'));
    expect(hashes).toContain(rotating.hash('+493012345'));
  });

  it('stand in traces by default; plain numbers, or none, where that is wanted', () => {
    const { attributes, hash } = setUp();
    const [from, to] = ['+493012345', '+15550100'];
    expect(attributes.of(from, to)).toEqual({ [ATTRS.fromHash]: hash(from), [ATTRS.toHash]: hash(to) });
    const plain = setUp({ TRACE_NUMBERS: 'plain' }).attributes.of(from, to);
    expect(plain).toEqual({ [ATTRS.from]: from, [ATTRS.to]: to });
    expect(setUp({ TRACE_NUMBERS: 'off' }).attributes.of(from, to)).toEqual({});
  });
});
