import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { type Keyring } from './keyring.js';

const VERSION = 1;
const CIPHER = 'aes-256-gcm';
const KEY_ID_BYTES = 4;
const HEADER_BYTES = 1 + KEY_ID_BYTES;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What sealing adds to a value. */
export const SEAL_OVERHEAD_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES;

/**
 * Encrypts what is kept outside the process (AES-256-GCM), with keys out of the ring.
 * Sealed: version (1 byte), key id (4), nonce (12), ciphertext, tag (16).
 *
 * A value opens only in the context that it was sealed for, so that nobody who can write to the store can pass off one
 * call's as another's. Each context has a key of its own: random nonces are good for 2^32 values under one key
 * (NIST SP 800-38D, 8.3), which a fleet reaches in weeks and a call never.
 */
export class Seal {
  constructor(
    private readonly keyring: Keyring,
    private readonly purpose: string,
  ) {}

  /** @param context what the value belongs to, such as a call's id and the kind of value; not secret, not stored. */
  seal(plain: Buffer, context: string): Buffer {
    const { keyId, key } = this.keyring.currentKey(`seal ${this.purpose}`);
    const header = Buffer.concat([Buffer.of(VERSION), Buffer.from(keyId, 'hex')]);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, contextKey(key, context), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(associated(header, context));
    return Buffer.concat([header, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** @returns undefined for anything that was not sealed so: another context, another purpose, changed, no secret for it. */
  unseal(sealed: Buffer, context: string): Buffer | undefined {
    if (sealed.length < SEAL_OVERHEAD_BYTES || sealed[0] !== VERSION) return undefined;
    const keyId = sealed.toString('hex', 1, HEADER_BYTES);
    for (const key of this.keyring.keysOf(`seal ${this.purpose}`, keyId)) {
      const plain = open(sealed, contextKey(key, context), context);
      if (plain) return plain;
    }
    return undefined;
  }
}

function open(sealed: Buffer, key: Buffer, context: string): Buffer | undefined {
  const header = sealed.subarray(0, HEADER_BYTES);
  const nonce = sealed.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associated(header, context));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = decipher.update(sealed.subarray(HEADER_BYTES + NONCE_BYTES, -TAG_BYTES));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch {
    return undefined;
  }
}

function contextKey(key: Buffer, context: string): Buffer {
  return createHmac('sha256', key).update(context).digest();
}

function associated(header: Buffer, context: string): Buffer {
  return Buffer.concat([header, Buffer.from(context)]);
}
