import { createHash } from 'node:crypto';

/**
 * A UUID (version 8, RFC 9562) made of what it is for: the same parts give the same one, in any process and at any time.
 * @param parts the first says what kind of thing it is for, so that two kinds never share one.
 */
export function uuidOf(...parts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
