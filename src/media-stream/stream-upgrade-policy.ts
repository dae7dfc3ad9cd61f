import { Inject, Injectable } from '@nestjs/common';
import { type IncomingMessage } from 'node:http';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CallsService } from '../calls/calls.service.js';
import { type StreamClaims, verifyStreamToken } from '../calls/stream-token.js';
import { Keyring } from '../common/keyring.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { Counters } from '../telemetry/counters.js';
import { CallTraces } from '../telemetry/trace/call-traces.js';
import { ATTRS } from '../telemetry/trace/names.js';
import { StreamSpan } from './stream-span.js';
import { UpgradePolicy, type UpgradeVerdict } from './upgrade-policy.js';

/** Clocks of pods may differ a little. */
const CLOCK_SKEW_S = 30;

/**
 * Lets in media streams whose path carries a token of ours: bound to one call, used first within two minutes of its
 * making, and again for as long as that call may last, because Telnyx dials a lost socket again with the same URL.
 */
@Injectable()
export class StreamUpgradePolicy extends UpgradePolicy {
  private readonly claimsOf = new WeakMap<IncomingMessage, StreamClaims>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @InjectPinoLogger(StreamUpgradePolicy.name) private readonly log: PinoLogger,
    private readonly calls: CallsService,
    private readonly counters: Counters,
    private readonly keyring: Keyring,
    private readonly traces: CallTraces,
  ) {
    super();
  }

  check(request: IncomingMessage, rest: string): UpgradeVerdict {
    if (this.config.stream.auth === 'off' && rest === '') return { accept: true };
    const claims = verifyStreamToken(rest, this.keyring);
    if (!claims) return this.refuse('the token is missing or was not made by this deployment');
    const ageS = Date.now() / 1000 - claims.issuedAtS;
    if (ageS < -CLOCK_SKEW_S) return this.refuse('the token is from the future: check the clocks', claims);
    if (!this.calls.mayStream(claims.callControlId, ageS))
      return this.refuse('the token is too old, or its call is over', claims);
    this.claimsOf.set(request, claims);
    return { accept: true };
  }

  /** What the token of an accepted upgrade said; undefined where stream authentication is off. */
  claims(request: IncomingMessage): StreamClaims | undefined {
    return this.claimsOf.get(request);
  }

  /** What the token of a socket says that another pod has let in; undefined for one that was not made by us. */
  claimsOfToken(token: string): StreamClaims | undefined {
    return verifyStreamToken(token, this.keyring);
  }

  private refuse(reason: string, claims?: StreamClaims): UpgradeVerdict {
    this.counters.streamsRefused++;
    this.log.warn(
      { callId: claims?.callControlId, attempt: claims?.attempt },
      `media stream refused with 401: ${reason}`,
    );
    if (claims) {
      // Of a call that is not here (any more) nobody here knows whether it is over.
      const span = new StreamSpan(() => this.traces.of(claims.callControlId));
      span.set({
        [ATTRS.callId]: claims.callControlId,
        [ATTRS.streamAttempt]: claims.attempt,
        [ATTRS.httpStatus]: 401,
      });
      span.refused(reason, 'token-refused');
    }
    return { accept: false, status: 401 };
  }
}
