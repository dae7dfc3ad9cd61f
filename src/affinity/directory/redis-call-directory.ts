import { type PinoLogger } from 'nestjs-pino';
import { z } from 'zod';
import { systemClock } from '../../common/clock.js';
import { Seen } from '../../common/seen.js';
import { type RedisConfig } from '../../config/config.js';
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
import { type PodIdentity, podKey, type PodState, type PodView } from '../pod.js';
import { CALL_KEPT_MS, EVENT_MEMORY_MS, POD_KEPT_MS, REMOVED_KEPT_MS } from './kept-for.js';
import { RedisKeys } from './redis-keys.js';
import { RedisLink } from './redis-link.js';
import * as call from './scripts/call-scripts.js';
import * as fleet from './scripts/fleet-scripts.js';
import { callFrom, callText, checked, podFrom, podStateFrom, podStateText, podText, recordFrom } from './stored.js';

const bytes = z.instanceof(Buffer);
const whole = z.number().int();
const renewal = bytes.transform((text) => text.toString()).pipe(z.enum(['kept', 'lost', 'missing']));
const texts = z.array(bytes);

/** The call directory of many pods. What is kept where: `RedisKeys`; how it changes: `scripts/`. */
export class RedisCallDirectory extends CallDirectory {
  readonly shared = true;
  private readonly keys: RedisKeys;
  private readonly link: RedisLink;
  private readonly seen = new Seen(systemClock, EVENT_MEMORY_MS);

  /** Connects with the first command. @param leaseMs of a claimed call. */
  constructor(
    config: RedisConfig,
    private readonly leaseMs: number,
    log: PinoLogger,
  ) {
    super();
    this.keys = new RedisKeys(config.keyPrefix);
    this.link = new RedisLink(config, this.keys, log);
  }

  get available(): boolean {
    return this.link.available;
  }

  onBack(listener: (mayBeEmpty: boolean) => void): void {
    this.link.onBack(listener);
  }

  async firstSight(eventId: string): Promise<boolean> {
    if (!this.seen.first(eventId)) return false;
    try {
      return (await this.link.run(fleet.ONCE, [this.keys.event(eventId)], [EVENT_MEMORY_MS])) !== 0;
    } catch {
      return true;
    }
  }

  async put(newCall: NewCall): Promise<void> {
    const { callControlId, sealed } = newCall;
    const args = [callText(newCall), sealed ?? '', CALL_KEPT_MS];
    await Promise.all([
      this.link.run(call.PUT, this.keys.record(callControlId), args),
      this.list(newCall.answeredBy, callControlId),
      this.addLeg(newCall),
    ]);
  }

  async find(callControlId: string): Promise<CallRecord | undefined> {
    return recordFrom(callControlId, await this.link.run(call.FIND, [this.keys.call(callControlId)]));
  }

  async findBySession(callSessionId: string): Promise<string | undefined> {
    const last = await this.link.run(fleet.LAST_LEG, [this.keys.legs(callSessionId)]);
    return last === null ? undefined : checked(bytes, last).toString();
  }

  async claim({ callControlId, pod, aboveEpoch, dead, otherwise }: Claim): Promise<ClaimOutcome> {
    const noOne = '';
    const [reply] = await Promise.all([
      this.link.run(call.CLAIM, this.keys.record(callControlId), [
        ...[podKey(pod), podText(pod), aboveEpoch, dead === undefined ? noOne : podKey(dead)],
        ...[callText(otherwise), otherwise.sealed ?? '', this.leaseMs, CALL_KEPT_MS],
      ]),
      // Listed even if it is refused then: a list may name too many, and a pod that dies in between must not name too few.
      this.list(pod, callControlId),
      this.addLeg({ ...otherwise, callControlId }),
    ]);
    const [granted, epoch, more] = checked(z.tuple([whole, whole, z.unknown()]), reply);
    if (granted === 1) return { granted: true, epoch, record: recordFrom(callControlId, more) };
    return { granted: false, epoch, owner: podFrom(checked(bytes, more)) };
  }

  async renew(pod: PodIdentity, leases: readonly Lease[]): Promise<Renewal[]> {
    const one = async ({ callControlId, epoch }: Lease): Promise<Renewal> => {
      const args = [podKey(pod), epoch, this.leaseMs];
      return checked(renewal, await this.link.run(call.RENEW, this.keys.record(callControlId), args));
    };
    return await Promise.all(leases.map(one));
  }

  async restore(newCall: NewCall, pod: PodIdentity, epoch: number, attempt: number): Promise<Renewal> {
    const { callControlId, sealed } = newCall;
    const [reply] = await Promise.all([
      this.link.run(call.RESTORE, this.keys.record(callControlId), [
        ...[podKey(pod), podText(pod), epoch, attempt],
        ...[callText(newCall), sealed ?? '', this.leaseMs, CALL_KEPT_MS],
      ]),
      this.list(pod, callControlId),
      this.addLeg(newCall),
    ]);
    return checked(renewal, reply);
  }

  async move(callControlId: string, sawEpoch: number): Promise<MoveOutcome> {
    const reply = await this.link.run(call.MOVE, [this.keys.call(callControlId)], [sawEpoch]);
    const [moved, second, attempt] = checked(z.tuple([whole]).rest(z.unknown()), reply);
    if (moved === 1) return { moved: true, epoch: checked(whole, second), attempt: checked(whole, attempt) };
    return { moved: false, record: recordFrom(callControlId, second) };
  }

  async nextAttempt(callControlId: string, epoch: number): Promise<number | 'lost' | 'missing'> {
    const reply = await this.link.run(call.ATTEMPT, this.keys.record(callControlId), [epoch]);
    if (typeof reply === 'number') return reply;
    return checked(renewal, reply) === 'lost' ? 'lost' : 'missing';
  }

  async seal(callControlId: string, epoch: number, sealed: Buffer): Promise<boolean> {
    const reply = await this.link.run(call.SEAL, this.keys.record(callControlId), [epoch, sealed]);
    return checked(renewal, reply) !== 'lost';
  }

  async remove(callControlId: string, epoch: number): Promise<boolean> {
    const { keys, link } = this;
    const reply = await link.run(
      call.REMOVE,
      [...keys.record(callControlId), keys.talk(callControlId)],
      [epoch, REMOVED_KEPT_MS],
    );
    const [removed, text, owner] = checked(z.tuple([whole]).rest(bytes), reply);
    if (removed !== 1) return false;
    if (text && text.length > 0) {
      await this.unlistEverywhere(callFrom(callControlId, text, Buffer.alloc(0)), owner).catch(() => undefined);
    }
    return true;
  }

  async saveTalk(
    callControlId: string,
    epoch: number,
    parts: ReadonlyMap<string, Buffer | undefined>,
  ): Promise<Renewal> {
    const { keys, link } = this;
    const written: (string | Buffer)[] = [];
    const removed: string[] = [];
    for (const [name, value] of parts) {
      if (value === undefined) removed.push(name);
      else written.push(name, value);
    }
    const reply = await link.run(
      call.SAVE_TALK,
      [...keys.record(callControlId), keys.talk(callControlId)],
      [epoch, CALL_KEPT_MS, written.length / 2, ...written, ...removed],
    );
    return checked(renewal, reply);
  }

  async readTalk(callControlId: string): Promise<Map<string, Buffer>> {
    const parts = checked(texts, await this.link.run(call.READ_TALK, [this.keys.talk(callControlId)]));
    return new Map(pairs(parts).map(([name, value]) => [name.toString(), value]));
  }

  async beat(state: PodState): Promise<PodView[]> {
    const { keys, link } = this;
    const [reply] = await Promise.all([
      link.run(fleet.BEAT, [keys.podStates(), keys.podBeats()], [podKey(state.pod), podStateText(state), POD_KEPT_MS]),
      link.run(fleet.KEEP_LIST, [keys.calls(state.pod)], [POD_KEPT_MS]),
    ]);
    const pods: PodView[] = [];
    for (const [text, silentMs] of pairs(checked(z.array(z.union([bytes, z.number()])), reply))) {
      const state = text instanceof Buffer ? podStateFrom(text) : undefined;
      if (state && typeof silentMs === 'number') pods.push({ ...state, silentMs });
    }
    return pods;
  }

  async callsOf(pod: PodIdentity): Promise<string[]> {
    const listed = checked(texts, await this.link.run(fleet.LISTED, [this.keys.calls(pod)]));
    return listed.map((id) => id.toString());
  }

  async unlist(pod: PodIdentity, callControlId: string): Promise<void> {
    await this.link.run(fleet.UNLIST, [this.keys.calls(pod)], [callControlId]);
  }

  async forgetPod(pod: PodIdentity): Promise<void> {
    await Promise.all([
      this.link.run(fleet.FORGET_POD, [this.keys.podStates(), this.keys.podBeats()], [podKey(pod)]),
      this.link.run(fleet.DROP_LIST, [this.keys.calls(pod)]),
    ]);
  }

  async turn(what: string, periodMs: number): Promise<boolean> {
    return (await this.link.run(fleet.ONCE, [this.keys.turn(what)], [periodMs])) === 1;
  }

  async count(what: string, periodMs: number): Promise<number> {
    return checked(whole, await this.link.run(fleet.COUNT, [this.keys.count(what)], [periodMs]));
  }

  async close(): Promise<void> {
    this.link.close();
  }

  private async list(pod: PodIdentity, callControlId: string): Promise<void> {
    await this.link.run(fleet.LIST, [this.keys.calls(pod)], [POD_KEPT_MS, callControlId]);
  }

  private async addLeg({ callControlId, callSessionId }: NewCall): Promise<void> {
    if (callSessionId === undefined) return;
    await this.link.run(fleet.ADD_LEG, [this.keys.legs(callSessionId)], [callControlId, CALL_KEPT_MS]);
  }

  private async unlistEverywhere({ callControlId, callSessionId, answeredBy }: NewCall, owner?: Buffer): Promise<void> {
    await Promise.all([
      this.unlist(answeredBy, callControlId),
      owner && owner.length > 0 ? this.unlist(podFrom(owner), callControlId) : undefined,
      callSessionId === undefined
        ? undefined
        : this.link.run(fleet.DROP_LEG, [this.keys.legs(callSessionId)], [callControlId]),
    ]);
  }
}

/** Redis gives names and values in turn. */
function pairs<T>(flat: readonly T[]): [T, T][] {
  const found: [T, T][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) found.push([flat[at] as T, flat[at + 1] as T]);
  return found;
}
