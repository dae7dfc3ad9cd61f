/** Added to a magnitude so that each of the eight segments begins at a power of two (G.711, 14 bits scaled to 16). */
const BIAS = 0x84;
const MOST = 0x7fff;

/** Encodes one sample of 16 bits as a mu-law byte. */
export function muLawByte(sample: number): number {
  const magnitude = Math.min(Math.abs(sample) + BIAS, MOST);
  // The first segment has its highest bit at 7, the last one at 14.
  const segment = 24 - Math.clz32(magnitude);
  const step = (magnitude >> (segment + 3)) & 0x0f;
  return ~((sample < 0 ? 0x80 : 0) | (segment << 4) | step) & 0xff;
}
