import { Inject, Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CallDirectory, DirectoryUnavailable, orIfAway } from '../../affinity/call-directory.js';
import { CallFinder, type Part, type Whereabouts } from '../../affinity/call-finder.js';
import { Fleet } from '../../affinity/fleet.js';
import { type PodIdentity, samePod } from '../../affinity/pod.js';
import { ThisPod } from '../../affinity/this-pod.js';
import { CLOCK } from '../../common/clock.token.js';
import { type Clock, pause } from '../../common/clock.js';
import { CONFIG } from '../../config/config.token.js';
import { type Config } from '../../config/config.js';
import { Lifecycle } from '../../health/lifecycle.js';
import { CallCommands } from '../call-commands.js';
import { CallsService, FIRST_USE_S } from '../calls.service.js';
import { CarriedCall } from '../carried-call.js';
import { type StreamClaims } from '../stream-token.js';
import { CallTaking } from './call-taking.js';

/** Where a media socket is served. */
export type Place =
  | { at: 'here' }
  | { at: 'pod'; pod: PodIdentity }
  /** `over`: because the call is. */
  | { at: 'nowhere'; why: string; over?: true };

interface Request {
  callControlId: string;
  /** What the socket's token said; undefined where stream authentication is off. */
  claims: StreamClaims | undefined;
  /** Another pod has sent it here. */
  relayed: boolean;
}

/** Above a lease of a host that does not answer: then it has run out, and the call can be taken. */
const DECIDED_WITHIN_MS = 8_000;
const AGAIN_AFTER_MS = 250;

/** Decides where a media socket is served: here, or on the pod that has its call, or has room for it. */
@Injectable()
export class StreamPlacement {
  /** Sockets of one call are placed one after the other. */
  private readonly placing = new Map<string, Promise<Place>>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(StreamPlacement.name) private readonly log: PinoLogger,
    private readonly calls: CallsService,
    private readonly commands: CallCommands,
    private readonly taking: CallTaking,
    private readonly directory: CallDirectory,
    private readonly finder: CallFinder,
    private readonly fleet: Fleet,
    private readonly pod: ThisPod,
    private readonly lifecycle: Lifecycle,
  ) {}

  /**
   * @param claims what the socket's token said; undefined where stream authentication is off.
   * @param relayed another pod has sent the socket here: it goes nowhere else.
   */
  place(callControlId: string, claims: StreamClaims | undefined, relayed: boolean): Promise<Place> {
    const before = this.placing.get(callControlId) ?? Promise.resolve();
    const place = before.then(
      () => this.decide(callControlId, claims, relayed),
      () => this.decide(callControlId, claims, relayed),
    );
    this.placing.set(callControlId, place);
    const settled = (): void => {
      if (this.placing.get(callControlId) === place) this.placing.delete(callControlId);
    };
    place.then(settled, settled);
    return place;
  }

  /** A pod that a socket was to go to has turned out to be dead. */
  provenDead(pod: PodIdentity): void {
    this.fleet.provenDead(pod);
  }

  private async decide(callControlId: string, claims: StreamClaims | undefined, relayed: boolean): Promise<Place> {
    if (this.calls.isOver(callControlId)) return OVER;
    // The line is here: nobody need be asked, unless the token knows of a later owner.
    if (this.calls.partIn(callControlId) === 'streaming' && !this.taking.isBehind(callControlId, claims)) return HERE;
    if (await this.isStale(callControlId, claims)) return STALE;
    const request = { callControlId, claims, relayed };
    const part = this.calls.partIn(callControlId);
    const without = this.knownOnlyElsewhere(callControlId, claims);
    const look = without || part === 'none' || (!relayed && this.unwilling);
    const where = look ? await this.find(request) : undefined;
    if (where?.at === 'pod' && where.part === 'streaming') return relayed ? ELSEWHERE : { at: 'pod', pod: where.pod };
    if (without) return this.withoutDirectory(request, where);
    if (!relayed && this.unwilling) {
      const pod = this.roomElsewhere(part);
      if (pod) return { at: 'pod', pod };
    }
    try {
      return await this.withDirectory(request, where);
    } catch (error) {
      if (!(error instanceof DirectoryUnavailable)) throw error;
      return this.withoutDirectory(request, where ?? (await this.find(request)));
    }
  }

  private find({ callControlId, claims }: Request): Promise<Whereabouts> {
    return this.finder.find(callControlId, this.hints(callControlId, claims));
  }

  /** An old token is good for a later socket of a call that is going on, which this pod need not have heard of. */
  private async isStale(callControlId: string, claims: StreamClaims | undefined): Promise<boolean> {
    if (!claims || Date.now() / 1000 - claims.issuedAtS <= FIRST_USE_S) return false;
    if (this.calls.partIn(callControlId) !== 'none') return false;
    const record = await orIfAway(this.directory.find(callControlId), 'away');
    if (record === 'away' || (record && record.epoch > 0)) return false;
    return (await this.commands.isAlive(callControlId)) === false;
  }

  /** Without a common directory, the pod that answered the call is the one to ask, or the one that took it from here. */
  private knownOnlyElsewhere(callControlId: string, claims: StreamClaims | undefined): boolean {
    if (this.directory.shared || this.calls.partIn(callControlId) !== 'none') return false;
    return this.hints(callControlId, claims).some((pod) => !samePod(pod, this.pod));
  }

  /** @param where what was found out of the call; undefined where it is here. */
  private async withDirectory(
    { callControlId, claims, relayed }: Request,
    where: Whereabouts | undefined,
  ): Promise<Place> {
    const from = where?.at === 'pod' ? where.pod : undefined;
    const untilMs = this.clock.nowMs() + DECIDED_WITHIN_MS;
    let dead: PodIdentity | undefined;
    for (;;) {
      const taken = await this.taking.claim({ callControlId, claims, dead, from });
      if (taken instanceof CarriedCall) return HERE;
      const state = await this.fleet.stateOf(taken);
      if (state === 'alive') return relayed ? ELSEWHERE : { at: 'pod', pod: taken };
      if (state === 'dead') dead = taken;
      else if (this.clock.nowMs() > untilMs) return { at: 'nowhere', why: 'the pod that has the call does not answer' };
      else await pause(this.clock, AGAIN_AFTER_MS);
    }
  }

  /** This pod leaves, or is full: where another one has room, new calls are better placed there. */
  private get unwilling(): boolean {
    return this.lifecycle.draining || this.calls.activeCalls >= this.config.limits.maxCalls;
  }

  private roomElsewhere(part: Part): PodIdentity | undefined {
    // Answered here, it counts already; only for the calls of others there may be no room.
    const counted = part === 'waiting' && this.calls.activeCalls <= this.config.limits.maxCalls;
    return counted && !this.lifecycle.draining ? undefined : this.fleet.roomElsewhere();
  }

  /** Pods that may have the call. */
  private hints(callControlId: string, claims: StreamClaims | undefined): PodIdentity[] {
    return [claims?.pod, this.calls.takenBy(callControlId)].filter((pod) => pod !== undefined);
  }

  /** The directory is away: whoever may have the call is asked, and it is taken only if nobody has. */
  private async withoutDirectory(
    { callControlId, claims, relayed }: Request,
    where: Whereabouts | undefined,
  ): Promise<Place> {
    if (where?.at === 'pod' && where.part === 'streaming') return relayed ? ELSEWHERE : { at: 'pod', pod: where.pod };
    const from = where?.at === 'pod' ? where.pod : undefined;
    await this.taking.takeUnlisted({ callControlId, claims, from });
    this.log.warn({ callId: callControlId }, 'call taken without the directory: nobody else is known to have it');
    return HERE;
  }
}

const HERE: Place = { at: 'here' };
const STALE: Place = { at: 'nowhere', why: 'the token is old, and Telnyx says that its call is over', over: true };
const ELSEWHERE: Place = { at: 'nowhere', why: 'another pod has the call' };
const OVER: Place = { at: 'nowhere', why: 'the call is over', over: true };
