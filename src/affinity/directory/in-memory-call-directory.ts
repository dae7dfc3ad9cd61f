import { LRUCache } from 'lru-cache';
import { type Clock, systemClock } from '../../common/clock.js';
import { agingBy, Seen } from '../../common/seen.js';
import {
  CallDirectory,
  type CallRecord,
  type Claim,
  type ClaimOutcome,
  type Lease,
  type MoveOutcome,
  type NewCall,
  type Renewal,
} from '../call-directory.js';
import { type PodIdentity, podKey, type PodState, type PodView, samePod } from '../pod.js';
import { CALL_KEPT_MS, EVENT_MEMORY_MS, POD_KEPT_MS, REMOVED_KEPT_MS } from './kept-for.js';

const MAX_CALLS_KEPT = 100_000;
/** There is but this one, outside of tests. */
const MAX_PODS_KEPT = 100;
const LEASE_MS = 5000;

interface KeptCall {
  call: NewCall;
  epoch: number;
  owner: PodIdentity | undefined;
  leaseUntilMs: number;
  attempt: number;
  moving: boolean;
  talk: Map<string, Buffer>;
}

/** The call directory of a single pod; the same contract as with Redis, whose scripts say why. */
export class InMemoryCallDirectory extends CallDirectory {
  readonly shared = false;
  readonly available = true;
  private readonly seen: Seen;
  private readonly calls: LRUCache<string, KeptCall>;
  /** Last epochs of calls that were removed. */
  private readonly epochs: LRUCache<string, number>;
  /** Calls of a session, in the order they were written down. */
  private readonly legs: LRUCache<string, Set<string>>;
  private readonly pods: LRUCache<string, PodState & { beatAtMs: number }>;
  private readonly lists: LRUCache<string, Set<string>>;
  private readonly turns: LRUCache<string, true>;
  private readonly counts: LRUCache<string, number>;
  private readonly leaseMs: number;
  private readonly clock: Clock;

  constructor(options: { leaseMs?: number; clock?: Clock } = {}) {
    super();
    this.leaseMs = options.leaseMs ?? LEASE_MS;
    const clock = (this.clock = options.clock ?? systemClock);
    const kept = { max: MAX_CALLS_KEPT, ...agingBy(clock) };
    this.seen = new Seen(clock, EVENT_MEMORY_MS);
    this.calls = new LRUCache({ ...kept, ttl: CALL_KEPT_MS });
    this.epochs = new LRUCache({ ...kept, ttl: REMOVED_KEPT_MS });
    this.legs = new LRUCache({ ...kept, ttl: CALL_KEPT_MS });
    this.pods = new LRUCache({ ...kept, max: MAX_PODS_KEPT, ttl: POD_KEPT_MS });
    this.lists = new LRUCache({ ...kept, max: MAX_PODS_KEPT, ttl: POD_KEPT_MS });
    this.turns = new LRUCache(kept);
    this.counts = new LRUCache(kept);
  }

  onBack(): void {
    // It is never away.
  }

  async firstSight(eventId: string): Promise<boolean> {
    return this.seen.first(eventId);
  }

  async put(call: NewCall): Promise<void> {
    if (!this.calls.has(call.callControlId)) this.write(call);
    this.list(call.answeredBy, call.callControlId);
    this.addLeg(call);
  }

  async find(callControlId: string): Promise<CallRecord | undefined> {
    return this.record(this.calls.get(callControlId));
  }

  async findBySession(callSessionId: string): Promise<string | undefined> {
    return [...(this.legs.get(callSessionId) ?? [])].at(-1);
  }

  async claim({ callControlId, pod, aboveEpoch, dead, otherwise }: Claim): Promise<ClaimOutcome> {
    this.list(pod, callControlId);
    this.addLeg({ ...otherwise, callControlId });
    const found = this.calls.get(callControlId);
    const record = this.record(found);
    const kept = found ?? this.write({ ...otherwise, callControlId });
    const { owner, epoch } = kept;
    if (owner !== undefined && samePod(owner, pod)) {
      if (aboveEpoch <= epoch) {
        this.give(kept, pod, epoch);
        return { granted: true, epoch, record };
      }
    } else if (owner && !(dead && samePod(owner, dead)) && kept.leaseUntilMs > this.clock.nowMs()) {
      return { granted: false, owner, epoch };
    }
    this.give(kept, pod, Math.max(epoch, aboveEpoch) + 1);
    return { granted: true, epoch: kept.epoch, record };
  }

  async renew(pod: PodIdentity, leases: readonly Lease[]): Promise<Renewal[]> {
    return leases.map(({ callControlId, epoch }) => {
      const kept = this.standing(callControlId, epoch);
      if (typeof kept === 'string') return kept;
      if (elsewhere(kept, pod)) return 'lost';
      if (kept.owner === undefined) return 'missing';
      this.give(kept, pod, epoch);
      return 'kept';
    });
  }

  async restore(call: NewCall, pod: PodIdentity, epoch: number, attempt: number): Promise<Renewal> {
    this.list(pod, call.callControlId);
    this.addLeg(call);
    const found = this.standing(call.callControlId, epoch);
    if (found === 'lost' || (found !== 'missing' && elsewhere(found, pod))) return 'lost';
    const kept = this.calls.get(call.callControlId) ?? this.write(call);
    kept.call = { ...call, sealed: call.sealed ?? kept.call.sealed };
    kept.attempt = Math.max(kept.attempt, attempt);
    this.give(kept, pod, epoch);
    return 'kept';
  }

  async move(callControlId: string, sawEpoch: number): Promise<MoveOutcome> {
    const kept = this.calls.get(callControlId);
    if (kept?.epoch !== sawEpoch) return { moved: false, record: this.record(kept) };
    kept.epoch++;
    kept.attempt++;
    kept.owner = undefined;
    kept.leaseUntilMs = 0;
    kept.moving = true;
    return { moved: true, epoch: kept.epoch, attempt: kept.attempt };
  }

  async nextAttempt(callControlId: string, epoch: number): Promise<number | 'lost' | 'missing'> {
    const kept = this.standing(callControlId, epoch);
    return typeof kept === 'string' ? kept : ++kept.attempt;
  }

  async seal(callControlId: string, epoch: number, sealed: Buffer): Promise<boolean> {
    if (this.standing(callControlId, epoch) === 'lost') return false;
    const kept = this.calls.get(callControlId);
    if (kept) kept.call = { ...kept.call, sealed };
    return true;
  }

  async remove(callControlId: string, epoch: number): Promise<boolean> {
    if (this.standing(callControlId, epoch) === 'lost') return false;
    const kept = this.calls.get(callControlId);
    this.calls.delete(callControlId);
    this.epochs.set(callControlId, epoch);
    if (kept === undefined) return true;
    const { callSessionId, answeredBy } = kept.call;
    for (const pod of [answeredBy, kept.owner]) if (pod) this.lists.get(podKey(pod))?.delete(callControlId);
    if (callSessionId !== undefined) this.legs.get(callSessionId)?.delete(callControlId);
    return true;
  }

  async saveTalk(
    callControlId: string,
    epoch: number,
    parts: ReadonlyMap<string, Buffer | undefined>,
  ): Promise<Renewal> {
    const kept = this.standing(callControlId, epoch);
    if (typeof kept === 'string') return kept;
    for (const [name, value] of parts) {
      if (value === undefined) kept.talk.delete(name);
      else kept.talk.set(name, value);
    }
    return 'kept';
  }

  async readTalk(callControlId: string): Promise<Map<string, Buffer>> {
    return new Map(this.calls.get(callControlId)?.talk);
  }

  async beat(state: PodState): Promise<PodView[]> {
    const nowMs = this.clock.nowMs();
    this.pods.set(podKey(state.pod), { ...state, beatAtMs: nowMs });
    const listed = this.lists.get(podKey(state.pod));
    if (listed) this.lists.set(podKey(state.pod), listed);
    return [...this.pods.values()].map(({ beatAtMs, ...pod }) => ({ ...pod, silentMs: nowMs - beatAtMs }));
  }

  async callsOf(pod: PodIdentity): Promise<string[]> {
    return [...(this.lists.get(podKey(pod)) ?? [])];
  }

  async unlist(pod: PodIdentity, callControlId: string): Promise<void> {
    this.lists.get(podKey(pod))?.delete(callControlId);
  }

  async forgetPod(pod: PodIdentity): Promise<void> {
    this.pods.delete(podKey(pod));
    this.lists.delete(podKey(pod));
  }

  async turn(what: string, periodMs: number): Promise<boolean> {
    if (this.turns.has(what)) return false;
    this.turns.set(what, true, { ttl: periodMs });
    return true;
  }

  async count(what: string, periodMs: number): Promise<number> {
    const count = (this.counts.get(what) ?? 0) + 1;
    this.counts.set(what, count, { ttl: periodMs, noUpdateTTL: true });
    return count;
  }

  async close(): Promise<void> {
    // Nothing to let go of.
  }

  private write(call: NewCall): KeptCall {
    const kept: KeptCall = {
      call,
      epoch: this.epochs.get(call.callControlId) ?? 0,
      owner: undefined,
      leaseUntilMs: 0,
      attempt: 0,
      moving: false,
      talk: new Map(),
    };
    this.calls.set(call.callControlId, kept);
    return kept;
  }

  private give(kept: KeptCall, pod: PodIdentity, epoch: number): void {
    kept.owner = pod;
    kept.epoch = epoch;
    kept.moving = false;
    kept.leaseUntilMs = this.clock.nowMs() + this.leaseMs;
  }

  /** The call, for somebody with its epoch; for others, how they stand to it: see `Renewal`. */
  private standing(callControlId: string, epoch: number): KeptCall | 'lost' | 'missing' {
    const kept = this.calls.get(callControlId);
    const last = kept?.epoch ?? this.epochs.get(callControlId) ?? 0;
    if (last > epoch) return 'lost';
    return kept?.epoch === epoch ? kept : 'missing';
  }

  private record(kept: KeptCall | undefined): CallRecord | undefined {
    if (kept === undefined) return undefined;
    const { call, epoch, owner, leaseUntilMs, attempt, moving } = kept;
    return { ...call, epoch, owner, leaseMs: Math.max(leaseUntilMs - this.clock.nowMs(), 0), attempt, moving };
  }

  private list(pod: PodIdentity, callControlId: string): void {
    const listed = this.lists.get(podKey(pod)) ?? new Set();
    this.lists.set(podKey(pod), listed.add(callControlId));
  }

  private addLeg({ callControlId, callSessionId }: NewCall): void {
    if (callSessionId === undefined) return;
    const legs = this.legs.get(callSessionId) ?? new Set();
    this.legs.set(callSessionId, legs.add(callControlId));
  }
}

/** It has another owner, or is on its way to one. */
function elsewhere({ moving, owner }: KeptCall, pod: PodIdentity): boolean {
  return moving || (owner !== undefined && !samePod(owner, pod));
}
