import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CLOCK } from '../common/clock.token.js';
import { type Clock, type Timer } from '../common/clock.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { CallDirectory, DirectoryUnavailable } from './call-directory.js';
import { type PodIdentity, type PodState, type PodView, podKey, samePod } from './pod.js';
import { Peers } from './pods/peers.js';
import { ThisPod } from './this-pod.js';

/** Heartbeats of many pods do not stay in step. */
const JITTER_SHARE = 0.2;
/** A pod that misses so many beats is not counted on for new work. */
const MISSED_BEATS = 3;
const PROBE_TIMEOUT_MS = 300;
/** One that answers is enough. */
const ASKED_IF_ISOLATED = 5;

/** `dead`: its process is proven to be no more. `silent`: it does not answer, and may live. */
export type Absence = 'dead' | 'silent';

/** What this pod says of its own load. */
export type OwnLoad = () => Omit<PodState, 'pod'>;

/** The pods of the deployment, as they are heard of. Tells when one has fallen silent, and whether it is dead. */
@Injectable()
export class Fleet implements OnModuleDestroy {
  private views: PodView[] = [];
  private heardMs = 0;
  private timer: Timer | undefined;
  private stopped = false;
  private load: OwnLoad | undefined;
  private absent: (pod: PodIdentity, absence: Absence) => Promise<void> = () => Promise.resolve();
  /** Processes that are proven to be no more: they never come back. */
  private readonly dead = new LRUCache<string, true>({ max: 1_000 });
  /** Pods that are being looked into. */
  private readonly examined = new Set<string>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(Fleet.name) private readonly log: PinoLogger,
    private readonly directory: CallDirectory,
    private readonly peers: Peers,
    private readonly pod: ThisPod,
  ) {}

  /** Begins to say that this pod lives, and to listen to the others. */
  start(load: OwnLoad): void {
    this.load = load;
    void this.beat();
  }

  /** @param listener told of a pod that is absent, again and again until it is forgotten or heard of. */
  onAbsent(listener: (pod: PodIdentity, absence: Absence) => Promise<void>): void {
    this.absent = listener;
  }

  onModuleDestroy(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  /** Leaves the fleet in good order. */
  async leave(): Promise<void> {
    this.onModuleDestroy();
    await this.directory.forgetPod(this.pod).catch(() => undefined);
  }

  /** Every pod heard of lately but this one, dead or alive. */
  get others(): readonly PodView[] {
    return this.views.filter(({ pod }) => !samePod(pod, this.pod));
  }

  /** The other pods that were alive at their last beats. */
  get alive(): PodView[] {
    const sinceMs = this.clock.nowMs() - this.heardMs;
    const patienceMs = this.config.fleet.heartbeatMs * MISSED_BEATS;
    return this.others.filter(({ pod, silentMs }) => silentMs + sinceMs <= patienceMs && !this.dead.has(podKey(pod)));
  }

  /** The pod that a new call is best placed on; undefined: no other pod stays and has room. */
  roomElsewhere(): PodIdentity | undefined {
    const open = this.alive.filter(({ draining, activeCalls, maxCalls }) => !draining && activeCalls < maxCalls);
    const [one, other] = [pick(open), pick(open)];
    // The better of two taken at random: the least loaded one would get everybody's calls until its next beat.
    const better = one && other && share(other) < share(one) ? other : one;
    return better?.pod;
  }

  /** Another pod that is not leaving, full or not. */
  get stayingElsewhere(): boolean {
    return this.alive.some(({ draining }) => !draining);
  }

  /** Whether a pod lives: by its last heartbeat, by proof of its death, or by asking it. Never rejects. */
  async stateOf(pod: PodIdentity): Promise<'alive' | Absence> {
    if (this.dead.has(podKey(pod))) return 'dead';
    if (this.heardOf(pod)) return 'alive';
    const state = await this.peers.probe(pod, PROBE_TIMEOUT_MS);
    if (state === 'dead') this.provenDead(pod);
    return state;
  }

  /** Whether none of the others can be reached: then it is this pod that is cut off, for all that anybody can tell. */
  async isolated(): Promise<boolean> {
    const others = this.others.filter(({ pod }) => !this.dead.has(podKey(pod))).slice(0, ASKED_IF_ISOLATED);
    const states = await Promise.all(others.map(({ pod }) => this.peers.probe(pod, PROBE_TIMEOUT_MS)));
    return states.length > 0 && states.every((state) => state !== 'alive');
  }

  /** A request to this pod has shown that its process is no more. Sooner than by its missing heartbeats. */
  provenDead(pod: PodIdentity): void {
    if (this.dead.has(podKey(pod))) return;
    this.dead.set(podKey(pod), true);
    if (this.load) void this.examine(pod);
  }

  private heardOf(pod: PodIdentity): boolean {
    const sinceMs = this.clock.nowMs() - this.heardMs;
    return this.views.some((view) => samePod(view.pod, pod) && view.silentMs + sinceMs < this.config.fleet.silentMs);
  }

  private async beat(): Promise<void> {
    if (this.stopped) return;
    const waitMs = this.config.fleet.heartbeatMs * (1 + JITTER_SHARE * (2 * Math.random() - 1));
    this.timer = this.clock.after(waitMs, () => void this.beat());
    await this.sayAlive();
  }

  /** Says how this pod is: again and again, and at once when something has changed. Never rejects. */
  async sayAlive(): Promise<void> {
    if (!this.load) return;
    try {
      this.views = await this.directory.beat({ pod: this.pod, ...this.load() });
      if (this.stopped) return;
      this.heardMs = this.clock.nowMs();
      for (const view of this.others) if (view.silentMs > this.config.fleet.silentMs) void this.examine(view.pod);
    } catch (error) {
      // Said once, by the directory itself; nobody is declared dead on the word of a directory that is away.
      if (!(error instanceof DirectoryUnavailable)) this.log.error({ err: error }, 'heartbeat failed');
    }
  }

  private async examine(pod: PodIdentity): Promise<void> {
    const key = podKey(pod);
    if (this.examined.has(key)) return;
    this.examined.add(key);
    try {
      const found = this.dead.has(key) ? 'dead' : await this.peers.probe(pod, PROBE_TIMEOUT_MS);
      if (found === 'dead') this.dead.set(key, true);
      if (found !== 'alive') await this.absent(pod, found);
    } catch (error) {
      this.log.error({ err: error, pod: pod.name }, 'the calls of an absent pod could not be looked after');
    } finally {
      this.examined.delete(key);
    }
  }
}

function pick<T>(list: readonly T[]): T | undefined {
  return list[Math.floor(Math.random() * list.length)];
}

function share({ activeCalls, maxCalls }: PodView): number {
  return activeCalls / maxCalls;
}
