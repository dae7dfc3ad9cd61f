import { loadClip } from '../audio/clips.js';
import { decodeG711, encodeG711 } from '../audio/g711.js';
import { concat, silence } from '../audio/signals.js';
import { heardThroughMs } from './heard-clip.js';

describe('how far a clip was heard', () => {
  const clip = loadClip('assistant-booked');
  const clipMs = clip.length / 8;
  const heard = decodeG711('PCMU', encodeG711('PCMU', clip));
  const before = [loadClip('assistant-keys'), silence(700)];

  it('is its whole length when nothing is missing', () => {
    expect(heardThroughMs(concat(...before, heard, silence(500)), clip)).toBe(clipMs);
    expect(heardThroughMs(concat(heard), clip)).toBe(clipMs);
  });

  it.each([300, 600, 2500])('is less when the last %d ms are missing', (missingMs) => {
    const cut = heard.subarray(0, heard.length - missingMs * 8);
    const throughMs = heardThroughMs(concat(...before, cut, silence(3000)), clip);
    expect(throughMs).toBeLessThanOrEqual(clipMs - 120);
    expect(throughMs).toBeGreaterThan(clipMs - missingMs - 1100);
  });

  it.each([90, 400, 900])('is its whole length when it stuttered for %d ms', (gapMs) => {
    const [first, rest] = [heard.subarray(0, 8 * 2700), heard.subarray(8 * 2700)];
    expect(heardThroughMs(concat(...before, first, silence(gapMs), rest, silence(500)), clip)).toBe(clipMs);
  });

  it('is nothing when something else was said', () => {
    expect(heardThroughMs(concat(...before), clip)).toBeUndefined();
    expect(heardThroughMs(silence(3000), clip)).toBeUndefined();
  });
});
