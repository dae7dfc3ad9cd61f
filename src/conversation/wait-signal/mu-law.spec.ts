import { mulaw } from 'alawmulaw';
import { muLawByte } from './mu-law.js';

describe('muLawByte', () => {
  it('agrees with an independent encoder on every sample of 16 bits', () => {
    const samples = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768);
    const ours = Buffer.from(Array.from(samples, muLawByte));
    expect(ours.equals(mulaw.encode(samples))).toBe(true);
  });
});
