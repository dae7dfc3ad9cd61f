/**
 * Reads the keys and values of a JSON object straight from its bytes, without building a string or an object.
 *
 * For the two messages that come fifty times a second and call (Telnyx `media`, OpenAI `response.output_audio.delta`).
 * It understands the plain subset those are written in: no white space, no escapes, no arrays; strings, numbers and
 * literals, and objects, which the caller may enter. Anything else ends the scan with `ok === false`, and the caller
 * turns to JSON.parse. What it passes over inside strings it does not look at: the reader checks the values it takes.
 */
export class FlatJsonScanner {
  /** False once something was met that this scanner does not understand. */
  ok = true;
  /** First byte of the current key and the byte behind its last. */
  keyStart = 0;
  keyEnd = 0;
  /** The current value; for a string without its quotes. */
  valueStart = 0;
  valueEnd = 0;
  valueKind: 'string' | 'bare' | 'object' = 'bare';

  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  private depth = 0;
  private first = true;

  /** Starts on a message; false if it does not begin like an object. */
  begin(bytes: Buffer): boolean {
    this.bytes = bytes;
    this.at = 1;
    this.depth = 1;
    this.first = true;
    this.ok = bytes.length > 1 && bytes[0] === OPEN_BRACE && bytes.indexOf(BACKSLASH) === -1;
    return this.ok;
  }

  /**
   * Moves to the next key and value. False at the end of the current object (or when `ok` has become false).
   * Objects are entered: their keys come next, and their end is reported by one `false`.
   */
  next(): boolean {
    const { bytes } = this;
    if (!this.ok) return false;
    let byte = bytes[this.at];
    if (byte === CLOSE_BRACE) {
      if (this.first && this.depth === 0) return this.fail();
      this.at++;
      this.depth--;
      this.first = false;
      return false;
    }
    if (!this.first) {
      if (byte !== COMMA) return this.fail();
      byte = bytes[++this.at];
    }
    this.first = false;
    if (byte !== QUOTE) return this.fail();
    this.keyStart = this.at + 1;
    if (!this.skipString()) return false;
    this.keyEnd = this.at - 1;
    if (bytes[this.at] !== COLON) return this.fail();
    byte = bytes[++this.at];
    if (byte === QUOTE) {
      this.valueKind = 'string';
      this.valueStart = this.at + 1;
      if (!this.skipString()) return false;
      this.valueEnd = this.at - 1;
      return true;
    }
    if (byte === OPEN_BRACE) {
      this.valueKind = 'object';
      this.at++;
      this.depth++;
      this.first = true;
      return true;
    }
    this.valueKind = 'bare';
    this.valueStart = this.at;
    while (isBare(bytes[this.at])) this.at++;
    this.valueEnd = this.at;
    return this.isNumberOrLiteral() || this.fail();
  }

  /** True when the whole message has been walked over and nothing follows it. */
  get atEnd(): boolean {
    return this.ok && this.depth === 0 && this.at === this.bytes.length;
  }

  /** Whether the current key is `name` (its ASCII bytes). */
  keyIs(name: Buffer): boolean {
    return equals(this.bytes, this.keyStart, this.keyEnd, name);
  }

  /** Whether the current value is the string or literal `text` (its ASCII bytes). */
  valueIs(text: Buffer): boolean {
    return equals(this.bytes, this.valueStart, this.valueEnd, text);
  }

  /** The current value as a non-negative whole number of at most 15 digits; -1 if it is none. */
  valueAsCount(): number {
    const digits = this.valueEnd - this.valueStart;
    if (digits < 1 || digits > 15) return -1;
    let value = 0;
    for (let i = this.valueStart; i < this.valueEnd; i++) {
      const digit = (this.bytes[i] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }

  /**
   * Moves from an opening quote to behind the closing one. Keys and ids are short and walked over here; the search for
   * the end of a longer string (audio) is left to native code, which wins from about 40 bytes on.
   */
  private skipString(): boolean {
    const { bytes } = this;
    const from = this.at + 1;
    let i = from;
    while (i < from + 40 && bytes[i] !== QUOTE) i++;
    if (bytes[i] !== QUOTE) i = bytes.indexOf(QUOTE, i);
    if (i === -1 || i >= bytes.length) return this.fail();
    this.at = i + 1;
    return true;
  }

  private isNumberOrLiteral(): boolean {
    const text = this.bytes.toString('latin1', this.valueStart, this.valueEnd);
    return (
      text === 'null' || text === 'true' || text === 'false' || /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)
    );
  }

  private fail(): false {
    this.ok = false;
    return false;
  }
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** Bytes of numbers and of true, false, null. */
function isBare(byte: number | undefined): boolean {
  return (
    byte !== undefined &&
    ((byte >= 0x30 && byte <= 0x39) ||
      (byte >= 0x61 && byte <= 0x7a) ||
      byte === 0x2d ||
      byte === 0x2b ||
      byte === 0x2e ||
      byte === 0x45)
  );
}

function equals(bytes: Buffer, start: number, end: number, text: Buffer): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false;
  return true;
}

/** 1 for every byte that is no character of base64. */
const IS_STRANGE = new Uint8Array(256).fill(1);
for (const byte of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'))
  IS_STRANGE[byte] = 0;

/**
 * How many bytes a piece of base64 stands for.
 * @returns the decoded length, or -1 if it is not base64 with its padding (RFC 4648, standard alphabet) or is empty.
 */
export function base64DecodedBytes(bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length === 0 || length % 4 !== 0) return -1;
  let padding = 0;
  if (bytes[end - 1] === 0x3d) padding = bytes[end - 2] === 0x3d ? 2 : 1;
  const last = end - padding;
  // Without a branch for each character: this runs over every frame of audio.
  let strange = 0;
  for (let i = start; i < last; i++) strange |= IS_STRANGE[bytes[i] ?? 0] ?? 1;
  return strange === 0 ? (length / 4) * 3 - padding : -1;
}
