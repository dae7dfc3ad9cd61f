import { config, LEAST, load, problem } from '../spec-support.js';

describe('the drain', () => {
  it('is set in seconds, and milliseconds inside', () => {
    expect(config().drain).toEqual({ handoverAfterMs: 180_000, deadlineMs: 3_600_000 });
    expect(config({ DRAIN_DEADLINE: '90' }).drain.deadlineMs).toBe(90_000);
    expect(problem({ DRAIN_DEADLINE: '1h' })).toMatch(/^DRAIN_DEADLINE: is not a number; .*\(s\)/);
  });

  it('that ends calls before it would hand them over is pointed out', () => {
    const shared = { ...LEAST, REDIS_URL: 'redis://redis', STREAM_TOKEN_SECRET: 'a-secret-of-32-characters-or-so!' };
    expect(load({ ...shared, DRAIN_DEADLINE: '60' }).warnings).toEqual([
      expect.stringMatching(/^DRAIN_HANDOVER_AFTER: is never reached/),
    ]);
    expect(load({ ...shared, DRAIN_DEADLINE: '60', DRAIN_HANDOVER_AFTER: '0' }).warnings).toEqual([]);
    expect(load({ ...LEAST, DRAIN_DEADLINE: '60' }).warnings).toEqual([]);
  });
});
