import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface TelnyxKeyPair {
  readonly privateKey: KeyObject;
  /** As the portal shows it: base64 of the raw 32 bytes, not PEM. */
  readonly publicKey: string;
}

/** DER bytes before the 32 key bytes of an Ed25519 SubjectPublicKeyInfo (RFC 8410). */
const SPKI_PREFIX_BYTES = 12;

function describe(privateKey: KeyObject): TelnyxKeyPair {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return { privateKey, publicKey: spki.subarray(SPKI_PREFIX_BYTES).toString('base64') };
}

export function newKeyPair(): TelnyxKeyPair {
  return describe(generateKeyPairSync('ed25519').privateKey);
}

/** A fixed pair, for a double that must keep its public key over restarts. @param pem PKCS#8 of an Ed25519 key */
export function keyPairFromPem(pem: string): TelnyxKeyPair {
  const privateKey = createPrivateKey(pem);
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('The webhook key must be an Ed25519 private key.');
  return describe(privateKey);
}

/** Signature over `timestamp|body`, base64. @param timestamp Unix seconds as they stand in the header */
export function signWebhook(key: KeyObject, timestamp: string, body: string): string {
  return sign(null, Buffer.from(`${timestamp}|${body}`), key).toString('base64');
}
