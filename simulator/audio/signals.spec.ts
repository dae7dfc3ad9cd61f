import { levelDbfs, levelPerWindow } from './energy.js';
import { atLevel, babble, concat, noise, silence, tone } from './signals.js';

describe('test signals', () => {
  it.each([-6, -20, -45])('have the level that was asked for (%i dBFS)', (dbfs) => {
    expect(levelDbfs(tone(440, 1000, dbfs))).toBeCloseTo(dbfs, 1);
    expect(levelDbfs(noise(1000, dbfs))).toBeCloseTo(dbfs, 0);
    // Speech has peaks; at -6 they would be cut.
    if (dbfs < -15) expect(levelDbfs(babble(3000, dbfs))).toBeCloseTo(dbfs, 0);
  });

  it('have the length that was asked for', () => {
    expect([tone(440, 125), noise(125), babble(125), silence(125)].map((signal) => signal.length)).toEqual([
      1000, 1000, 1000, 1000,
    ]);
  });

  it('are the same for the same seed and differ for another', () => {
    expect(noise(100, -20, 7)).toEqual(noise(100, -20, 7));
    expect(noise(100, -20, 7)).not.toEqual(noise(100, -20, 8));
    expect(babble(500, -20, 7)).toEqual(babble(500, -20, 7));
    expect(babble(500, -20, 7)).not.toEqual(babble(500, -20, 8));
  });

  it('puts a tone at its frequency', () => {
    const signal = tone(1000, 1000);
    const crossings = signal.filter((sample, i) => i > 0 && sample >= 0 && (signal[i - 1] ?? 0) < 0).length;
    expect(Math.abs(crossings - 1000)).toBeLessThanOrEqual(2);
  });

  it('gives babble the rhythm of speech: syllables with gaps, not a steady sound', () => {
    const levels = levelPerWindow(babble(3000, -20), 20);
    expect(levels.filter((level) => level > -25).length).toBeGreaterThan(40);
    expect(levels.filter((level) => level < -40).length).toBeGreaterThan(15);
  });

  it('cuts peaks instead of wrapping them', () => {
    const loud = atLevel(Float64Array.of(0, 0, 0, 1, -1), 0);
    expect([...loud]).toEqual([0, 0, 0, 32_767, -32_768]);
  });

  it('joins pieces', () => {
    expect([...concat(Int16Array.of(1, 2), silence(0), Int16Array.of(3))]).toEqual([1, 2, 3]);
  });
});
