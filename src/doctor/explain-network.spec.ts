import { explainNetwork } from './explain-network.js';

function coded(code: string, cause?: unknown): Error {
  return Object.assign(new Error('x', { cause }), { code });
}

describe('explainNetwork', () => {
  it('knows the common codes', () => {
    expect(explainNetwork(coded('ECONNREFUSED')).detail).toMatch(/refused/);
    expect(explainNetwork(coded('CERT_HAS_EXPIRED'))).toEqual({
      detail: 'the certificate has expired',
      fix: 'renew it',
    });
  });

  it('looks for the cause inside what SDKs wrap around it', () => {
    const wrapped = new Error('Connection error.', {
      cause: new TypeError('fetch failed', { cause: coded('ENOTFOUND') }),
    });
    expect(explainNetwork(wrapped).detail).toMatch(/DNS/);
  });

  it('looks into the several errors of a host with several addresses', () => {
    expect(explainNetwork(new AggregateError([coded('ENETUNREACH'), coded('ECONNREFUSED')])).detail).toMatch(/network/);
  });

  it('gives the code of what it does not know, and ends on an error that causes itself', () => {
    const loop = coded('EWEIRD');
    loop.cause = loop;
    expect(explainNetwork(loop).detail).toBe('the connection failed (EWEIRD)');
    expect(explainNetwork('no error at all').detail).toBe('the connection failed (unknown error)');
  });
});
