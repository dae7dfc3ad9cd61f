import fc from 'fast-check';
import { decodeG711 } from '../audio/g711.js';
import { type AudioFormat, encodeAudio } from './audio-format.js';
import { LevelMeter } from './level-meter.js';

function levels(format: AudioFormat, pieces: Buffer[]): number[] {
  const meter = new LevelMeter(format);
  const heard: number[] = [];
  for (const piece of pieces) meter.feed(piece, (rms) => heard.push(rms));
  return heard;
}

describe('LevelMeter', () => {
  it('gives the root mean square of every 20 ms of mu-law', () => {
    const bytes = Buffer.alloc(160, 0x80);
    const loudest = decodeG711('PCMU', bytes)[0] ?? 0;
    expect(levels({ type: 'audio/pcmu' }, [bytes])).toEqual([Math.abs(loudest)]);
  });

  it('reads the same loudness out of PCM at 24 kHz as out of G.711', () => {
    const tone = Int16Array.from({ length: 800 }, (_, i) => 8000 * Math.sin(i / 5));
    const [ulaw = [], alaw = [], pcm = []] = (
      [{ type: 'audio/pcmu' }, { type: 'audio/pcma' }, { type: 'audio/pcm', rate: 24000 }] as const
    ).map((format) => levels(format, [encodeAudio(format, tone)]));
    expect(pcm).toHaveLength(5);
    pcm.forEach((rms, i) => {
      expect((ulaw[i] ?? 0) / rms).toBeCloseTo(1, 1);
      expect((alaw[i] ?? 0) / rms).toBeCloseTo(1, 1);
    });
  });

  it('does not care how the audio is cut into appends', () => {
    const format: AudioFormat = { type: 'audio/pcm', rate: 24000 };
    const bytes = encodeAudio(
      format,
      Int16Array.from({ length: 900 }, (_, i) => ((i * 7919) % 20_000) - 10_000),
    );
    const whole = levels(format, [bytes]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 40 }), (sizes) => {
        const pieces: Buffer[] = [];
        let at = 0;
        for (const size of sizes) {
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        pieces.push(bytes.subarray(at));
        expect(levels(format, pieces)).toEqual(whole);
      }),
    );
  });
});
