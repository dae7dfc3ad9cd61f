import fc from 'fast-check';
import { median, Samples } from './samples.js';

describe('measured samples', () => {
  it('give exact quantiles, whatever the order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 3000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const samples = new Samples();
          for (const value of values) samples.add(value);
          const quantile = samples.quantile(share);
          expect(values.some((value) => value === quantile)).toBe(true);
          expect(values.filter((value) => value <= quantile).length).toBeGreaterThanOrEqual(share * values.length);
          expect(values.filter((value) => value < quantile).length).toBeLessThanOrEqual(share * values.length);
        },
      ),
    );
  });

  it('sum up to count, p50, p99 and maximum', () => {
    const samples = new Samples();
    for (let i = 1; i <= 1000; i++) samples.add(i);
    expect(samples.summary()).toEqual({ count: 1000, p50: 500, p99: 990, max: 1000 });
    expect(new Samples().summary()).toEqual({ count: 0, p50: NaN, p99: NaN, max: NaN });
  });

  it('have a median, also of an even number', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2.5, NaN]);
  });
});
