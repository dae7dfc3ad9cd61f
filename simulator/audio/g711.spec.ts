import alawmulaw from 'alawmulaw';
import { decodeG711, encodeG711, silenceByte } from './g711.js';

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const everySample = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768);

describe('G.711', () => {
  it('decodes every mu-law and A-law byte as an independent codec does', () => {
    expect([...decodeG711('PCMU', everyByte)]).toEqual([...alawmulaw.mulaw.decode(everyByte)]);
    expect([...decodeG711('PCMA', everyByte)]).toEqual([...alawmulaw.alaw.decode(everyByte)]);
  });

  it('encodes every 16-bit sample to within one quantisation step of an independent codec', () => {
    for (const [law, oracle] of [
      ['PCMU', alawmulaw.mulaw],
      ['PCMA', alawmulaw.alaw],
    ] as const) {
      const ours = decodeG711(law, encodeG711(law, everySample));
      const theirs = decodeG711(law, oracle.encode(everySample));
      let worse = 0;
      everySample.forEach((sample, i) => {
        const ourError = Math.abs((ours[i] ?? 0) - sample);
        const theirError = Math.abs((theirs[i] ?? 0) - sample);
        if (ourError > theirError + 8) worse++;
      });
      expect(worse).toBe(0);
    }
  });

  it('has a silence byte that decodes to (nearly) nothing', () => {
    expect(Math.abs(decodeG711('PCMU', Uint8Array.of(silenceByte('PCMU')))[0] ?? 99)).toBeLessThanOrEqual(8);
    expect(Math.abs(decodeG711('PCMA', Uint8Array.of(silenceByte('PCMA')))[0] ?? 99)).toBeLessThanOrEqual(8);
  });
});
