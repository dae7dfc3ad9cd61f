import { Inject, Injectable, Optional } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { type CallRecord } from '../affinity/call-directory.js';
import { type Part } from '../affinity/call-finder.js';
import { Ownership } from '../affinity/ownership.js';
import { type PodIdentity } from '../affinity/pod.js';
import { ThisPod } from '../affinity/this-pod.js';
import { CLOCK } from '../common/clock.token.js';
import { type Clock } from '../common/clock.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { type SavedConversation } from '../conversation/record/saved-conversation.js';
import { Counters } from '../telemetry/counters.js';
import { CallTraces } from '../telemetry/trace/call-traces.js';
import { Admission } from './admission.js';
import { CallBooks } from './call-books.js';
import { CallConversations } from './call-conversation.js';
import { CallFactory } from './call-factory.js';
import { type CallLine } from './call-line.js';
import { CallSummaries } from './call-summaries.js';
import { type CallFacts, CarriedCall, type EarlierCall } from './carried-call.js';
import { ConversationObservers } from './conversation-observers.js';
import { type EndReason } from './end-reason.js';
import { Relays } from './fleet/relays.js';
import { OverflowCalls } from './overflow-calls.js';
import { SecondLegs } from './second-legs.js';

/** Ended calls are remembered, so that a late or repeated `call.initiated` is not answered. */
const ENDED_MEMORY = { max: 20_000, ttl: 3_600_000 };
/** For as long as a call can last. */
const ELSEWHERE_MEMORY = { max: 20_000, ttl: 4.5 * 3_600_000 };

/** A token is used within two minutes of its making, or by a later socket of a call that has had one. */
export const FIRST_USE_S = 120;
/** At its longest duration a call ends with a goodbye, which may be on a stream that was lost and came back. */
const GOODBYE_S = 120;

/** A call that this pod has claimed, as the directory had it before. */
export interface ClaimedCall {
  callControlId: string;
  epoch: number;
  /** `wss` base of its media streams. */
  baseUrl: string;
  record: CallRecord | undefined;
  /** What was said in it; undefined where nobody has owned it yet. */
  conversation: SavedConversation | undefined;
  /** What the caller said while it was on its way here, as G.711. */
  unheard?: Buffer | undefined;
  /** Of its trace, as its token or its client state has it; for a call whose papers do not say. */
  traceparent?: string | undefined;
}

/** The calls of this pod: where each is from its beginning, here or on another pod, to its end, and its media stream. */
@Injectable()
export class CallsService {
  private readonly calls = new Map<string, CarriedCall>();
  /** Calls that are over, or that were never ours. */
  private readonly ended = new LRUCache<string, true>(ENDED_MEMORY);

  /** Calls that were here, and the pods that have taken them. */
  private readonly elsewhere = new LRUCache<string, PodIdentity>(ELSEWHERE_MEMORY);

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(CallsService.name) private readonly log: PinoLogger,
    private readonly factory: CallFactory,
    private readonly ownership: Ownership,
    private readonly admission: Admission,
    private readonly overflow: OverflowCalls,
    private readonly secondLegs: SecondLegs,
    private readonly conversations: CallConversations,
    private readonly books: CallBooks,
    private readonly counters: Counters,
    private readonly pod: ThisPod,
    private readonly relays: Relays,
    private readonly traces: CallTraces,
    private readonly summaries: CallSummaries,
    @Optional() private readonly observers?: ConversationObservers,
  ) {
    ownership.onLost((callControlId) => {
      this.log.warn({ callId: callControlId }, 'call lost to another pod: it goes on there');
      this.dismiss(callControlId);
    });
    ownership.onRestored((callControlId) => this.calls.get(callControlId)?.writeDownAgain());
  }

  /** Calls that are being answered or carried. */
  get activeCalls(): number {
    return this.count(({ call }) => call.active);
  }

  /**
   * Calls that need this process: those it carries, those waiting for the word that they are over, those whose last words
   * are being written down or whose totals are, those whose audio passes through. Not the ones that were handed over: they go on without us.
   */
  get heldCalls(): number {
    const held = this.count(({ call }) => call.state.phase !== 'transferred');
    return held + this.overflow.pending + this.books.pending + this.summaries.pending + this.relays.open;
  }

  /** Ids of the calls whose media stream belongs to this pod. */
  get ownedCalls(): string[] {
    return [...this.calls.keys()].filter((callControlId) => this.partIn(callControlId) === 'streaming');
  }

  /** The calls that can go on elsewhere: answered, and with the assistant. */
  get movable(): CarriedCall[] {
    return [...this.calls.values()].filter(({ call }) => call.ours && call.state.streamed && !call.moving);
  }

  /** The part that this pod has in a call. */
  partIn(callControlId: string): Part {
    const carried = this.calls.get(callControlId);
    if (!carried || carried.call.moving) return 'none';
    return carried.call.state.streamed ? 'streaming' : 'waiting';
  }

  /**
   * Whether a media socket with a valid token may open.
   * @param ageS seconds since the token was made.
   */
  mayStream(callControlId: string, ageS: number): boolean {
    if (this.ended.has(callControlId)) return false;
    const carried = this.calls.get(callControlId);
    // Of a call that is not here another pod may know more, or Telnyx: `StreamPlacement` asks.
    const first = carried !== undefined && !carried.call.state.streamed;
    return ageS <= (first ? FIRST_USE_S : this.config.limits.maxCallDurationMs / 1000 + GOODBYE_S);
  }

  /** Whether a call was here and is over. */
  isOver(callControlId: string): boolean {
    return this.ended.has(callControlId);
  }

  /** Whether the call is here, or was and is over. */
  isKnown(callControlId: string): boolean {
    return this.calls.has(callControlId) || this.ended.has(callControlId);
  }

  /** The call is over, or none of ours: whatever comes of it is late. */
  markOver(callControlId: string): void {
    this.ended.set(callControlId, true);
  }

  /** The call as this pod carries it. */
  find(callControlId: string): CarriedCall | undefined {
    return this.calls.get(callControlId);
  }

  /** Goes on with a call that another pod has answered or carried. Does nothing if it is here already. */
  adopt(claimed: ClaimedCall): CarriedCall {
    const { callControlId, epoch, baseUrl, record, conversation, unheard } = claimed;
    const present = this.calls.get(callControlId);
    const papers = this.factory.papersOf(callControlId, record?.sealed);
    const attempt = record?.attempt ?? 0;
    this.ownership.owns(
      {
        callControlId,
        callSessionId: record?.callSessionId ?? papers?.facts.callSessionId,
        connectionId: record?.connectionId,
        answeredAtMs: record?.answeredAtMs ?? Date.now(),
        streamBaseUrl: baseUrl,
        answeredBy: record?.answeredBy ?? this.pod,
        sealed: record?.sealed,
      },
      epoch,
      attempt,
    );
    if (present) {
      present.ownedAnew(epoch, attempt);
      return present;
    }
    // Papers that say nothing of a trace are those of a call whose trace is complete, or that has none.
    this.traces.join(callControlId, papers ? papers.traceparent : claimed.traceparent);
    const carried = this.carry(papers?.facts ?? { callControlId }, baseUrl, { papers, attempt, conversation, unheard });
    carried.call.takeUp();
    return carried;
  }

  /** The pod that has taken a call from this one; undefined where that is not known. */
  takenBy(callControlId: string): PodIdentity | undefined {
    return this.calls.has(callControlId) ? undefined : this.elsewhere.get(callControlId);
  }

  /**
   * The call goes on elsewhere: nothing is done for it here any more.
   * @param takenBy who has it, where that is known.
   */
  dismiss(callControlId: string, takenBy?: PodIdentity): void {
    if (takenBy) this.elsewhere.set(callControlId, takenBy);
    const carried = this.calls.get(callControlId);
    this.ownership.letGo(callControlId);
    if (!carried) return;
    this.calls.delete(callControlId);
    this.secondLegs.forget(callControlId);
    this.counters.callsLeft++;
    carried.dismiss();
    this.traces.forget(callControlId);
    carried.log.info('call goes on elsewhere');
  }

  /**
   * A media stream of the call has started.
   * @param line the call's line; the same one for every socket of a call.
   * @returns whether the socket may be attached to it; false when the call is over, or ends because of this.
   */
  streamStarted(callControlId: string, line: CallLine): boolean {
    const carried = this.calls.get(callControlId);
    if (!carried?.call.ours) return false;
    this.counters.streamsStarted++;
    const isFirst = !carried.line;
    carried.line = line;
    carried.call.handle({ type: 'stream-started' });
    const streams = this.count(({ call }) => call.state.phase === 'streaming');
    if (isFirst && streams > this.admission.streamCeiling) {
      carried.log.error(
        { streams, ceiling: this.admission.streamCeiling },
        'more media streams than this pod may carry',
      );
      this.end(callControlId, 'pod-overloaded', true);
      return false;
    }
    return true;
  }

  /** The line is attached to a socket: the conversation can begin, or go on. */
  streamReady(callControlId: string): void {
    const carried = this.calls.get(callControlId);
    try {
      carried?.streamReady();
    } catch (error) {
      carried?.call.fail(error);
    }
  }

  /** The socket of the call's media stream is gone, without the call being over as far as we know. */
  streamLost(callControlId: string): void {
    this.counters.streamsEnded++;
    this.calls.get(callControlId)?.call.handle({ type: 'stream-lost' });
  }

  /**
   * We end the call, because something broke or the process leaves. Leaves alone what was handed over.
   * @param sentence whether the caller is told so first.
   */
  end(callControlId: string, reason: EndReason, sentence: boolean): void {
    const words = sentence ? this.factory.wordsFor(reason) : undefined;
    this.calls.get(callControlId)?.call.handle({ type: 'end', reason, sentence: words });
  }

  /** Ends every call: with a sentence while there is time, without when there is none. */
  endAll(reason: EndReason, sentence: boolean): void {
    for (const callControlId of this.calls.keys()) this.end(callControlId, reason, sentence);
  }

  private count(which: (carried: CarriedCall) => boolean): number {
    let count = 0;
    for (const carried of this.calls.values()) if (which(carried)) count++;
    return count;
  }

  /** Not answered after all. */
  async turnAway(carried: CarriedCall): Promise<void> {
    const { callControlId } = carried.facts;
    this.ended.set(callControlId, true);
    await this.ownership.forget(callControlId).catch(() => undefined);
    this.calls.delete(callControlId);
    carried.dismiss();
  }

  /** A call begins here. @param earlier as another pod left it; undefined: it is new. */
  carry(facts: CallFacts, baseUrl: string, earlier?: EarlierCall): CarriedCall {
    const { callControlId, callSessionId } = facts;
    const trace = this.traces.of(callControlId);
    const expectSecondLeg = (transfer: number): string =>
      this.secondLegs.expect({ firstLeg: callControlId, transfer }, callSessionId, this.pod, trace.traceparent);
    const carried = new CarriedCall(
      facts,
      baseUrl,
      {
        clock: this.clock,
        factory: this.factory,
        conversations: this.conversations,
        log: this.log.logger.child({ callId: callControlId, traceId: trace.traceId }),
        trace,
        observer: () => this.observers?.of(callControlId),
        lastWordsWaitMs: this.books.lastWordsWaitMs,
        changed: () => void this.ownership.save(callControlId, this.factory.sealed(carried.papers)),
        expectSecondLeg: (transfer) => {
          this.counters.transfers++;
          return expectSecondLeg(transfer);
        },
        cameBack: () => this.counters.transfersFailed++,
        handedOver: () => this.close(carried, carried.call.state.endReason ?? 'transferred'),
        released: () => this.release(carried),
      },
      earlier,
    );
    this.calls.set(callControlId, carried);
    const { transfers, secondLeg } = carried.call.state;
    if (secondLeg !== 'none') expectSecondLeg(transfers);
    carried.log.info({ taken: earlier !== undefined }, 'call begins');
    return carried;
  }

  /** Our part of the call is over. */
  private close(carried: CarriedCall, endReason: EndReason): void {
    const finished = carried.letGo();
    this.books.close(carried, endReason, finished);
    this.summaries.write(carried, endReason, finished);
  }

  private release(carried: CarriedCall): void {
    const { callControlId } = carried.facts;
    if (!this.calls.delete(callControlId)) return;
    this.ended.set(callControlId, true);
    this.secondLegs.forget(callControlId);
    const endReason = carried.call.state.endReason ?? 'internal-error';
    this.close(carried, endReason);
    const durationMs = Math.round(this.clock.nowMs() - carried.startedMs);
    this.counters.callEnded(endReason, durationMs);
    carried.log.info({ endReason, durationMs, ...carried.summary }, 'call ended');
    this.ownership
      .forget(callControlId)
      .catch((error: unknown) => carried.log.warn({ err: error }, 'call record not removed'));
  }
}
