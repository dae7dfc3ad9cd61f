import { failureOfClose, failureOfConfiguration, failureOfError, failureOfStatus } from './failures.js';

describe('failureOfError', () => {
  it.each([
    'invalid_api_key',
    'insufficient_quota',
    'account_deactivated',
    'billing_hard_limit_reached',
    'invalid_model',
    'model_not_found',
    'beta_api_shape_disabled',
  ])('takes %s for good, and names a cure where there is one', (code) => {
    expect(failureOfError({ code, type: 'invalid_request_error' })).toMatchObject({ kind: 'fatal', code });
  });

  it('goes by the type where the code is another one', () => {
    expect(failureOfError({ type: 'insufficient_quota', code: 'credit_balance_exhausted' }).kind).toBe('fatal');
    expect(failureOfError({ type: 'insufficient_quota', code: 'a_new_code' }).kind).toBe('fatal');
  });

  it.each([
    [{ type: 'server_error', code: null }, 'server_error'],
    [{ type: 'tokens', code: 'rate_limit_exceeded' }, 'rate_limit_exceeded'],
    [{ code: 'session_expired', type: 'invalid_request_error' }, 'session_expired'],
    [{}, 'unknown'],
    [{ code: 'constructor' }, 'constructor'],
  ])('thinks that %j may pass', (error, code) => {
    const failure = failureOfError(error);
    expect(failure).toEqual({ kind: 'retryable', code, message: 'the model reported an error' });
  });

  it.each([
    ['Rate limit reached. Please try again in 1.2s. Visit https://example.com for more.', 1_200],
    ['Please try again in 20ms.', 20],
    ['Please try again in 1m2.5s.', 30_000],
    ['Please try again in 6m0s.', 30_000],
    ['Please try again in 2 seconds', 2_000],
    ['Please retry after 3 seconds.', 3_000],
    ['Retry in 500 milliseconds', 500],
    ['try again in 0s', undefined],
    ['Please try again later.', undefined],
    ['Please try again in the morning.', undefined],
    ['', undefined],
    [null, undefined],
    ['try again in ' + '1'.repeat(100_000), undefined],
    ['try again in ' + '1a '.repeat(100_000), undefined],
  ])('reads from %j when to come back', (message, retryAfterMs) => {
    const failure = failureOfError({ code: 'rate_limit_exceeded', message });
    expect(failure.retryAfterMs).toBe(retryAfterMs);
    expect(failure.message).toBe('the model reported an error');
  });

  it('has nobody come back to what will not change', () => {
    const error = { code: 'insufficient_quota', message: 'Please try again in 1s.' };
    expect(failureOfError(error)).not.toHaveProperty('retryAfterMs');
  });

  it('says which setting to look at', () => {
    expect(failureOfError({ code: 'invalid_api_key' }).message).toContain('OPENAI_API_KEY');
    expect(failureOfError({ code: 'invalid_model' }).message).toContain('OPENAI_REALTIME_MODEL');
  });
});

describe('failureOfConfiguration', () => {
  it('takes a refused field for good, and names it', () => {
    const error = { type: 'invalid_request_error', code: 'unknown_parameter', param: 'session.audio.voice' };
    const failure = failureOfConfiguration(error);
    expect(failure).toMatchObject({ kind: 'fatal', code: 'unknown_parameter' });
    expect(failure.message).toContain('session.audio.voice');
  });

  it.each([
    { type: 'server_error', code: null },
    { type: 'tokens', code: 'rate_limit_exceeded' },
    { type: 'rate_limit_error', code: 'too_busy' },
  ])('tries again after trouble that the configuration has no part in: %j', (error) => {
    expect(failureOfConfiguration(error).kind).toBe('retryable');
  });

  it('keeps the cure for a key that is not taken', () => {
    expect(failureOfConfiguration({ code: 'invalid_api_key' })).toEqual(failureOfError({ code: 'invalid_api_key' }));
  });
});

describe('failureOfClose', () => {
  it.each([
    [3000, 'invalid_request_error.invalid_api_key', 'invalid_api_key'],
    [4000, 'invalid_request_error.missing_model', 'missing_model'],
    [4004, 'model_not_found', 'model_not_found'],
    [4000, '', 'close-4000'],
    [3000, 'Something went wrong.', 'close-3000'],
    [4999, 'x'.repeat(123), 'x'.repeat(123)],
  ])('takes a close %i "%s" for good', (code, reason, named) => {
    expect(failureOfClose(code, reason, undefined)).toMatchObject({ kind: 'fatal', code: named });
  });

  it.each([1000, 1001, 1005, 1006, 1011, 1012, 1013])('connects anew after a close %i', (code) => {
    expect(failureOfClose(code, '', undefined)).toMatchObject({ kind: 'retryable', code: `close-${code}` });
  });

  it('knows the end of the longest session by the error before it', () => {
    const expired = failureOfError({ code: 'session_expired' });
    expect(failureOfClose(1001, 'Your session hit the maximum duration of 60 minutes.', expired)).toMatchObject({
      kind: 'retryable',
      code: 'session_expired',
    });
  });

  it('keeps to a fatal error that came before an ordinary close', () => {
    const quota = failureOfError({ code: 'insufficient_quota' });
    expect(failureOfClose(1000, '', quota)).toEqual(quota);
  });

  it('does not take a harmless error before the close for its cause', () => {
    const harmless = failureOfError({ code: 'response_cancel_not_active' });
    expect(failureOfClose(1006, '', harmless)).toMatchObject({ kind: 'retryable', code: 'close-1006' });
  });
});

describe('failureOfStatus', () => {
  it.each([408, 429, 500, 502, 503, 504])('tries again after %i', (status) => {
    expect(failureOfStatus(status)).toMatchObject({ kind: 'retryable', code: `http-${status}` });
  });

  it.each([301, 400, 401, 403, 404, 426])('takes %i for good', (status) => {
    expect(failureOfStatus(status)).toMatchObject({ kind: 'fatal', code: `http-${status}` });
  });

  it.each([
    ['3', 3_000],
    ['999999', 30_000],
    ['0', undefined],
    ['-1', undefined],
    ['1e9', undefined],
    ['Fri, 31 Dec 2027 23:59:59 GMT', undefined],
    [undefined, undefined],
  ])('makes of Retry-After %j a wait of %p ms', (header, retryAfterMs) => {
    expect(failureOfStatus(429, header).retryAfterMs).toBe(retryAfterMs);
    expect(failureOfStatus(401, header)).not.toHaveProperty('retryAfterMs');
  });

  it('points to the key or to the URL', () => {
    expect(failureOfStatus(401).message).toContain('OPENAI_API_KEY');
    expect(failureOfStatus(404).message).toContain('OPENAI_REALTIME_URL');
  });
});
