import { createHmac } from 'node:crypto';
import { uuidOf } from '../common/uuid-of.js';
import { type Secret } from '../config/secret.js';

const PREFIX = 'whsec_';
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * The headers of a webhook after Standard Webhooks 1.0.
 * @param body the exact bytes that are sent.
 * @param sentAtS seconds since 1970, when this attempt is made: receivers refuse what is older than five minutes.
 */
export function signedHeaders(id: string, sentAtS: number, body: Uint8Array, secret: Secret): Record<string, string> {
  // While a secret is being changed the receiver may know either, so it gets a signature for each.
  const secrets = [secret.value, ...(secret.previous === undefined ? [] : [secret.previous])];
  return {
    'webhook-id': id,
    'webhook-timestamp': String(sentAtS),
    'webhook-signature': secrets.map((text) => signature(id, sentAtS, body, signingKey(text))).join(' '),
  };
}

function signature(id: string, sentAtS: number, body: Uint8Array, key: Buffer): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${sentAtS}.`).update(body).digest('base64')}`;
}

/**
 * The bytes of a secret as the standard's libraries read it: base64, with or without `whsec_` before it. What cannot be
 * base64 is taken byte for byte, which those libraries call the raw format.
 */
function signingKey(secret: string): Buffer {
  const encoded = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  const unpadded = encoded.replace(/=+$/, '');
  return BASE64.test(encoded) && unpadded.length % 4 !== 1 ? Buffer.from(encoded, 'base64') : Buffer.from(secret);
}

/** The `webhook-id` of a call's report: a UUID (version 8, RFC 9562), the same whenever and wherever it is made. */
export function reportId(callId: string): string {
  return uuidOf('call report', callId);
}
