import { fromText, problem, type Problem } from './schemas.js';

const RAW_KEY_BYTES = 32;
/** How DER writes "Ed25519 public key" before the 32 bytes (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const WANTED = 'give the base64 of the 32 bytes, 44 characters, as the portal shows it under API Keys, Public Key';

/**
 * The keys in TELNYX_PUBLIC_KEY: several, separated by commas or spaces, while one replaces another.
 * In: the variable's text (already checked by `publicKeys`). Out: each key as base64 of its raw 32 bytes.
 */
export function publicKeyList(value: string): string[] {
  return value.split(/[\s,]+/).filter((key) => key !== '');
}

function keyProblem(key: string): string | undefined {
  if (/^[0-9a-f]{64}$/i.test(key)) return `is in hexadecimal; ${WANTED}`;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(key)) return `is not base64; ${WANTED}`;
  const bytes = Buffer.from(key, 'base64');
  if (bytes.length === RAW_KEY_BYTES) return undefined;
  if (
    bytes.length === SPKI_PREFIX.length + RAW_KEY_BYTES &&
    bytes.subarray(0, SPKI_PREFIX.length).equals(SPKI_PREFIX)
  ) {
    return `is the DER form (44 bytes), which holds the key in its last 32; ${WANTED}`;
  }
  return `decodes to ${bytes.length} bytes; ${WANTED}`;
}

/** TELNYX_PUBLIC_KEY: stays text (it lives in a `Secret`), after every key in it was checked. */
export const publicKeys = fromText((text): string | Problem => {
  if (text.includes('-----BEGIN')) return problem(`is in PEM form; ${WANTED}`);
  const keys = publicKeyList(text);
  if (keys.length === 0) return problem(`has no key in it; ${WANTED}`);
  for (const [index, key] of keys.entries()) {
    const wrong = keyProblem(key);
    if (wrong !== undefined) return problem(keys.length === 1 ? wrong : `key ${index + 1} of ${keys.length} ${wrong}`);
  }
  return text;
});
