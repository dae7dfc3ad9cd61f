import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { attemptOf, signStreamToken, type StreamClaims, verifyStreamToken } from './stream-token.js';

const SECRET = 'a secret of the gateway';
const CLAIMS: StreamClaims = {
  callControlId: 'v3:AbC-d_E=',
  issuedAtS: 1_800_000_000,
  attempt: 0,
  baseUrl: 'wss://gw.example',
};

const anyClaims = fc.record({
  callControlId: fc.string({ minLength: 1, maxLength: 120, unit: 'binary' }),
  issuedAtS: fc.integer(),
  attempt: fc.nat(),
  baseUrl: fc.webUrl(),
});

/** A token with any body, signed as ours are. */
function signed(body: string, secret = SECRET): string {
  return `${body}.${createHmac('sha256', secret).update(`parley-stream:${body}`).digest('base64url')}`;
}

describe('stream token', () => {
  it('gives back what was signed, and fits into a URL as it is', () => {
    fc.assert(
      fc.property(anyClaims, fc.string({ minLength: 1 }), (claims, secret) => {
        const token = signStreamToken(claims, secret);
        expect(token).toMatch(/^[\w-]+\.[\w-]+$/);
        expect(verifyStreamToken(token, [secret])).toEqual(claims);
      }),
    );
  });

  it('is refused with any one character changed, left out or added', () => {
    const token = signStreamToken(CLAIMS, SECRET);
    const character = fc.constantFrom(...'ABCZabcz019-_.+/=% \n');
    fc.assert(
      fc.property(fc.nat(token.length), fc.constantFrom(0, 1), character, (at, leftOut, put) => {
        const other = token.slice(0, at) + put + token.slice(at + leftOut);
        fc.pre(other !== token);
        expect(verifyStreamToken(other, [SECRET])).toBeUndefined();
        expect(verifyStreamToken(token.slice(0, at) + token.slice(at + 1), [SECRET])).toEqual(
          at === token.length ? CLAIMS : undefined,
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('is refused under any other spelling of its signature', () => {
    const token = signStreamToken(CLAIMS, SECRET);
    // The last character of 32 bytes in base64 has two bits to spare.
    const spellings = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].map(
      (last) => token.slice(0, -1) + last,
    );
    const taken = spellings.filter((spelling) => verifyStreamToken(spelling, [SECRET]));
    expect(taken).toEqual([token]);
  });

  it('is refused when another secret signed it', () => {
    expect(verifyStreamToken(signStreamToken(CLAIMS, 'another'), [SECRET])).toBeUndefined();
    expect(verifyStreamToken(signStreamToken(CLAIMS, SECRET), [])).toBeUndefined();
  });

  it('outlives a rotation of the secret by one', () => {
    const token = signStreamToken(CLAIMS, SECRET);
    expect(verifyStreamToken(token, ['new', SECRET])).toEqual(CLAIMS);
    expect(verifyStreamToken(token, ['newer', 'new'])).toBeUndefined();
  });

  it('tells the number of a stream from its URL, and nothing from a URL that is not ours', () => {
    const url = `wss://gw.example.com/media-stream/${signStreamToken({ ...CLAIMS, attempt: 3 }, SECRET)}`;
    expect(attemptOf(url, ['new', SECRET])).toBe(3);
    expect(attemptOf(url, ['new'])).toBeUndefined();
    for (const other of ['', 'wss://gw.example.com/media-stream', 'no url']) {
      expect(attemptOf(other, [SECRET])).toBeUndefined();
    }
  });

  it('does not carry the signature of one call over to another', () => {
    const [body] = signStreamToken({ ...CLAIMS, callControlId: 'other' }, SECRET).split('.');
    const [, mac] = signStreamToken(CLAIMS, SECRET).split('.');
    expect(verifyStreamToken(`${body}.${mac}`, [SECRET])).toBeUndefined();
  });

  it.each([
    ['text that is no JSON', Buffer.from('no').toString('base64url')],
    ['JSON of another kind', Buffer.from('[]').toString('base64url')],
    ['null', Buffer.from('null').toString('base64url')],
    ['no call', Buffer.from('{"c":"","t":1,"a":0}').toString('base64url')],
    ['a negative attempt', Buffer.from('{"c":"x","t":1,"a":-1}').toString('base64url')],
    ['a time that is no number', Buffer.from('{"c":"x","t":"1","a":0}').toString('base64url')],
  ])('is refused with a good signature over %s', (_case, body) => {
    expect(verifyStreamToken(signed(body), [SECRET])).toBeUndefined();
  });

  it('is refused for garbage of any kind and length, without a throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), fc.constantFrom('', '.', '..')),
        (text) => {
          expect(verifyStreamToken(text, [SECRET])).toBeUndefined();
          expect(verifyStreamToken(`${text}.${text}`, [SECRET])).toBeUndefined();
        },
      ),
    );
    expect(verifyStreamToken(signed('A'.repeat(3_000)), [SECRET])).toBeUndefined();
  });
});
