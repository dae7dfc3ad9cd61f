import {
  CallDirectory,
  type CallRecord,
  type Claim,
  type ClaimOutcome,
  DirectoryUnavailable,
  type Lease,
  type MoveOutcome,
  type NewCall,
  type Renewal,
} from '../../../affinity/call-directory.js';
import { InMemoryCallDirectory } from '../../../affinity/directory/in-memory-call-directory.js';
import { type PodIdentity, type PodState, type PodView } from '../../../affinity/pod.js';
import { type Clock } from '../../../common/clock.js';

const LEASE_MS = 5_000;

/** What all pods share: there or not, and as forgetful as a Redis that starts again. */
export class DirectoryStore {
  kept: InMemoryCallDirectory;
  /** Every epoch that was ever given, by call, in order. */
  readonly epochs = new Map<string, number[]>();
  private away = false;
  private readonly listeners = new Set<(mayBeEmpty: boolean) => void>();

  constructor(private readonly clock: Clock) {
    this.kept = this.anew();
  }

  get isAway(): boolean {
    return this.away;
  }

  leave(): void {
    this.away = true;
  }

  /** @param empty it has forgotten everything. */
  comeBack(empty = false): void {
    if (empty) this.empty();
    this.away = false;
    for (const listener of this.listeners) listener(true);
  }

  /** It has forgotten everything, and nobody has noticed. */
  empty(): void {
    this.kept = this.anew();
  }

  follow(listener: (mayBeEmpty: boolean) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** An epoch was given to somebody. */
  gave(callControlId: string, epoch: number): void {
    const given = this.epochs.get(callControlId) ?? [];
    this.epochs.set(callControlId, [...given, epoch]);
  }

  private anew(): InMemoryCallDirectory {
    return new InMemoryCallDirectory({ leaseMs: LEASE_MS, clock: this.clock });
  }
}

/** The common directory as one pod reaches it. */
export class CommonDirectory extends CallDirectory {
  readonly shared = true;
  private reached = true;
  private line: Promise<void> = Promise.resolve();
  private readonly backListeners: ((mayBeEmpty: boolean) => void)[] = [];
  private readonly unfollow: () => void;

  /** @param pause what lies between a question and its effect, and between that and the answer. */
  constructor(
    private readonly store: DirectoryStore,
    private readonly pause: () => Promise<void>,
  ) {
    super();
    this.unfollow = store.follow((mayBeEmpty) => {
      this.reached = true;
      for (const listener of this.backListeners) listener(mayBeEmpty);
    });
  }

  get available(): boolean {
    return this.reached;
  }

  onBack(listener: (mayBeEmpty: boolean) => void): void {
    this.backListeners.push(listener);
  }

  async firstSight(eventId: string): Promise<boolean> {
    try {
      return await this.ask((kept) => kept.firstSight(eventId));
    } catch {
      return true;
    }
  }
  put(call: NewCall): Promise<void> {
    return this.ask((kept) => kept.put(call));
  }
  find(callControlId: string): Promise<CallRecord | undefined> {
    return this.ask((kept) => kept.find(callControlId));
  }
  findBySession(callSessionId: string): Promise<string | undefined> {
    return this.ask((kept) => kept.findBySession(callSessionId));
  }
  claim(claim: Claim): Promise<ClaimOutcome> {
    return this.ask(async (kept) => {
      const outcome = await kept.claim(claim);
      if (outcome.granted) this.store.gave(claim.callControlId, outcome.epoch);
      return outcome;
    });
  }
  renew(pod: PodIdentity, leases: readonly Lease[]): Promise<Renewal[]> {
    return this.ask((kept) => kept.renew(pod, leases));
  }
  restore(call: NewCall, pod: PodIdentity, epoch: number, attempt: number): Promise<Renewal> {
    return this.ask((kept) => kept.restore(call, pod, epoch, attempt));
  }
  move(callControlId: string, sawEpoch: number): Promise<MoveOutcome> {
    return this.ask(async (kept) => {
      const outcome = await kept.move(callControlId, sawEpoch);
      if (outcome.moved) this.store.gave(callControlId, outcome.epoch);
      return outcome;
    });
  }
  nextAttempt(callControlId: string, epoch: number): Promise<number | 'lost' | 'missing'> {
    return this.ask((kept) => kept.nextAttempt(callControlId, epoch));
  }
  seal(callControlId: string, epoch: number, sealed: Buffer): Promise<boolean> {
    return this.ask((kept) => kept.seal(callControlId, epoch, sealed));
  }
  remove(callControlId: string, epoch: number): Promise<boolean> {
    return this.ask((kept) => kept.remove(callControlId, epoch));
  }
  saveTalk(callControlId: string, epoch: number, parts: ReadonlyMap<string, Buffer | undefined>): Promise<Renewal> {
    return this.ask((kept) => kept.saveTalk(callControlId, epoch, parts));
  }
  readTalk(callControlId: string): Promise<Map<string, Buffer>> {
    return this.ask((kept) => kept.readTalk(callControlId));
  }
  beat(state: PodState): Promise<PodView[]> {
    return this.ask((kept) => kept.beat(state));
  }
  callsOf(pod: PodIdentity): Promise<string[]> {
    return this.ask((kept) => kept.callsOf(pod));
  }
  unlist(pod: PodIdentity, callControlId: string): Promise<void> {
    return this.ask((kept) => kept.unlist(pod, callControlId));
  }
  forgetPod(pod: PodIdentity): Promise<void> {
    return this.ask((kept) => kept.forgetPod(pod));
  }
  turn(what: string, periodMs: number): Promise<boolean> {
    return this.ask((kept) => kept.turn(what, periodMs));
  }
  count(what: string, periodMs: number): Promise<number> {
    return this.ask((kept) => kept.count(what, periodMs));
  }
  async close(): Promise<void> {
    this.unfollow();
  }

  private async ask<T>(question: (kept: InMemoryCallDirectory) => Promise<T>): Promise<T> {
    // As over one connection: what is asked later arrives later.
    const arrived = Promise.all([this.line, this.pause()]).then(() => undefined);
    this.line = arrived;
    await arrived;
    if (this.store.isAway) {
      this.reached = false;
      throw new DirectoryUnavailable('it is away');
    }
    const answer = await question(this.store.kept);
    await this.pause();
    return answer;
  }
}
