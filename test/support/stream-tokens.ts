import { type SimulatedCall } from '../../simulator/telnyx/index.js';
import { signStreamToken } from '../../src/calls/stream-token.js';
import { requestsFor } from './calls.js';
import { type Stage } from './gateway.js';

/** Set it as STREAM_TOKEN_SECRET where a test makes tokens of its own. */
export const STREAM_SECRET = 'a-secret-that-the-tests-know';

/** A path that a gateway with `STREAM_SECRET` takes for its own. @param ageS how long ago the token was made. */
export function streamPath(callControlId: string, ageS = 0, secret = STREAM_SECRET): string {
  const claims = { callControlId, issuedAtS: Math.floor(Date.now() / 1000) - ageS, attempt: 0, baseUrl: '' };
  return `/media-stream/${signStreamToken(claims, secret)}`;
}

/** The path that the gateway gave Telnyx when it answered the call. */
export function givenPath(stage: Stage, call: SimulatedCall): string {
  return new URL(String(requestsFor(stage, call, 'answer')[0]?.body['stream_url'])).pathname;
}
