import { connectionError } from './connection-error.js';

const withCode = (code: string): Error => Object.assign(new Error(code), { code });

describe('connectionError', () => {
  it.each([
    ['ECONNREFUSED', 'refused'],
    ['ECONNRESET', 'cut'],
    ['EPIPE', 'cut'],
    ['ETIMEDOUT', 'unreachable'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    ['ENOTFOUND', 'unreachable'],
    ['EMFILE', 'unreachable'],
    ['HPE_INVALID_CONSTANT', 'garbled'],
  ])('takes %s for %s', (code, kind) => {
    expect(connectionError(withCode(code))).toBe(kind);
  });

  it('takes a host with several addresses for dead only where all of them refuse', () => {
    const refused = withCode('ECONNREFUSED');
    expect(connectionError(new AggregateError([refused, refused]))).toBe('refused');
    expect(connectionError(new AggregateError([refused, withCode('ETIMEDOUT')]))).toBe('unreachable');
  });
});
