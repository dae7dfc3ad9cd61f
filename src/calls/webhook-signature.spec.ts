import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isGenuine } from './webhook-signature.js';

const BODY = '{"data":{"event_type":"call.initiated","payload":{"from":"+15550100001","name":"Zoë ☎"}}}';

interface Keys {
  publicKey: string;
  privateKey: KeyObject;
}

function newKeys(): Keys {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { publicKey: publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64'), privateKey };
}

function nowS(): number {
  return Math.floor(Date.now() / 1000);
}

function headers(keys: Keys, body = BODY, timestamp = String(nowS())): Record<string, string> {
  const signature = sign(null, Buffer.from(`${timestamp}|${body}`), keys.privateKey).toString('base64');
  return { 'telnyx-signature-ed25519': signature, 'telnyx-timestamp': timestamp };
}

const keys = newKeys();
const other = newKeys();

describe('isGenuine', () => {
  it('is true for a body that the key signed just now', async () => {
    await expect(isGenuine(BODY, headers(keys), [keys.publicKey])).resolves.toBe(true);
  });

  it('is false for a body with one byte changed, left out or added', async () => {
    for (const body of [BODY.replace('0001', '0002'), BODY.slice(0, -1), `${BODY} `, '']) {
      await expect(isGenuine(body, headers(keys), [keys.publicKey])).resolves.toBe(false);
    }
  });

  it('is false under another key, and under none', async () => {
    await expect(isGenuine(BODY, headers(keys), [other.publicKey])).resolves.toBe(false);
    await expect(isGenuine(BODY, headers(keys), [])).resolves.toBe(false);
  });

  it('is true under either key while they are rotated, in any order, and past a broken one', async () => {
    for (const signer of [keys, other]) {
      for (const list of [
        [keys.publicKey, other.publicKey],
        [other.publicKey, keys.publicKey],
        ['not base64!', keys.publicKey, other.publicKey],
      ]) {
        await expect(isGenuine(BODY, headers(signer), list)).resolves.toBe(true);
      }
    }
  });

  it.each([
    ['290 seconds ago', -290, true],
    ['in 290 seconds', 290, true],
    ['310 seconds ago', -310, false],
    ['in 310 seconds', 310, false],
  ])('looks at when it was signed: %s', async (_when, offsetS, genuine) => {
    const late = headers(keys, BODY, String(nowS() + offsetS));
    await expect(isGenuine(BODY, late, [keys.publicKey])).resolves.toBe(genuine);
  });

  it('is false when the timestamp is not the one that was signed', async () => {
    const moved = { ...headers(keys), 'telnyx-timestamp': String(nowS() + 1) };
    await expect(isGenuine(BODY, moved, [keys.publicKey])).resolves.toBe(false);
  });

  it.each(['', 'now', '1e9', '-1', '1.5', ' ', 'NaN'])('is false for the timestamp %p, though signed', async (text) => {
    await expect(isGenuine(BODY, headers(keys, BODY, text), [keys.publicKey])).resolves.toBe(false);
  });

  it.each(['', 'AAAA', 'not base64!', 'A'.repeat(10_000)])('is false for the signature %p', async (signature) => {
    const bad = { ...headers(keys), 'telnyx-signature-ed25519': signature };
    await expect(isGenuine(BODY, bad, [keys.publicKey])).resolves.toBe(false);
  });

  it.each(['telnyx-signature-ed25519', 'telnyx-timestamp'])('is false without the header %s', async (missing) => {
    const rest = Object.entries(headers(keys)).filter(([name]) => name !== missing);
    await expect(isGenuine(BODY, Object.fromEntries(rest), [keys.publicKey])).resolves.toBe(false);
  });
});
