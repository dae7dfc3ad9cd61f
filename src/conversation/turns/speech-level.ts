import { type G711Law } from '../line.port.js';

/** Mean square of full scale, as dBFS are counted from. */
const FULL_SCALE_SQUARE = 32_768 ** 2;

function muLawSquare(byte: number): number {
  const inverted = ~byte & 0xff;
  return (((((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4)) - 0x84) ** 2;
}

function aLawSquare(byte: number): number {
  const toggled = byte ^ 0x55;
  const segment = (toggled & 0x70) >> 4;
  const base = ((toggled & 0x0f) << 4) + 8;
  return (segment === 0 ? base : (base + 0x100) << (segment - 1)) ** 2;
}

const SQUARES: Record<G711Law, Float64Array> = {
  pcmu: Float64Array.from({ length: 256 }, (_, byte) => muLawSquare(byte)),
  pcma: Float64Array.from({ length: 256 }, (_, byte) => aLawSquare(byte)),
};

/** Level of a piece of G.711 in dBFS (0 is full scale; silence is about -80). */
export function levelDbfs(law: G711Law, audio: Uint8Array): number {
  const squares = SQUARES[law];
  let sum = 0;
  for (const byte of audio) sum += squares[byte] ?? 0;
  return 10 * Math.log10(Math.max(sum / Math.max(1, audio.length), 1) / FULL_SCALE_SQUARE);
}
