import { levelDbfs } from './energy.js';
import { resample } from './resample.js';

/** A sine of the given rate, two seconds, -9 dBFS. */
function sine(hz: number, rateHz: number): Int16Array {
  return Int16Array.from({ length: 2 * rateHz }, (_, i) => 16_384 * Math.sin((2 * Math.PI * hz * i) / rateHz));
}

/** The level without the first and last 50 ms, where the filter looks over the edge. */
function steadyLevelDbfs(samples: Int16Array): number {
  return levelDbfs(samples, 400, samples.length - 400);
}

describe('resampling to 8 kHz', () => {
  it.each([48_000, 44_100, 24_000, 22_050, 16_000, 11_025, 4000])(
    'keeps length and level of 1 kHz from %i Hz',
    (rateHz) => {
      const output = resample(sine(1000, rateHz), rateHz);
      expect(output).toHaveLength(16_000);
      expect(steadyLevelDbfs(output)).toBeCloseTo(-9.03, 1);
    },
  );

  it.each([48_000, 22_050, 16_000])(
    'adds no delay and no distortion (from %i Hz, against the ideal sine)',
    (rateHz) => {
      const output = resample(sine(1000, rateHz), rateHz);
      const error = output.map((sample, i) => sample - 16_384 * Math.sin((2 * Math.PI * 1000 * i) / 8000));
      expect(steadyLevelDbfs(error)).toBeLessThan(-65);
    },
  );

  it.each([48_000, 44_100, 16_000])('keeps out what 8 kHz cannot carry (5 kHz at %i Hz)', (rateHz) => {
    expect(steadyLevelDbfs(resample(sine(5000, rateHz), rateHz))).toBeLessThan(-60);
  });

  it('hands back the input when the rate is right', () => {
    const samples = sine(440, 8000);
    expect(resample(samples, 8000)).toBe(samples);
  });

  it('does not overflow on full-scale clicks', () => {
    const clicks = Int16Array.from({ length: 4800 }, (_, i) => (i % 96 < 48 ? 32_767 : -32_768));
    const output = resample(clicks, 48_000);
    expect(output.some((sample, i) => Math.abs(sample - (output[i - 1] ?? 0)) > 65_000)).toBe(false);
  });
});
