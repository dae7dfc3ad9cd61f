import { z } from 'zod';
import { type PodIdentity } from '../affinity/pod.js';
import { type Keyring } from '../common/keyring.js';
import { podStamp, podStampSchema } from './pod-stamp.js';
import { traceparentSchema } from './traceparent-schema.js';

/** What a media stream's URL says, and signs. */
export interface StreamClaims {
  callControlId: string;
  /** Seconds since 1970. */
  issuedAtS: number;
  /** Number of the stream within the call: 0 with the answer, then one more with every `streaming_start`. */
  attempt: number;
  /** The call's epoch when the stream was asked for: 0 with the answer. */
  epoch: number;
  /** Base of the call's stream URLs, so that whoever meets the stream can ask for the next one. */
  baseUrl: string;
  /** Who asked for the stream. Its name is not in the token: the uid stands for it. */
  pod: PodIdentity;
  /** Of the call's trace; undefined where nothing is traced. */
  traceparent?: string | undefined;
}

/** A token carries its call's id and is at most a few hundred characters; Telnyx takes URLs of up to 2,000. */
const MAX_TOKEN_CHARACTERS = 2_000;
const PURPOSE = 'stream token';

const claimsSchema = z.object({
  c: z.string().min(1),
  t: z.number().int(),
  a: z.number().int().min(0),
  e: z.number().int().min(0),
  b: z.string(),
  p: podStampSchema,
  d: traceparentSchema,
});

/** Makes the token that goes into the path of `stream_url`: base64url of the claims, the key's id, and their HMAC-SHA256. */
export function signStreamToken(claims: StreamClaims, keyring: Keyring): string {
  const { callControlId: c, issuedAtS: t, attempt: a, epoch: e, baseUrl: b, traceparent: d } = claims;
  const body = Buffer.from(JSON.stringify({ c, t, a, e, b, p: podStamp(claims.pod), d })).toString('base64url');
  const { keyId, mac } = keyring.sign(PURPOSE, body);
  return `${body}.${keyId}.${mac.toString('base64url')}`;
}

/** @returns the claims, or undefined for anything that was not signed by us. Says nothing about age. */
export function verifyStreamToken(token: string, keyring: Keyring): StreamClaims | undefined {
  if (token.length > MAX_TOKEN_CHARACTERS) return undefined;
  const [body, keyId, signature, ...rest] = token.split('.');
  if (!body || !keyId || !signature || rest.length > 0) return undefined;
  const mac = Buffer.from(signature, 'base64url');
  // Bytes have other spellings in base64, and a token has one.
  if (mac.toString('base64url') !== signature || !keyring.verify(PURPOSE, body, keyId, mac)) return undefined;
  try {
    const { c, t, a, e, b, p, d } = claimsSchema.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
    return { callControlId: c, issuedAtS: t, attempt: a, epoch: e, baseUrl: b, pod: p, traceparent: d };
  } catch {
    return undefined;
  }
}

/** @returns the number of the stream that one of our stream URLs asks for; undefined where it has no token of ours. */
export function attemptOf(streamUrl: string, keyring: Keyring): number | undefined {
  return verifyStreamToken(streamUrl.slice(streamUrl.lastIndexOf('/') + 1), keyring)?.attempt;
}
