import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** What a media stream's URL says, and signs. */
export interface StreamClaims {
  callControlId: string;
  /** Seconds since 1970. */
  issuedAtS: number;
  /** Number of the stream within the call: 0 with the answer, then one more with every `streaming_start`. */
  attempt: number;
  /** Base of the call's stream URLs, so that whoever meets the stream can ask for the next one. */
  baseUrl: string;
}

/** A token carries its call's id and is at most a few hundred characters; more is not one of ours. */
const MAX_TOKEN_CHARACTERS = 2_000;

const claimsSchema = z.object({ c: z.string().min(1), t: z.number().int(), a: z.number().int().min(0), b: z.string() });

/** Makes the token that goes into the path of `stream_url`: base64url of the claims, a dot, and their HMAC-SHA256. */
export function signStreamToken(claims: StreamClaims, secret: string): string {
  const body = Buffer.from(
    JSON.stringify({ c: claims.callControlId, t: claims.issuedAtS, a: claims.attempt, b: claims.baseUrl }),
  ).toString('base64url');
  return `${body}.${signature(body, secret)}`;
}

/**
 * Reads a token that was signed with any of `secrets` (the present one and, while rotating, the one before).
 * @returns the claims, or undefined for anything that was not signed by us. Says nothing about age.
 */
export function verifyStreamToken(token: string, secrets: readonly string[]): StreamClaims | undefined {
  if (token.length > MAX_TOKEN_CHARACTERS) return undefined;
  const [body, mac, ...rest] = token.split('.');
  if (!body || !mac || rest.length > 0) return undefined;
  // Compared as text: decoding would let other spellings of the same bytes through.
  const given = Buffer.from(mac);
  const genuine = secrets.some((secret) => {
    const expected = Buffer.from(signature(body, secret));
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  if (!genuine) return undefined;
  try {
    const claims = claimsSchema.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
    return { callControlId: claims.c, issuedAtS: claims.t, attempt: claims.a, baseUrl: claims.b };
  } catch {
    return undefined;
  }
}

/** @returns the number of the stream that one of our stream URLs asks for; undefined where it has no token of ours. */
export function attemptOf(streamUrl: string, secrets: readonly string[]): number | undefined {
  return verifyStreamToken(streamUrl.slice(streamUrl.lastIndexOf('/') + 1), secrets)?.attempt;
}

function signature(body: string, secret: string): string {
  return createHmac('sha256', secret).update(`parley-stream:${body}`).digest('base64url');
}
