import fc from 'fast-check';
import { codeWord, failureClass } from './failure-class.js';

describe('failureClass', () => {
  it.each([
    ['invalid_api_key', 'auth'],
    ['http-401', 'auth'],
    ['insufficient_quota', 'quota'],
    ['rate_limit_exceeded', 'rate-limit'],
    ['http-429', 'rate-limit'],
    ['model_not_found', 'configuration'],
    ['formats-not-echoed', 'configuration'],
    ['session_expired', 'expired'],
    ['server_error', 'server'],
    ['http-503', 'server'],
    ['timeout', 'silent'],
    ['model-stalled', 'silent'],
    ['close-1006', 'network'],
    ['ECONNREFUSED', 'network'],
    ['EAI_AGAIN', 'network'],
    ['WS_ERR_INVALID_UTF8', 'network'],
    ['response_cancel_not_active', 'race'],
    ['conversation_already_has_active_response', 'race'],
    ['internal-error', 'internal'],
    ['close-3999', 'other'],
    ['constructor', 'other'],
    ['', 'other'],
  ])('takes %s for %s', (code, expected) => {
    expect(failureClass(code)).toBe(expected);
  });
});

describe('codeWord', () => {
  it('passes on single words only, for a code might hold what somebody said', () => {
    expect(codeWord('rate_limit_exceeded')).toBe('rate_limit_exceeded');
    expect(codeWord('my name is Ann')).toBe('_OTHER');
    expect(codeWord('')).toBe('_OTHER');
    fc.assert(fc.property(fc.string(), (code) => /^[\w.-]{1,64}$/.test(codeWord(code))));
  });
});
