import { levelDbfs, levelPerWindow, rms, SILENCE_DBFS, soundSpans } from './energy.js';
import { concat, noise, silence, tone } from './signals.js';

describe('levels', () => {
  it('are in dBFS: full-scale square 0, full-scale sine -3, silence at the floor', () => {
    expect(levelDbfs(Int16Array.from({ length: 800 }, (_, i) => (i % 2 ? 32_767 : -32_768)))).toBeCloseTo(0, 2);
    expect(levelDbfs(tone(500, 100, -3.01))).toBeCloseTo(-3.01, 1);
    expect(levelDbfs(silence(100))).toBe(SILENCE_DBFS);
    expect(levelDbfs(new Int16Array())).toBe(SILENCE_DBFS);
  });

  it('take only the samples asked for, and none beyond the ends', () => {
    const samples = Int16Array.of(100, 100, 0, 0);
    expect(rms(samples, 0, 2)).toBe(100);
    expect(rms(samples, 2)).toBe(0);
    expect(rms(samples, -5, 1)).toBe(100);
    expect(rms(samples, 3, 99)).toBe(0);
  });

  it('come one per window, a shorter last one included', () => {
    const levels = levelPerWindow(concat(silence(20), tone(400, 30, -20)), 20);
    expect(levels).toHaveLength(3);
    expect(levels[0]).toBe(SILENCE_DBFS);
    expect(levels[1]).toBeCloseTo(-20, 0);
    expect(levels[2]).toBeCloseTo(-20, 0);
  });
});

describe('sound spans', () => {
  it('are where it sounds, with short pauses inside and long ones between', () => {
    const recording = concat(
      silence(500),
      tone(400, 300),
      silence(200),
      tone(600, 300),
      silence(1000),
      tone(500, 400),
      silence(300),
    );
    expect(soundSpans(recording)).toEqual([
      { fromMs: 500, toMs: 1300 },
      { fromMs: 2300, toMs: 2700 },
    ]);
    expect(soundSpans(recording, { pauseMs: 100 })).toHaveLength(3);
  });

  it('do not take comfort noise or clicks for sound', () => {
    expect(soundSpans(noise(3000, -34.6))).toEqual([]);
    expect(soundSpans(concat(silence(100), tone(1000, 20), silence(100)))).toEqual([]);
  });
});
