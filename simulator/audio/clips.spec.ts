import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLIP_NAMES, isClipName, loadClip, readTelephoneAudio } from './clips.js';
import { levelDbfs, soundSpans } from './energy.js';
import { tone } from './signals.js';
import { encodeWav } from './wav.js';

describe('the speech clips', () => {
  it.each(CLIP_NAMES)('%s is speech at telephone level, trimmed, not clipped', (name) => {
    const clip = loadClip(name);
    const spans = soundSpans(clip);
    expect(levelDbfs(clip)).toBeCloseTo(-21, 0);
    expect(clip.some((sample) => Math.abs(sample) >= 32_767)).toBe(false);
    expect(spans[0]?.fromMs).toBeLessThan(150);
    expect(clip.length / 8 - (spans.at(-1)?.toMs ?? 0)).toBeLessThan(300);
  });

  it('has a long answer to interrupt, of eight to ten seconds', () => {
    const durationMs = loadClip('assistant-answer-long').length / 8;
    expect(durationMs).toBeGreaterThan(8000);
    expect(durationMs).toBeLessThan(10_000);
  });

  it('knows its names', () => {
    expect(isClipName('assistant-greeting')).toBe(true);
    expect(isClipName('toString')).toBe(false);
  });
});

describe('any WAV as telephone audio', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-wav-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is mixed to mono and brought to 8 kHz', () => {
    const path = join(folder, 'stereo.wav');
    const left = Int16Array.from({ length: 16_000 }, (_, i) => 10_000 * Math.sin((2 * Math.PI * 440 * i) / 16_000));
    writeFileSync(path, encodeWav(16_000, [left, new Int16Array(16_000)]));
    const audio = readTelephoneAudio(path);
    expect(audio).toHaveLength(8000);
    expect(levelDbfs(audio)).toBeCloseTo(levelDbfs(left) - 6.02, 1);
  });

  it('is left alone when it is that already', () => {
    const path = join(folder, 'mono.wav');
    const sound = tone(440, 100);
    writeFileSync(path, encodeWav(8000, [sound]));
    expect(readTelephoneAudio(path)).toEqual(sound);
  });
});
