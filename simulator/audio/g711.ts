/** The two G.711 laws under the names that Telnyx gives them. One byte is one sample at 8 kHz: 8 bytes are 1 ms. */
export type G711Law = 'PCMU' | 'PCMA';

/** Bytes of G.711 in one millisecond. */
export const G711_BYTES_PER_MS = 8;

/** The byte that decodes to silence in the given law (mu-law 0xFF, A-law 0xD5). */
export function silenceByte(law: G711Law): number {
  return law === 'PCMU' ? 0xff : 0xd5;
}

function decodeMuLaw(byte: number): number {
  const inverted = ~byte & 0xff;
  const magnitude = (((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4);
  return inverted & 0x80 ? 0x84 - magnitude : magnitude - 0x84;
}

function decodeALaw(byte: number): number {
  const toggled = byte ^ 0x55;
  const segment = (toggled & 0x70) >> 4;
  const base = ((toggled & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? base : (base + 0x100) << (segment - 1);
  return toggled & 0x80 ? magnitude : -magnitude;
}

const DECODE: Record<G711Law, Int16Array> = {
  PCMU: Int16Array.from({ length: 256 }, (_, byte) => decodeMuLaw(byte)),
  PCMA: Int16Array.from({ length: 256 }, (_, byte) => decodeALaw(byte)),
};

/** Segment number (0..7) of a magnitude that has been shifted so that segment 0 ends at 0xFF. */
function segmentOf(magnitude: number): number {
  return magnitude <= 0xff ? 0 : 24 - Math.clz32(magnitude);
}

function encodeMuLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32_635) + 0x84;
  const segment = segmentOf(magnitude);
  return ~(sign | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)) & 0xff;
}

function encodeALaw(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  const magnitude = Math.min(sample >= 0 ? sample : -sample - 1, 32_767);
  const segment = segmentOf(magnitude);
  const mantissa = segment === 0 ? magnitude >> 4 : magnitude >> (segment + 3);
  return (sign | (segment << 4) | (mantissa & 0x0f)) ^ 0x55;
}

/** 16-bit samples at 8 kHz in, one G.711 byte per sample out. */
export function encodeG711(law: G711Law, samples: Int16Array): Buffer {
  const encode = law === 'PCMU' ? encodeMuLaw : encodeALaw;
  const bytes = Buffer.allocUnsafe(samples.length);
  for (let i = 0; i < samples.length; i++) bytes[i] = encode(samples[i] ?? 0);
  return bytes;
}

/** G.711 bytes in, 16-bit samples at 8 kHz out. */
export function decodeG711(law: G711Law, bytes: Uint8Array): Int16Array {
  const table = DECODE[law];
  const samples = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) samples[i] = table[bytes[i] ?? 0] ?? 0;
  return samples;
}
