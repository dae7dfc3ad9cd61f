import { failureOf } from './delivery-failure.js';

const NOW_MS = Date.UTC(2026, 10, 22, 12, 0, 0);
const outcome = (status: number, retryAfter?: string) => {
  const failure = failureOf({ status, retryAfter }, NOW_MS);
  return failure && { final: failure.final, retryAfterMs: failure.retryAfterMs };
};

describe('an answer to a report', () => {
  it.each([200, 201, 202, 204, 299])('takes %d for "received"', (status) => {
    expect(outcome(status)).toBeUndefined();
  });

  it.each([301, 302, 307, 308, 408, 409, 425, 429, 500, 502, 503, 504])('takes %d for "later"', (status) => {
    expect(outcome(status)).toEqual({ final: false, retryAfterMs: undefined });
  });

  it.each([400, 401, 403, 404, 405, 410, 413, 415, 422])('takes %d for "never"', (status) => {
    expect(outcome(status)).toEqual({ final: true, retryAfterMs: undefined });
  });

  it('reads when to come back, in seconds or as a date, from 429 and 503 alone', () => {
    for (const status of [429, 503]) {
      expect(outcome(status, '7')?.retryAfterMs).toBe(7_000);
      expect(outcome(status, '0')?.retryAfterMs).toBe(0);
      expect(outcome(status, 'Sun, 22 Nov 2026 12:00:30 GMT')?.retryAfterMs).toBe(30_000);
      expect(outcome(status, 'Sun, 22 Nov 2026 11:00:00 GMT')?.retryAfterMs).toBe(0);
      for (const nonsense of ['', 'soon', 'soon GMT', '-5', '99999999999', '1e3'])
        expect([nonsense, outcome(status, nonsense)?.retryAfterMs]).toEqual([nonsense, undefined]);
    }
    expect(outcome(500, '7')?.retryAfterMs).toBeUndefined();
  });
});
