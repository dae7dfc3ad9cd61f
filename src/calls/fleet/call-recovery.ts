import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CallDirectory, type CallRecord } from '../../affinity/call-directory.js';
import { type Absence, Fleet } from '../../affinity/fleet.js';
import { type PodIdentity, samePod } from '../../affinity/pod.js';
import { ThisPod } from '../../affinity/this-pod.js';
import { CLOCK } from '../../common/clock.token.js';
import { type Clock } from '../../common/clock.js';
import { ATTRS, SPANS } from '../../telemetry/trace/names.js';
import { CallCommands } from '../call-commands.js';
import { type CallPhase } from '../call-events.js';
import { CallFactory } from '../call-factory.js';
import { CallTracing } from '../call-tracing.js';
import { CallsService } from '../calls.service.js';
import { CarriedCall } from '../carried-call.js';
import { type SpanAttributes } from '../../telemetry/trace/call-trace.js';
import { CallMover, type Moved, type MoveResult } from './call-mover.js';
import { CallTaking, type NoticedBy } from './call-taking.js';

/** An answered call whose pod died may still get its first stream, on any pod; Telnyx needs a second or two. */
const FIRST_STREAM_WITHIN_MS = 10_000;
/** A move that has not come to an end by now was begun by a pod that died over it. */
const MOVE_STUCK_AFTER_MS = 6_000;
/** Calls of one pod that are looked after at the same time: its hundred calls do not all wait for Telnyx in a row. */
const AT_ONCE = 20;

/** From here on the call's media stream is no concern of ours, or never was. */
const WITHOUT_STREAM: ReadonlySet<CallPhase> = new Set(['transferring', 'transferred', 'saying', 'ending']);

/** Somebody else decides, or nobody can: nothing has become of the call yet. */
const UNDECIDED: ReadonlySet<MoveResult> = new Set(['overtaken', 'unavailable']);

/** Looks after the calls of pods that are no more: each is moved to whichever pod its next stream reaches. */
@Injectable()
export class CallRecovery {
  /** Moves that were seen under way, by call: since when, and in which epoch. */
  private readonly moves = new LRUCache<string, { epoch: number; sinceMs: number }>({ max: 10_000 });

  /** Calls that were answered for a pod that is no more. */
  private readonly answered = new LRUCache<string, true>({ max: 1_000 });

  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(CallRecovery.name) private readonly log: PinoLogger,
    private readonly directory: CallDirectory,
    private readonly fleet: Fleet,
    private readonly calls: CallsService,
    private readonly factory: CallFactory,
    private readonly taking: CallTaking,
    private readonly mover: CallMover,
    private readonly commands: CallCommands,
    private readonly pod: ThisPod,
    private readonly tracing: CallTracing,
  ) {}

  start(): void {
    this.fleet.onAbsent((pod, absence) => this.lookAfter(pod, absence));
  }

  /** Every call that is listed under an absent pod. Called again until all of them are settled. */
  async lookAfter(pod: PodIdentity, absence: Absence): Promise<void> {
    const listed = await this.directory.callsOf(pod);
    const left = listed.values();
    let settled = 0;
    // Each takes the next one when it is done: a call that gets no stream holds up none of the others.
    const worker = async (): Promise<void> => {
      for (const callControlId of left) {
        if (!(await this.settle(callControlId, pod, absence))) continue;
        await this.directory.unlist(pod, callControlId);
        settled++;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    if (absence !== 'dead' || settled < listed.length) return;
    await this.directory.forgetPod(pod);
    this.log.warn({ pod: pod.name, calls: listed.length }, 'a pod is gone; its calls are looked after');
  }

  /** One call of an absent pod. @returns whether nothing is left to do for it. */
  async settle(
    callControlId: string,
    pod: PodIdentity,
    absence: Absence,
    noticedBy: NoticedBy = 'heartbeat',
  ): Promise<boolean> {
    try {
      const record = await this.directory.find(callControlId);
      if (record?.moving) return await this.settleMove(record, noticedBy);
      this.moves.delete(callControlId);
      if (!record) return true;
      const holder = record.owner ?? record.answeredBy;
      if (!samePod(holder, pod)) return true;
      // It may live, as far as anybody knows: its lease decides.
      if (absence === 'silent' && record.leaseMs > 0) return false;
      return await this.recover(record, { dead: pod, noticedBy });
    } catch (error) {
      this.log.error(
        { err: error, callId: callControlId },
        'a call of an absent pod could not be looked after; trying again',
      );
      return false;
    }
  }

  private async recover(record: CallRecord, about: { dead: PodIdentity; noticedBy: NoticedBy }): Promise<boolean> {
    const { callControlId } = record;
    const { dead, noticedBy } = about;
    const papers = this.factory.papersOf(callControlId, record.sealed);
    const phase = papers?.state.phase ?? 'streaming';
    if (record.epoch === 0 && Date.now() - record.answeredAtMs < FIRST_STREAM_WITHIN_MS) {
      if (phase === 'ringing') await this.tracing.during(callControlId, papers?.traceparent, () => this.answer(record));
      return false;
    }
    this.log.warn({ callId: callControlId, phase, pod: dead.name }, 'the pod of this call is gone: going on with it');
    if (phase === 'ended') return this.directory.remove(callControlId, record.epoch);
    if (WITHOUT_STREAM.has(phase)) {
      await this.taking.claim({ callControlId, dead, noticedBy });
      return true;
    }
    return this.move(record, about);
  }

  /** It may have died before it answered. Where it did answer, Telnyx passes over the second time: the id is the same. */
  private async answer({ callControlId, streamBaseUrl }: CallRecord): Promise<void> {
    if (this.answered.has(callControlId)) return;
    this.answered.set(callControlId, true);
    await this.commands.answer(callControlId, this.factory.streamRequest(callControlId, streamBaseUrl, 0));
  }

  private move(record: CallRecord, about: { dead?: PodIdentity; noticedBy: NoticedBy }): Promise<boolean> {
    const { callControlId, sealed } = record;
    const traceparent = this.factory.papersOf(callControlId, sealed)?.traceparent;
    return this.tracing.during(callControlId, traceparent, async () => {
      const startMs = Date.now();
      const trace = this.tracing.of(callControlId, traceparent);
      const moved = await this.mover.move(callControlId, record.epoch, record.streamBaseUrl);
      // Looked at again, and written when it is decided.
      if (!UNDECIDED.has(moved.result)) {
        const error = moved.result === 'unclaimed' ? moved.result : undefined;
        const attributes = this.attributesOf(record, moved, about);
        trace.record({ name: SPANS.recover, startMs, endMs: Date.now(), attributes, error });
      }
      return this.settled(record, moved.result, about);
    });
  }

  private attributesOf(
    { callControlId, owner }: CallRecord,
    { result, tries, epoch, owner: to }: Moved,
    { dead = owner, noticedBy }: { dead?: PodIdentity | undefined; noticedBy: NoticedBy },
  ): SpanAttributes {
    return {
      [ATTRS.callId]: callControlId,
      [ATTRS.pod]: this.pod.name,
      [ATTRS.fromPod]: dead?.name,
      [ATTRS.toPod]: result === 'stayed' ? this.pod.name : to?.name,
      [ATTRS.callEpoch]: epoch,
      [ATTRS.noticedBy]: noticedBy,
      [ATTRS.result]: result,
      [ATTRS.tries]: tries,
    };
  }

  /** @returns whether nothing is left to do for the call. */
  private async settled(
    { callControlId }: CallRecord,
    result: MoveResult,
    { dead, noticedBy }: { dead?: PodIdentity; noticedBy: NoticedBy },
  ): Promise<boolean> {
    switch (result) {
      case 'claimed':
      case 'stayed':
        return true;
      // Whoever moves it may die over that: looked at again until it has an owner.
      case 'overtaken':
      case 'unavailable':
        return false;
      case 'over': {
        // Taken up for its end alone: it is reported, and forgotten.
        const carried = await this.taking.claim({ callControlId, dead, noticedBy });
        if (carried instanceof CarriedCall) carried.call.handle({ type: 'hangup', byCaller: true });
        return true;
      }
      case 'unclaimed': {
        // Three streams were asked for and none came: the caller is told, by the carrier's own voice.
        const carried = await this.taking.claim({ callControlId, dead, noticedBy });
        if (carried instanceof CarriedCall) this.calls.end(callControlId, 'media-stream-lost', true);
        return true;
      }
    }
  }

  /** A move is under way. Whoever began it sees to its end, if they live. */
  private async settleMove(record: CallRecord, noticedBy: NoticedBy): Promise<boolean> {
    const { callControlId, epoch } = record;
    const seen = this.moves.get(callControlId);
    if (seen?.epoch !== epoch) {
      this.moves.set(callControlId, { epoch, sinceMs: this.clock.nowMs() });
      return false;
    }
    if (this.clock.nowMs() - seen.sinceMs < MOVE_STUCK_AFTER_MS) return false;
    this.moves.delete(callControlId);
    return this.move(record, { noticedBy });
  }
}
