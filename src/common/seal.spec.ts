import fc from 'fast-check';
import { Secret } from '../config/secret.js';
import { FakeClock } from './fake-clock.js';
import { KEY_SETTLE_MS, Keyring } from './keyring.js';
import { Seal, SEAL_OVERHEAD_BYTES } from './seal.js';

const A = 'secret-a-of-the-deployment';
const B = 'secret-b-of-the-deployment';
const PLAIN = Buffer.from('what was said');

function sealWith(list: string, purpose = 'conversation') {
  const clock = new FakeClock();
  const secret = new Secret(list);
  return { clock, secret, seal: new Seal(new Keyring(secret, clock), purpose) };
}

describe('Seal', () => {
  it('gives back what was sealed, in any process that has the secret, and shows none of it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), fc.string({ unit: 'grapheme' }), (bytes, context) => {
        const plain = Buffer.from(bytes);
        const sealed = sealWith(A).seal.seal(plain, context);
        expect(sealed).toHaveLength(plain.length + SEAL_OVERHEAD_BYTES);
        if (plain.length > 4) expect(sealed.includes(plain)).toBe(false);
        expect(sealWith(A).seal.unseal(sealed, context)).toEqual(plain);
      }),
    );
  });

  it('seals the same value differently every time', () => {
    const { seal } = sealWith(A);
    const sealed = Array.from({ length: 100 }, () => seal.seal(PLAIN, 'call').toString('hex'));
    expect(new Set(sealed).size).toBe(100);
  });

  it('opens in its own context alone', () => {
    const { seal } = sealWith(A);
    const sealed = seal.seal(PLAIN, 'call a');
    for (const context of ['call b', 'call', '', 'call a ']) expect(seal.unseal(sealed, context)).toBeUndefined();
  });

  it('opens for its own purpose alone', () => {
    const sealed = sealWith(A).seal.seal(PLAIN, 'call');
    expect(sealWith(A, 'papers').seal.unseal(sealed, 'call')).toBeUndefined();
    expect(sealWith(B).seal.unseal(sealed, 'call')).toBeUndefined();
  });

  it('outlives a rotation, and seals with the new secret once it has settled', () => {
    const { clock, secret, seal } = sealWith(A);
    const old = seal.seal(PLAIN, 'call');
    secret.replace(`${B},${A}`);
    expect(sealWith(A).seal.unseal(seal.seal(PLAIN, 'call'), 'call')).toEqual(PLAIN);
    clock.advance(KEY_SETTLE_MS);
    const fresh = seal.seal(PLAIN, 'call');
    expect(sealWith(A).seal.unseal(fresh, 'call')).toBeUndefined();
    expect(sealWith(B).seal.unseal(fresh, 'call')).toEqual(PLAIN);
    secret.replace(B);
    expect(seal.unseal(old, 'call')).toEqual(PLAIN);
    expect(seal.unseal(fresh, 'call')).toEqual(PLAIN);
  });

  it('does not open with any one bit changed, cut off or added', () => {
    const { seal } = sealWith(`${B},${A}`);
    const sealed = seal.seal(PLAIN, 'call');
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(seal.unseal(changed, 'call')).toBeUndefined();
    }
    for (let bytes = 0; bytes < sealed.length; bytes++) {
      expect(seal.unseal(sealed.subarray(0, bytes), 'call')).toBeUndefined();
      expect(seal.unseal(sealed.subarray(bytes + 1), 'call')).toBeUndefined();
    }
    expect(seal.unseal(Buffer.concat([sealed, Buffer.of(0)]), 'call')).toBeUndefined();
  });

  it('does not open garbage, also under a header of ours, and does not throw', () => {
    const { seal } = sealWith(A);
    const header = seal.seal(PLAIN, 'call').subarray(0, 5);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (bytes, context) => {
        expect(seal.unseal(Buffer.from(bytes), context)).toBeUndefined();
        expect(seal.unseal(Buffer.concat([header, bytes]), context)).toBeUndefined();
      }),
    );
  });
});
