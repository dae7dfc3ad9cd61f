import { type IncomingHttpHeaders } from 'node:http';
import { type Clock } from '../../common/clock.js';
import { Seen } from '../../common/seen.js';
import { type PodIdentity } from '../pod.js';
import { packTarget, type PeerSigner, readRequest, unpackIdentity } from './peer-wire.js';
import { type PeerLog, RareLog } from './rare-log.js';

/** How far the clocks of two pods may be apart. */
const MAX_SKEW_S = 60;

/** What came in, as far as it is signed. */
export interface PeerRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export type GuardVerdict =
  /** `mac` is what the answer is bound to; `relay` is packed, empty where there is none. */
  | { admit: true; from: PodIdentity; relay: string; mac: string }
  /** 401 without a word more: nobody who is not one of us learns anything, not even who we are. */
  | { admit: false; status: 401 }
  /** 410: from one of us, and meant for another process than this one. */
  | { admit: false; status: 410; mac: string };

/** Lets in what another pod of this deployment has signed for this very process, just now and for the first time. */
export class PeerGuard {
  /** Of signed requests only, so nobody else can fill it. */
  private readonly nonces: Seen;
  private readonly refusals: RareLog;
  private readonly self: string;

  /** @param nowUnixMs milliseconds since 1970. */
  constructor(
    private readonly signer: PeerSigner,
    self: PodIdentity,
    clock: Clock,
    log: PeerLog,
    private readonly nowUnixMs: () => number,
  ) {
    this.self = packTarget(self);
    // A request from a clock that is ahead is taken until its time and the skew are over: twice the skew from now.
    this.nonces = new Seen(clock, 2 * MAX_SKEW_S * 1_000);
    this.refusals = new RareLog(clock, log, 'requests to the pods port refused with 401');
  }

  /** Requests refused with 401. */
  get refused(): number {
    return this.refusals.count;
  }

  check({ method, path, headers, body }: PeerRequest): GuardVerdict {
    const request = readRequest(this.signer, method, path, body, headers);
    if (!request) return this.refuse('not signed by a pod of this deployment: other secrets, or no pod at all');
    const skewS = this.nowUnixMs() / 1_000 - Number(request.time);
    if (Math.abs(skewS) > MAX_SKEW_S) return this.refuse(`${Math.round(skewS)} s old: a replay, or clocks differ`);
    if (request.to !== this.self) return { admit: false, status: 410, mac: request.mac };
    const from = unpackIdentity(request.from);
    if (!from) return this.refuse('signed, but by nobody');
    if (!this.nonces.first(request.nonce)) return this.refuse('seen before');
    return { admit: true, from, relay: request.relay, mac: request.mac };
  }

  private refuse(reason: string): GuardVerdict {
    this.refusals.warn({ reason });
    return { admit: false, status: 401 };
  }
}
