import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CLOCK } from '../common/clock.token.js';
import { type Clock, type Timer } from '../common/clock.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { RENEW_SHARE } from '../config/settings/redis.js';
import { CallDirectory, type CallRecord, DirectoryUnavailable, type NewCall, type Renewal } from './call-directory.js';
import { samePod } from './pod.js';
import { ThisPod } from './this-pod.js';

/** Calls that ended while the directory was away: it is told when it is back. */
const OWED_MEMORY = { max: 20_000, ttl: 4.5 * 3_600_000 };

interface Holding {
  call: NewCall;
  /** 0: answered here, and nobody owns it yet. */
  epoch: number;
  attempt: number;
  /** The directory was not there to take note of what is sealed in `call`. */
  unsaved: boolean;
}

/**
 * The calls of this pod as the directory knows them: renews their leases, registers them again where the directory has
 * forgotten them, and tells when one has gone to another pod. Calls go on without the directory.
 */
@Injectable()
export class Ownership implements OnModuleDestroy {
  private readonly holdings = new Map<string, Holding>();
  /** Calls on their way to another pod, or back. */
  private readonly suspended = new Set<string>();
  /** Epochs of calls that are over, and could not be removed. */
  private readonly owed = new LRUCache<string, { epoch: number | undefined }>(OWED_MEMORY);
  private lost: (callControlId: string) => void = () => undefined;
  private restored: (callControlId: string) => void = () => undefined;
  private mayActAlone: (callControlId: string) => Promise<boolean> = () => Promise.resolve(true);
  private timer: Timer | undefined;
  private renewing: Promise<void> | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(Ownership.name) private readonly log: PinoLogger,
    private readonly directory: CallDirectory,
    private readonly pod: ThisPod,
  ) {
    directory.onBack(() => void this.registerAgain());
    this.schedule();
  }

  onModuleDestroy(): void {
    this.timer?.cancel();
  }

  /** Calls that this pod owns in the directory. */
  get leases(): number {
    let leases = 0;
    for (const { epoch } of this.holdings.values()) if (epoch > 0) leases++;
    return leases;
  }

  /** Whether there can be other pods at all. */
  get shared(): boolean {
    return this.directory.shared;
  }

  /** @param listener told of each call that another pod has taken; it is not held any more then. */
  onLost(listener: (callControlId: string) => void): void {
    this.lost = listener;
  }

  /** @param listener told of each call that was registered again: what else the directory kept of it is gone too. */
  onRestored(listener: (callControlId: string) => void): void {
    this.restored = listener;
  }

  /**
   * @param mayActAlone whether this pod may act for a call while the directory is away. One that is cut off from all the
   * others, and has lost the call's stream, would end a call that another one serves by now.
   */
  whileAway(mayActAlone: (callControlId: string) => Promise<boolean>): void {
    this.mayActAlone = mayActAlone;
  }

  /** The epoch with which this pod owns the call; 0 where it only answered it; undefined where it has no part in it. */
  epochOf(callControlId: string): number | undefined {
    return this.holdings.get(callControlId)?.epoch;
  }

  /** A call that is being answered here; written down, if the directory is there. */
  async answering(call: NewCall): Promise<void> {
    this.holdings.set(call.callControlId, { call, epoch: 0, attempt: 0, unsaved: false });
    await this.directory.put(call);
  }

  /** A call that this pod has claimed. */
  owns(call: NewCall, epoch: number, attempt: number): void {
    this.holdings.set(call.callControlId, { call, epoch, attempt, unsaved: false });
    this.suspended.delete(call.callControlId);
    this.owed.delete(call.callControlId);
  }

  /** The number of the call's next streaming command. */
  async nextAttempt(callControlId: string): Promise<number> {
    const holding = this.holdings.get(callControlId);
    if (!holding) return 1;
    holding.attempt++;
    try {
      const attempt = await this.directory.nextAttempt(callControlId, holding.epoch);
      if (typeof attempt === 'number') holding.attempt = Math.max(holding.attempt, attempt);
    } catch (error) {
      if (!(error instanceof DirectoryUnavailable)) throw error;
    }
    return holding.attempt;
  }

  /** Writes down the state of a call. Never waits for long, never rejects: it is written again with the next change. */
  async save(callControlId: string, sealed: Buffer): Promise<void> {
    const holding = this.holdings.get(callControlId);
    if (!holding) return;
    holding.call = { ...holding.call, sealed };
    await this.seal(callControlId, holding);
  }

  /**
   * Whether this pod may still act for the call. Asked before each command: another pod may have taken the call while
   * this one was not looking. Where the directory does not answer, the call goes on.
   */
  async mayAct(callControlId: string): Promise<boolean> {
    const holding = this.holdings.get(callControlId);
    if (!holding) return false;
    try {
      if (!(await this.isLost(callControlId, holding))) return true;
    } catch (error) {
      if (error instanceof DirectoryUnavailable) return this.mayActAlone(callControlId);
      throw error;
    }
    // Claimed anew while the directory was asked: what it said is about the past.
    if (this.holdings.get(callControlId) !== holding) return this.mayAct(callControlId);
    this.lose(callControlId, holding);
    return false;
  }

  /** The call goes on elsewhere: no part in it any more. */
  letGo(callControlId: string): void {
    const holding = this.holdings.get(callControlId);
    this.holdings.delete(callControlId);
    this.suspended.delete(callControlId);
    // A directory that only this pod reads would say for ever that the call is here.
    if (holding && !this.shared) void this.directory.remove(callControlId, holding.epoch).catch(() => undefined);
    else this.unlist(callControlId);
  }

  /** It is a move, and may come to nothing: still listed under this pod, so that somebody sees to it if this pod dies. */
  suspend(callControlId: string): void {
    if (this.holdings.delete(callControlId)) this.suspended.add(callControlId);
  }

  /** A call of which this pod has no part is not to be looked for under it. */
  private unlist(callControlId: string): void {
    void this.directory.unlist(this.pod, callControlId).catch(() => undefined);
  }

  /** The call is over: forgotten, here and in the directory. */
  async forget(callControlId: string): Promise<void> {
    const holding = this.holdings.get(callControlId);
    this.holdings.delete(callControlId);
    // How far its move has come, the directory knows.
    if (this.suspended.delete(callControlId)) await this.remove(callControlId, undefined);
    else if (holding) await this.remove(callControlId, holding.epoch);
  }

  /** @param epoch undefined: whichever it is, since the call is over. */
  private async remove(callControlId: string, epoch: number | undefined): Promise<void> {
    try {
      const record = epoch === undefined ? await this.directory.find(callControlId) : { epoch };
      if (record) await this.directory.remove(callControlId, record.epoch);
      this.owed.delete(callControlId);
    } catch (error) {
      if (error instanceof DirectoryUnavailable) this.owed.set(callControlId, { epoch });
      throw error;
    }
  }

  private async seal(callControlId: string, holding: Holding): Promise<void> {
    const { sealed } = holding.call;
    if (!sealed) return;
    try {
      await this.directory.seal(callControlId, holding.epoch, sealed);
      if (holding.call.sealed === sealed) holding.unsaved = false;
    } catch {
      // Said by the directory itself; written with the next renewal.
      holding.unsaved = true;
    }
  }

  private async isLost(callControlId: string, holding: Holding): Promise<boolean> {
    if (holding.epoch > 0) {
      const [renewal] = await this.directory.renew(this.pod, [{ callControlId, epoch: holding.epoch }]);
      return renewal === 'lost';
    }
    const record = await this.directory.find(callControlId);
    return record !== undefined && !this.isUntaken(record);
  }

  private isUntaken({ epoch, owner }: CallRecord): boolean {
    return epoch === 0 || (owner !== undefined && samePod(owner, this.pod));
  }

  private schedule(): void {
    this.timer = this.clock.after(this.config.fleet.leaseMs * RENEW_SHARE, () => {
      this.schedule();
      void this.renew();
    });
  }

  private renew(): Promise<void> {
    this.renewing ??= this.renewAll()
      .catch((error: unknown) => {
        if (!(error instanceof DirectoryUnavailable)) this.log.error({ err: error }, 'leases could not be renewed');
      })
      .finally(() => (this.renewing = undefined));
    return this.renewing;
  }

  /** The directory is back, and may have come back empty. */
  private async registerAgain(): Promise<void> {
    for (const [callControlId, holding] of this.holdings) {
      if (holding.epoch > 0) continue;
      await this.directory.put(holding.call).catch(() => undefined);
      if (holding.unsaved) await this.seal(callControlId, holding);
    }
    for (const [callControlId, { epoch }] of [...this.owed.entries()]) {
      await this.remove(callControlId, epoch).catch(() => undefined);
    }
    await this.renew();
  }

  private async renewAll(): Promise<void> {
    const held = [...this.holdings].filter(([, { epoch }]) => epoch > 0);
    const leases = held.map(([callControlId, { epoch }]) => ({ callControlId, epoch }));
    if (leases.length === 0) return;
    const renewals = await this.directory.renew(this.pod, leases);
    for (const [index, [callControlId, holding]] of held.entries()) {
      // Changed hands while the directory was asked: what it said is about the past.
      if (this.holdings.get(callControlId) !== holding || holding.epoch !== leases[index]?.epoch) continue;
      await this.renewed(callControlId, holding, renewals[index]);
    }
  }

  private async renewed(callControlId: string, holding: Holding, renewal: Renewal | undefined): Promise<void> {
    if (renewal === 'lost') return this.lose(callControlId, holding);
    if (renewal === 'kept' && holding.unsaved) await this.seal(callControlId, holding);
    if (renewal !== 'missing') return;
    const { call, epoch, attempt } = holding;
    if ((await this.directory.restore(call, this.pod, epoch, attempt)) === 'lost')
      return this.lose(callControlId, holding);
    this.log.info({ callId: callControlId, epoch }, 'call registered again: the directory had forgotten it');
    // Over meanwhile, and its removal came before: it is not to stay.
    if (!this.holdings.has(callControlId)) await this.directory.remove(callControlId, epoch);
    else this.restored(callControlId);
  }

  /** @param holding what was lost: the call may have been claimed anew meanwhile, and is not lost then. */
  private lose(callControlId: string, holding: Holding): void {
    if (this.holdings.get(callControlId) !== holding) return;
    this.holdings.delete(callControlId);
    this.unlist(callControlId);
    this.lost(callControlId);
  }
}
