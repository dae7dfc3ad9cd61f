import { decodeAudio, encodeAudio } from './audio-format.js';
import { heardTone, REPLY_TONES_HZ, speakingMs, synthesiseVoice } from './voice-synth.js';

describe('the synthetic voice', () => {
  it('can be told from every other reply in any 100 ms of it, through every format', () => {
    for (const format of [
      { type: 'audio/pcmu' },
      { type: 'audio/pcma' },
      { type: 'audio/pcm', rate: 24000 },
    ] as const) {
      for (const toneHz of REPLY_TONES_HZ) {
        const heard = decodeAudio(format, encodeAudio(format, synthesiseVoice(toneHz, 1000)));
        for (let at = 0; at < heard.length; at += 800) {
          expect(heardTone(heard.subarray(at, at + 800))).toBe(toneHz);
        }
      }
    }
  });

  it('is heard as nothing when there is silence, and when two voices are mixed with noise', () => {
    expect(heardTone(new Int16Array(800))).toBeUndefined();
    expect(heardTone(Int16Array.from({ length: 800 }, (_, i) => ((i * 7919) % 8000) - 4000))).toBeUndefined();
  });

  it('takes longer for a longer text', () => {
    expect(speakingMs('')).toBe(400);
    expect(speakingMs('x'.repeat(100))).toBe(7000);
  });
});
