import fc from 'fast-check';
import { inspect } from 'node:util';
import { Secret } from '../config/secret.js';
import { FakeClock } from './fake-clock.js';
import { KEY_SETTLE_MS, Keyring } from './keyring.js';

const A = 'secret-a-of-the-deployment';
const B = 'secret-b-of-the-deployment';
const C = 'secret-c-of-the-deployment';

function processWith(list: string) {
  const clock = new FakeClock();
  const secret = new Secret(list);
  const ring = new Keyring(secret, clock);
  return { clock, secret, ring, signsWith: () => nameOf(ring.sign('p', 'x').keyId) };
}

/** Which secret a key id belongs to. */
function nameOf(keyId: string): string {
  const ids = new Map(
    [A, B, C].map((text) => [new Keyring(new Secret(text), new FakeClock()).sign('p', '').keyId, text]),
  );
  return ids.get(keyId) ?? 'none of them';
}

/** Whether one process takes what another signs. */
function understands(receiver: Keyring, sender: Keyring): boolean {
  const { keyId, mac } = sender.sign('p', 'hello');
  return receiver.verify('p', 'hello', keyId, mac);
}

describe('Keyring', () => {
  it('signs and verifies with one secret at once, the same in every process that has it', () => {
    const [one, other] = [processWith(A), processWith(A)];
    expect(one.ring.sign('p', 'x')).toEqual(other.ring.sign('p', Buffer.from('x')));
    expect(understands(one.ring, other.ring)).toBe(true);
    expect(one.ring.sign('p', 'x').mac).toHaveLength(32);
    expect(understands(processWith(B).ring, one.ring)).toBe(false);
  });

  it('signs with the second of a list for a while after the start: others may not know the first yet', () => {
    const { clock, signsWith } = processWith(`${C},${B},${A}`);
    expect(signsWith()).toBe(B);
    clock.advance(KEY_SETTLE_MS - 1);
    expect(signsWith()).toBe(B);
    clock.advance(1);
    expect(signsWith()).toBe(C);
  });

  it('signs with an added secret only when it has settled', () => {
    const { clock, secret, signsWith } = processWith(A);
    clock.advance(3_600_000);
    secret.replace(`${B}\n${A}`);
    expect(signsWith()).toBe(A);
    clock.advance(KEY_SETTLE_MS - 1);
    expect(signsWith()).toBe(A);
    clock.advance(1);
    expect(signsWith()).toBe(B);
  });

  it('counts from when a secret appeared, also when nothing was signed meanwhile', () => {
    const { clock, secret, signsWith } = processWith(A);
    secret.replace(`${B},${A}`);
    clock.advance(KEY_SETTLE_MS);
    secret.replace(B);
    expect(signsWith()).toBe(B);
  });

  it('goes on with the secret of before where it was replaced at one stroke', () => {
    const { clock, secret, signsWith } = processWith(A);
    secret.replace(B);
    expect(signsWith()).toBe(A);
    clock.advance(KEY_SETTLE_MS);
    expect(signsWith()).toBe(B);
  });

  it('goes on with the one that has settled where a whole list was replaced at one stroke', () => {
    const { secret, signsWith } = processWith(`${B},${A}`);
    secret.replace(C);
    expect(signsWith()).toBe(A);
  });

  it('does not sign with a secret that was taken out of the list, if another was there beside it', () => {
    const { secret, signsWith } = processWith(`${B},${A}`);
    secret.replace(B);
    expect(signsWith()).toBe(B);
    secret.replace(`${C},${B}`);
    expect(signsWith()).toBe(B);
  });

  it('takes a change back at once', () => {
    const { secret, signsWith } = processWith(A);
    secret.replace(`${B},${A}`);
    secret.replace(A);
    expect(signsWith()).toBe(A);
  });

  it('starts to count anew for a secret that was away', () => {
    const { clock, secret, signsWith } = processWith(`${B},${A}`);
    clock.advance(KEY_SETTLE_MS);
    secret.replace(A);
    secret.replace(`${C},${A}`);
    secret.replace(`${B},${A}`);
    expect(signsWith()).toBe(A);
  });

  it('verifies what any secret of its list signed, and of the list before', () => {
    const { secret, ring } = processWith(`${B},${A}`);
    const [a, b, c] = [processWith(A), processWith(B), processWith(C)];
    expect([a, b, c].map((other) => understands(ring, other.ring))).toEqual([true, true, false]);
    secret.replace(C);
    expect([a, b, c].map((other) => understands(ring, other.ring))).toEqual([true, true, true]);
    secret.replace(`${C}\n`);
    expect([a, b, c].map((other) => understands(ring, other.ring))).toEqual([true, true, true]);
    secret.replace(`${C},${B}`);
    expect([a, b, c].map((other) => understands(ring, other.ring))).toEqual([false, true, true]);
  });

  it('knows the list before also when it was changed before the ring was made', () => {
    const secret = new Secret(A);
    secret.replace(B);
    const clock = new FakeClock();
    const ring = new Keyring(secret, clock);
    expect(understands(ring, processWith(A).ring)).toBe(true);
    expect(nameOf(ring.sign('p', '').keyId)).toBe(A);
    clock.advance(KEY_SETTLE_MS);
    expect(nameOf(ring.sign('p', '').keyId)).toBe(B);
  });

  it('refuses nothing between pods that learn of a rotation up to a minute apart, restarted ones among them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 70_000 }), { minLength: 2, maxLength: 4 }),
        fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 3 }),
        fc.constantFrom([`${B},${A}`], [B], [`${B},${A}`, B]),
        (delaysMs, restartsMs, lists) => {
          const clock = new FakeClock();
          const pods = delaysMs.map((delayMs) => {
            const secret = new Secret(A);
            lists.forEach((list, step) => clock.after(step * 600_000 + delayMs, () => secret.replace(list)));
            return new Keyring(secret, clock);
          });
          // A pod that starts has what the cluster has, which is the first step here.
          if (lists[0]?.includes(A)) {
            for (const atMs of restartsMs) {
              clock.after(atMs, () => {
                const secret = new Secret(lists[0] ?? '');
                if (lists[1] !== undefined) clock.after(600_000 - atMs, () => secret.replace(lists[1] ?? ''));
                pods.push(new Keyring(secret, clock));
              });
            }
          }
          for (let atMs = 0; atMs < 1_200_000; atMs += 5_000) {
            clock.advance(5_000);
            for (const one of pods) for (const other of pods) expect(understands(one, other)).toBe(true);
          }
        },
      ),
      { numRuns: 10 },
    );
  });

  it('takes a signature for its purpose, its data and its key alone', () => {
    const { ring } = processWith(`${B},${A}`);
    const { keyId, mac } = ring.sign('tokens', 'data');
    expect(ring.verify('tokens', 'data', keyId, mac)).toBe(true);
    expect(ring.verify('pods', 'data', keyId, mac)).toBe(false);
    expect(ring.verify('token', 'sdata', keyId, mac)).toBe(false);
    expect(ring.verify('tokens', 'other', keyId, mac)).toBe(false);
    expect(ring.verify('tokens', 'data', processWith(B).ring.sign('tokens', '').keyId, mac)).toBe(false);
    expect(ring.verify('tokens', 'data', keyId, mac.subarray(1))).toBe(false);
    expect(ring.verify('tokens', 'data', keyId, Buffer.alloc(0))).toBe(false);
    for (let bit = 0; bit < 256; bit++) {
      const changed = Buffer.from(mac);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(ring.verify('tokens', 'data', keyId, changed)).toBe(false);
    }
  });

  it('does not sign with the key that seals', () => {
    const { ring } = processWith(A);
    expect(ring.currentKey('p').key).not.toEqual(ring.currentKey('sign p').key);
    expect(ring.currentKey('seal p').key).not.toEqual(ring.currentKey('sign p').key);
  });

  it('refuses whatever else is given for a key id or a signature, without a throw', () => {
    const { ring } = processWith(A);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.uint8Array(), (keyId, mac) => {
        expect(ring.verify('p', 'x', keyId, Buffer.from(mac))).toBe(false);
        expect(ring.verify('p', 'x', ring.sign('p', 'x').keyId, Buffer.from(mac))).toBe(false);
        expect(ring.keysOf('p', keyId)).toEqual([]);
      }),
    );
  });

  it('says nothing of its secrets in a key id or when it is printed', () => {
    const { ring } = processWith(`${B},${A}`);
    ring.sign('p', 'x');
    expect(ring.sign('p', 'x').keyId).toMatch(/^[0-9a-f]{8}$/);
    const printed = [inspect(ring, { depth: 9, showHidden: true }), JSON.stringify(ring)].join().replace(/\s/g, '');
    for (const text of [A, B]) expect(printed).not.toContain(text);
    expect(printed).not.toContain(ring.currentKey('sign p').key.toString('hex').slice(0, 8));
  });
});
