import fc from 'fast-check';
import { FakeClock } from '../common/fake-clock.js';
import { KEY_SETTLE_MS, Keyring } from '../common/keyring.js';
import { Secret } from '../config/secret.js';
import { attemptOf, signStreamToken, type StreamClaims, verifyStreamToken } from './stream-token.js';

const CLAIMS: StreamClaims = {
  callControlId: 'v3:AbC-d_E=',
  issuedAtS: 1_800_000_000,
  attempt: 0,
  epoch: 0,
  baseUrl: 'wss://gw.example',
  pod: { uid: 'uid-0', bootId: 'boot', name: 'uid-0', address: '10.0.0.1:8081' },
};

const anyId = fc.string({ minLength: 1, maxLength: 128, unit: 'binary' });
const anyAddress = fc.oneof(
  fc.tuple(fc.oneof(fc.ipV4(), fc.domain()), fc.nat(65_535)).map(([host, port]) => `${host}:${port}`),
  fc.tuple(fc.ipV6(), fc.nat(65_535)).map(([host, port]) => `[${host}]:${port}`),
);
const anyClaims = fc.record({
  callControlId: fc.string({ minLength: 1, maxLength: 120, unit: 'binary' }),
  issuedAtS: fc.integer(),
  attempt: fc.nat(),
  epoch: fc.nat(),
  baseUrl: fc.webUrl(),
  pod: fc
    .record({ uid: anyId, bootId: anyId, address: anyAddress })
    .map((pod): StreamClaims['pod'] => ({ ...pod, name: pod.uid })),
});

function ringOf(...secrets: string[]): Keyring {
  return new Keyring(new Secret(secrets.join()), new FakeClock());
}

const RING = ringOf('a secret of the gateway');

/** A token with any body, signed as ours are. */
function signed(body: string): string {
  const { keyId, mac } = RING.sign('stream token', body);
  return `${body}.${keyId}.${mac.toString('base64url')}`;
}

function signedJson(claims: unknown): string {
  return signed(Buffer.from(JSON.stringify(claims)).toString('base64url'));
}

const GOOD = { c: 'x', t: 1, a: 0, e: 0, b: '', p: ['uid', 'boot', '10.0.0.1:8081'] };

describe('stream token', () => {
  it('gives back what was signed, and fits into a URL as it is', () => {
    fc.assert(
      fc.property(anyClaims, fc.uuid(), (claims, secret) => {
        const ring = ringOf(secret);
        const token = signStreamToken(claims, ring);
        fc.pre(token.length <= 2_000);
        expect(token).toMatch(/^[\w-]+\.[0-9a-f]{8}\.[\w-]{43}$/);
        expect(verifyStreamToken(token, ring)).toEqual(claims);
      }),
    );
  });

  it('is a quarter of the URL that Telnyx takes at most, with ids as long as they are', () => {
    const callControlId = `v3:${'x'.repeat(80)}`;
    const uid = 'b6c1f0de-8c4e-4d0c-9d8e-0f4b9a1c2d3e';
    const pod = { uid, bootId: uid, name: 'parley-6d5f9c7b8-x2x4q', address: '[2001:db8:85a3::8a2e:370:7334]:8081' };
    const baseUrl = 'wss://voice.some-company.example.com/parley';
    expect(signStreamToken({ ...CLAIMS, callControlId, pod, baseUrl }, RING).length).toBeLessThan(500);
  });

  it('carries the context of a trace, and what is none counts as nothing', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const token = signStreamToken({ ...CLAIMS, traceparent }, RING);
    expect(verifyStreamToken(token, RING)).toEqual({ ...CLAIMS, traceparent });
    expect(token.length - signStreamToken(CLAIMS, RING).length).toBeLessThan(90);
    expect(verifyStreamToken(signedJson({ ...GOOD, d: 7 }), RING)?.traceparent).toBeUndefined();
    expect(verifyStreamToken(signedJson({ ...GOOD, d: 'x'.repeat(56) }), RING)).toMatchObject({ callControlId: 'x' });
  });

  it('is good as an older version made it, without one', () => {
    expect(verifyStreamToken(signedJson(GOOD), RING)).toMatchObject({ callControlId: 'x', traceparent: undefined });
  });

  it('is refused with any one character changed, left out or added', () => {
    const token = signStreamToken(CLAIMS, RING);
    const character = fc.constantFrom(...'ABCZabcz019-_.+/=% \n');
    fc.assert(
      fc.property(fc.nat(token.length), fc.constantFrom(0, 1), character, (at, leftOut, put) => {
        const other = token.slice(0, at) + put + token.slice(at + leftOut);
        fc.pre(other !== token);
        expect(verifyStreamToken(other, RING)).toBeUndefined();
        expect(verifyStreamToken(token.slice(0, at) + token.slice(at + 1), RING)).toEqual(
          at === token.length ? CLAIMS : undefined,
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('is refused under any other spelling of its signature', () => {
    const token = signStreamToken(CLAIMS, RING);
    // The last character of 32 bytes in base64 has two bits to spare.
    const spellings = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].map(
      (last) => token.slice(0, -1) + last,
    );
    const taken = [...spellings, `${token}=`].filter((spelling) => verifyStreamToken(spelling, RING));
    expect(taken).toEqual([token]);
  });

  it('is refused when another secret signed it, or ours for another purpose', () => {
    expect(verifyStreamToken(signStreamToken(CLAIMS, ringOf('another')), RING)).toBeUndefined();
    expect(verifyStreamToken(signStreamToken(CLAIMS, RING), ringOf('another'))).toBeUndefined();
    const [body = ''] = signStreamToken(CLAIMS, RING).split('.');
    const { keyId, mac } = RING.sign('pod request', body);
    expect(verifyStreamToken(`${body}.${keyId}.${mac.toString('base64url')}`, RING)).toBeUndefined();
  });

  it('outlives a rotation of the secret', () => {
    const clock = new FakeClock();
    const secret = new Secret('old');
    const ring = new Keyring(secret, clock);
    const token = signStreamToken(CLAIMS, ring);
    secret.replace('new,old');
    clock.advance(KEY_SETTLE_MS);
    expect(signStreamToken(CLAIMS, ring)).not.toBe(token);
    expect(verifyStreamToken(token, ring)).toEqual(CLAIMS);
    secret.replace('new');
    expect(verifyStreamToken(token, ring)).toEqual(CLAIMS);
    expect(verifyStreamToken(token, ringOf('newer', 'new'))).toBeUndefined();
  });

  it('tells the number of a stream from its URL, and nothing from a URL that is not ours', () => {
    const url = `wss://gw.example.com/media-stream/${signStreamToken({ ...CLAIMS, attempt: 3 }, RING)}`;
    expect(attemptOf(url, RING)).toBe(3);
    expect(attemptOf(url, ringOf('new'))).toBeUndefined();
    for (const other of ['', 'wss://gw.example.com/media-stream', 'no url']) {
      expect(attemptOf(other, RING)).toBeUndefined();
    }
  });

  it('does not carry the signature of one call over to another', () => {
    const [body] = signStreamToken({ ...CLAIMS, callControlId: 'other' }, RING).split('.');
    const [, keyId, mac] = signStreamToken(CLAIMS, RING).split('.');
    expect(verifyStreamToken(`${body}.${keyId}.${mac}`, RING)).toBeUndefined();
  });

  it.each([
    ['text that is no JSON', signed(Buffer.from('no').toString('base64url'))],
    ['JSON of another kind', signedJson([])],
    ['null', signedJson(null)],
    ['no call', signedJson({ ...GOOD, c: '' })],
    ['a negative attempt', signedJson({ ...GOOD, a: -1 })],
    ['a negative epoch', signedJson({ ...GOOD, e: -1 })],
    ['no epoch', signedJson({ ...GOOD, e: undefined })],
    ['a time that is no number', signedJson({ ...GOOD, t: '1' })],
    ['no pod', signedJson({ ...GOOD, p: undefined })],
    ['a pod without a boot id', signedJson({ ...GOOD, p: ['uid', '', '10.0.0.1:1'] })],
    ['a pod at no address', signedJson({ ...GOOD, p: ['uid', 'boot', '10.0.0.1'] })],
    ['a pod at an address with a path', signedJson({ ...GOOD, p: ['uid', 'boot', '10.0.0.1:80/x?y=@:80'] })],
  ])('is refused with a good signature over %s', (_case, token) => {
    expect(verifyStreamToken(signedJson(GOOD), RING)).toBeDefined();
    expect(verifyStreamToken(token, RING)).toBeUndefined();
  });

  it('is refused for garbage of any kind and length, without a throw', () => {
    const { keyId } = RING.sign('stream token', '');
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), fc.constantFrom('', '.', '..')),
        (text) => {
          expect(verifyStreamToken(text, RING)).toBeUndefined();
          expect(verifyStreamToken(`${text}.${keyId}.${text}`, RING)).toBeUndefined();
          expect(verifyStreamToken(signed(text), RING)).toBeUndefined();
        },
      ),
    );
    expect(verifyStreamToken(signed('A'.repeat(3_000)), RING)).toBeUndefined();
  });

  it('is never thrown over, whatever claims are signed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(GOOD)), fc.jsonValue(), (name, value) => {
        expect(() => verifyStreamToken(signedJson({ ...GOOD, [name]: value }), RING)).not.toThrow();
      }),
    );
  });
});
