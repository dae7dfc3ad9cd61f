import { alaw, mulaw } from 'alawmulaw';
import { type G711Law } from '../line.port.js';
import { levelDbfs } from './speech-level.js';

const CODEC = { pcmu: mulaw, pcma: alaw };
const LAWS: G711Law[] = ['pcmu', 'pcma'];

function sine(peak: number): Int16Array {
  return Int16Array.from({ length: 800 }, (_, at) => Math.round(peak * 32_767 * Math.sin((2 * Math.PI * at) / 16)));
}

describe.each(LAWS)('levelDbfs of %s', (law) => {
  it('agrees with an independent decoder on every byte', () => {
    for (let byte = 0; byte < 256; byte++) {
      const sample = CODEC[law].decodeSample(byte);
      const expected = 20 * Math.log10(Math.max(1, Math.abs(sample)) / 32_768);
      expect([byte, levelDbfs(law, Buffer.from([byte]))]).toEqual([byte, expect.closeTo(expected, 3)]);
    }
  });

  it.each([
    [0.9, -3.9],
    [0.1, -23],
    [0.01, -43],
  ])('is the effective value of a tone with peak %d', (peak, dbfs) => {
    const audio = CODEC[law].encode(sine(peak));
    expect(levelDbfs(law, audio)).toBeGreaterThan(dbfs - 0.5);
    expect(levelDbfs(law, audio)).toBeLessThan(dbfs + 0.5);
  });

  it('is far below any voice for silence and for nothing', () => {
    expect(levelDbfs(law, Buffer.alloc(160, law === 'pcmu' ? 0xff : 0xd5))).toBeLessThan(-70);
    expect(levelDbfs(law, Buffer.alloc(0))).toBeLessThan(-70);
  });
});
