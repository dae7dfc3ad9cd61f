/** Bytes that base64 text stands for: four characters are three bytes; one or two `=` at the end stand for none. */
export function decodedBytes(base64: Buffer): number {
  const { length } = base64;
  const padding = base64[length - 1] === 0x3d ? (base64[length - 2] === 0x3d ? 2 : 1) : 0;
  return (length * 3) / 4 - padding;
}
