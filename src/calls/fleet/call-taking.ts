import { Inject, Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CallDirectory, type CallRecord, type Claim, DirectoryUnavailable } from '../../affinity/call-directory.js';
import { Fleet } from '../../affinity/fleet.js';
import { Ownership } from '../../affinity/ownership.js';
import { type PodIdentity, samePod } from '../../affinity/pod.js';
import { Peers } from '../../affinity/pods/peers.js';
import { TalkLog } from '../../affinity/talk-log.js';
import { ThisPod } from '../../affinity/this-pod.js';
import { CONFIG } from '../../config/config.token.js';
import { type Config } from '../../config/config.js';
import { type SavedConversation } from '../../conversation/record/saved-conversation.js';
import { Counters } from '../../telemetry/counters.js';
import { CallTraces } from '../../telemetry/trace/call-traces.js';
import { ATTRS, SPANS } from '../../telemetry/trace/names.js';
import { CallFactory } from '../call-factory.js';
import { CallsService } from '../calls.service.js';
import { type CarriedCall } from '../carried-call.js';
import { type StreamClaims } from '../stream-token.js';
import { streamBaseUrl } from '../stream-url.js';
import { CLAIMED_OPERATION } from './operations.js';

/** The first stream of a call is there a second or two after its answer. */
const FIRST_STREAM_WITHIN_S = 20;
const TELL_WITHIN_MS = 1_000;
/** A pod that hands a call over is there and waits; what it has kept is worth no longer silence. */
const UNHEARD_WITHIN_MS = 500;
/** Of G.711. */
const BYTES_PER_MS = 8;

export interface Taking {
  callControlId: string;
  /** What the token of its media socket said; undefined without one. */
  claims?: StreamClaims | undefined;
  /** A pod that is proven dead. */
  dead?: PodIdentity | undefined;
  /** A pod that answered the call, and has its papers where the directory has not. */
  from?: PodIdentity | undefined;
  /** Epochs up to this one were given for the call, as far as is known here. */
  sawEpoch?: number | undefined;
  /** By what it was noticed that the call is to be had; default: by its media stream. */
  noticedBy?: NoticedBy | undefined;
  /** Of the call's trace, where something else than a media socket's token carries it. */
  traceparent?: string | undefined;
}

/** `heartbeat`: that of a pod, which did not come. `reconciliation`: Telnyx's list of active calls. */
export type NoticedBy = 'stream' | 'webhook' | 'heartbeat' | 'reconciliation';

/** Why a call is taken. `first-stream`: it was answered elsewhere, and its stream came here. */
type TakeOverReason = 'first-stream' | 'moved' | 'owner-dead' | 'lease-over' | 'directory-away';

/** What is to be said of a call that was taken, in its trace. */
interface TakeOver {
  /** Milliseconds since 1970. */
  startMs: number;
  from: PodIdentity | undefined;
  reason: TakeOverReason;
  unheard?: Buffer | undefined;
}

/** Claims calls for this pod and takes them up where another one left them. */
@Injectable()
export class CallTaking {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @InjectPinoLogger(CallTaking.name) private readonly log: PinoLogger,
    private readonly calls: CallsService,
    private readonly directory: CallDirectory,
    private readonly ownership: Ownership,
    private readonly talks: TalkLog,
    private readonly fleet: Fleet,
    private readonly peers: Peers,
    private readonly factory: CallFactory,
    private readonly pod: ThisPod,
    private readonly counters: Counters,
    private readonly traces: CallTraces,
  ) {}

  /**
   * Claims the call through the directory.
   * @returns the call as it goes on here, or the pod whose lease is running.
   * Rejects with {@link DirectoryUnavailable}.
   */
  async claim(taking: Taking): Promise<CarriedCall | PodIdentity> {
    const { callControlId, dead, from } = taking;
    const startMs = Date.now();
    const aboveEpoch = this.knownEpoch(taking);
    const claim: Claim = { callControlId, pod: this.pod, aboveEpoch, dead, otherwise: this.newCall(taking) };
    const outcome = await this.directory.claim(claim);
    if (!outcome.granted) {
      // It may have been answered here; and nobody looks for it under this pod any more.
      this.calls.dismiss(callControlId, outcome.owner);
      return outcome.owner;
    }
    const { epoch } = outcome;
    const record = outcome.record ?? (await this.recordFrom(from, taking, epoch));
    const [conversation, unheard] = await Promise.all([
      record ? this.conversationOf(callControlId, record) : this.unread(taking),
      record?.moving ? this.unheardBy(taking.claims?.pod, callControlId, epoch) : undefined,
    ]);
    const wasHere = this.calls.find(callControlId) !== undefined;
    const carried = this.take(taking, epoch, record, conversation, unheard);
    // While a call is moved nobody owns it: who moves it is all that is known.
    const had = taking.dead ?? record?.owner ?? (record?.moving ? taking.claims?.pod : record?.answeredBy);
    if (!wasHere) this.tookOver(taking, epoch, { startMs, from: had, reason: reasonOf(taking, record), unheard });
    this.tell(callControlId, epoch, record);
    return carried;
  }

  /** Takes the call without the directory. @param taking its `from` is told. */
  async takeUnlisted(taking: Taking): Promise<CarriedCall> {
    const { from, callControlId } = taking;
    const startMs = Date.now();
    const wasHere = this.calls.find(callControlId) !== undefined;
    const epoch = this.knownEpoch(taking) + 1;
    const record = await this.recordFrom(taking.from, taking, epoch, true);
    const carried = this.take(taking, epoch, record, this.unread(taking));
    if (!wasHere) this.tookOver(taking, epoch, { startMs, from: from ?? taking.claims?.pod, reason: 'directory-away' });
    this.tellEverybody(taking, epoch, record);
    return carried;
  }

  /** Without the directory: any of them may have answered the call too, and would hang it up for want of a stream. */
  private tellEverybody(taking: Taking, epoch: number, record: CallRecord | undefined): void {
    const { callControlId, from } = taking;
    const tellOne = async (pod: PodIdentity): Promise<void> => {
      const news = { callControlId, epoch, unlisted: true };
      const told = await this.peers.ask(pod, CLAIMED_OPERATION, news, TELL_WITHIN_MS);
      const had = told.ok ? (told.reply.epoch ?? 0) : 0;
      if (had < epoch || this.ownership.epochOf(callControlId) !== epoch) return;
      // It had taken the call as blindly as this pod, and may be written down with that epoch: one above is ours alone.
      this.take(taking, had + 1, record, undefined);
      this.tellEverybody(taking, had + 1, record);
    };
    for (const { pod } of this.fleet.others) if (!from || !samePod(pod, from)) void tellOne(pod);
  }

  /**
   * Another pod has taken the call without the directory. Where this one reaches it, it says so there: a later socket would
   * be taken for the call's first wherever it lands. Never rejects.
   */
  async writeDownFor(pod: PodIdentity, callControlId: string, epoch: number): Promise<void> {
    try {
      const record = await this.directory.find(callControlId);
      // A call that is not written down is asked around for.
      if (!record || record.epoch >= epoch) return;
      const { owner } = record;
      const dead = owner && (await this.fleet.stateOf(owner)) === 'dead' ? owner : undefined;
      await this.directory.claim({ callControlId, pod, aboveEpoch: epoch - 1, dead, otherwise: record });
    } catch (error) {
      if (error instanceof DirectoryUnavailable) return;
      this.log.error({ err: error, callId: callControlId }, 'a call of another pod could not be written down for it');
    }
  }

  /** Whether this pod has heard of an epoch of the call that is later than its own. */
  isBehind(callControlId: string, claims: StreamClaims | undefined): boolean {
    return (claims?.epoch ?? 0) > (this.ownership.epochOf(callControlId) ?? 0);
  }

  private knownEpoch({ callControlId, claims, sawEpoch }: Taking): number {
    return Math.max(claims?.epoch ?? 0, sawEpoch ?? 0, this.ownership.epochOf(callControlId) ?? 0);
  }

  /** Tells a pod that the call is taken from it. @returns what it knows of the call, as a record. */
  private async recordFrom(
    from: PodIdentity | undefined,
    taking: Taking,
    epoch: number,
    unlisted = false,
  ): Promise<CallRecord | undefined> {
    const { callControlId } = taking;
    const news = { callControlId, epoch, unlisted };
    const told = from && (await this.peers.ask(from, CLAIMED_OPERATION, news, TELL_WITHIN_MS));
    if (!told?.ok) return undefined;
    const { sealed, attempt } = told.reply;
    return {
      ...this.newCall(taking),
      sealed: sealed === undefined ? undefined : Buffer.from(sealed, 'base64'),
      attempt,
      ...{ epoch: 0, owner: undefined, leaseMs: 0, moving: false },
    };
  }

  /** The pod that hands the call over has kept what the caller said since; it lets go of the call with this. */
  private async unheardBy(mover: PodIdentity | undefined, callControlId: string, epoch: number) {
    if (!mover || samePod(mover, this.pod)) return undefined;
    const told = await this.peers.ask(mover, CLAIMED_OPERATION, { callControlId, epoch }, UNHEARD_WITHIN_MS);
    const sealed = told.ok ? told.reply.unheard : undefined;
    return sealed === undefined ? undefined : this.factory.unsealAudio(callControlId, Buffer.from(sealed, 'base64'));
  }

  /**
   * What was said in a call that nobody has written down. A stream that was just asked for in epoch 0 is its first:
   * nothing yet. Later something was said, and nobody can tell what.
   */
  private unread({ claims }: Taking): SavedConversation | undefined {
    const isFirst = !claims || (claims.epoch === 0 && Date.now() / 1000 - claims.issuedAtS < FIRST_STREAM_WITHIN_S);
    return isFirst ? undefined : new Map();
  }

  private take(
    taking: Taking,
    epoch: number,
    record: CallRecord | undefined,
    conversation: SavedConversation | undefined,
    unheard?: Buffer,
  ): CarriedCall {
    const { callControlId, claims } = taking;
    const traceparent = claims?.traceparent ?? taking.traceparent;
    const baseUrl =
      streamBaseUrl(this.config.stream.publicUrl, undefined) ?? claims?.baseUrl ?? record?.streamBaseUrl ?? '';
    const carried = this.calls.adopt({ callControlId, epoch, baseUrl, record, conversation, unheard, traceparent });
    // Its end was told while it was being taken.
    if (this.calls.isOver(callControlId)) carried.call.handle({ type: 'hangup', byCaller: true });
    if (conversation) {
      this.counters.callsTakenUp++;
      this.log.info({ callId: callControlId, epoch, parts: conversation.size }, 'call taken up from another pod');
    }
    return carried;
  }

  private tookOver(
    { callControlId, noticedBy = 'stream' }: Taking,
    epoch: number,
    { startMs, from, reason, unheard }: TakeOver,
  ): void {
    const fromHere = from !== undefined && samePod(from, this.pod);
    // Its first stream, on the pod that answered it.
    if (fromHere && reason !== 'moved') return;
    const attributes = {
      [ATTRS.callId]: callControlId,
      [ATTRS.pod]: this.pod.name,
      [ATTRS.fromPod]: fromHere ? undefined : from?.name,
      [ATTRS.callEpoch]: epoch,
      [ATTRS.noticedBy]: noticedBy,
      [ATTRS.reason]: reason,
      [ATTRS.unheardMs]: unheard && unheard.length / BYTES_PER_MS,
    };
    this.traces.of(callControlId).record({ name: SPANS.takeOver, startMs, endMs: Date.now(), attributes });
  }

  private async conversationOf(callControlId: string, record: CallRecord): Promise<SavedConversation | undefined> {
    if (record.epoch === 0 || this.calls.find(callControlId)) return undefined;
    try {
      return await this.talks.read(callControlId);
    } catch (error) {
      if (!(error instanceof DirectoryUnavailable)) throw error;
      this.log.error({ callId: callControlId }, 'what was said in the call could not be read: it goes on without');
      return new Map();
    }
  }

  /** Whoever had the call stops what it does for it, sooner than by its lease. */
  private tell(callControlId: string, epoch: number, record: CallRecord | undefined): void {
    const had = record?.owner ?? record?.answeredBy;
    if (!had || samePod(had, this.pod)) return;
    void this.peers.ask(had, CLAIMED_OPERATION, { callControlId, epoch }, TELL_WITHIN_MS);
  }

  private newCall({ callControlId, claims }: Taking): Claim['otherwise'] {
    return {
      callControlId,
      callSessionId: undefined,
      connectionId: undefined,
      answeredAtMs: claims ? claims.issuedAtS * 1000 : Date.now(),
      streamBaseUrl: claims?.baseUrl ?? '',
      answeredBy: claims?.pod ?? this.pod,
      sealed: undefined,
    };
  }
}

function reasonOf({ dead }: Taking, record: CallRecord | undefined): TakeOverReason {
  if (record?.moving) return 'moved';
  if (dead) return 'owner-dead';
  return record?.owner === undefined ? 'first-stream' : 'lease-over';
}
