import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { keyPairFromPem, newKeyPair, type TelnyxKeyPair } from '../telnyx/index.js';
import { ValueError } from './values.js';

/**
 * The pair that signs webhooks, kept in a file so that the gateway can go on using the same public key. In: the path of a
 * PKCS#8 PEM file; it is made when it is not there. Throws ValueError when it cannot be read, written or used.
 */
export function keyPairOfFile(path: string): TelnyxKeyPair {
  try {
    if (existsSync(path)) return keyPairFromPem(readFileSync(path, 'utf8'));
    const pair = newKeyPair();
    writeFileSync(path, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    return pair;
  } catch (error) {
    throw new ValueError(
      `key file ${path}: ${error instanceof Error ? error.message : String(error)} ` +
        '(it must be an Ed25519 private key in PEM, or a path where one can be written)',
    );
  }
}
