import fc from 'fast-check';
import { loadClip } from '../audio/clips.js';
import { concat, noise, silence, tone } from '../audio/signals.js';
import { AssistantEar } from './assistant-ear.js';

function earWith(...parts: Int16Array[]): AssistantEar {
  const ear = new AssistantEar();
  ear.hear(concat(...parts));
  return ear;
}

describe('what the caller hears of the assistant', () => {
  it('begins and ends where it sounds', () => {
    const ear = earWith(silence(500), tone(400, 300), silence(100), tone(400, 200), silence(900), tone(400, 100));
    expect(ear.spans).toEqual([
      { fromMs: 500, toMs: 1100 },
      { fromMs: 2000, toMs: 2100 },
    ]);
    expect(ear.nowMs).toBe(2100);
    expect(ear.startedAfter(0)).toBe(500);
    expect(ear.startedAfter(501)).toBe(2000);
    expect(ear.startedAfter(2001)).toBeUndefined();
    expect(ear.lastSoundAfter(1500)).toBe(2100);
    expect(ear.lastSoundAfter(2100)).toBeUndefined();
  });

  it('is the same in whatever pieces it comes', () => {
    const audio = concat(silence(300), loadClip('assistant-greeting'), silence(500));
    const whole = earWith(audio).spans;
    expect(whole.length).toBeGreaterThan(0);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 30 }), (sizes) => {
        const ear = new AssistantEar();
        let at = 0;
        for (let i = 0; at < audio.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          if (sizes.every((each) => each < 50)) return;
          ear.hear(audio.subarray(at, at + size));
          at += size;
        }
        expect(ear.spans).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  it('is not the comfort noise of the line, nor a click', () => {
    expect(earWith(noise(2000, -34.6), tone(1000, 10), silence(500)).spans).toEqual([]);
  });
});
