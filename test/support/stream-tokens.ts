import { type SimulatedCall } from '../../simulator/telnyx/index.js';
import { signStreamToken } from '../../src/calls/stream-token.js';
import { systemClock } from '../../src/common/clock.js';
import { Keyring } from '../../src/common/keyring.js';
import { Secret } from '../../src/config/secret.js';
import { requestsFor } from './calls.js';
import { type Stage } from './gateway.js';

/** Set it as STREAM_TOKEN_SECRET where a test makes tokens of its own. */
export const STREAM_SECRET = 'a-secret-that-the-tests-know';

/** Another pod, which nobody listens at the address of. */
const POD = { uid: 'a-pod-that-is-gone', bootId: 'its-boot', name: 'a-pod-that-is-gone', address: '127.0.0.1:9' };

/** A path that a gateway with `STREAM_SECRET` takes for its own. @param ageS how long ago the token was made. */
export function streamPath(callControlId: string, ageS = 0, secret = STREAM_SECRET): string {
  const issuedAtS = Math.floor(Date.now() / 1000) - ageS;
  const claims = { callControlId, issuedAtS, attempt: 0, epoch: 0, baseUrl: '', pod: POD };
  return `/media-stream/${signStreamToken(claims, new Keyring(new Secret(secret), systemClock))}`;
}

/** The path that the gateway gave Telnyx when it answered the call. */
export function givenPath(stage: Stage, call: SimulatedCall): string {
  return new URL(String(requestsFor(stage, call, 'answer')[0]?.body['stream_url'])).pathname;
}
