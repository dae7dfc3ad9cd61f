import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CallDirectory } from '../affinity/call-directory.js';
import { CLOCK } from '../common/clock.token.js';
import { type Clock } from '../common/clock.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { ModelConnector } from '../conversation/model.port.js';
import { Counters } from '../telemetry/counters.js';
import { Admission } from './admission.js';
import { CallBooks } from './call-books.js';
import { CallCommands } from './call-commands.js';
import { CallConversations } from './call-conversation.js';
import { CallFactory } from './call-factory.js';
import { CallIntake } from './call-intake.js';
import { type CallLine } from './call-line.js';
import { type CallFacts, CarriedCall } from './carried-call.js';
import { type EndReason } from './end-reason.js';
import { OverflowCalls } from './overflow-calls.js';
import { endOfSecondLeg, type SecondLeg, SecondLegs } from './second-legs.js';
import { attemptOf, type StreamClaims } from './stream-token.js';
import { streamBaseUrl } from './stream-url.js';
import { type CallWebhook } from './webhook-event.js';

/** A webhook about a call that can be one of ours. */
type CallNews = Exclude<CallWebhook, { kind: 'ignored' | 'initiated' }>;

/** Ended calls are remembered, so that a late or repeated `call.initiated` is not answered. */
const ENDED_MEMORY = { max: 20_000, ttl: 3_600_000 };
/** A token is used within two minutes of its making, or by a later socket of a call that has had one. */
const FIRST_USE_S = 120;
/** At its longest duration a call ends with a goodbye, which may be on a stream that was lost and came back. */
const GOODBYE_S = 120;

/** The calls of this pod: what webhooks and media streams mean for them, and what is done about it. */
@Injectable()
export class CallsService {
  private readonly calls = new Map<string, CarriedCall>();
  /** Calls that are over, or that were never ours. */
  private readonly ended = new LRUCache<string, true>(ENDED_MEMORY);
  private readonly factory: CallFactory;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(CallsService.name) private readonly log: PinoLogger,
    private readonly commands: CallCommands,
    private readonly directory: CallDirectory,
    private readonly admission: Admission,
    private readonly intake: CallIntake,
    private readonly overflow: OverflowCalls,
    private readonly secondLegs: SecondLegs,
    private readonly conversations: CallConversations,
    private readonly books: CallBooks,
    private readonly model: ModelConnector,
    private readonly counters: Counters,
  ) {
    this.factory = new CallFactory(config, clock, commands);
  }

  /** Calls that are being answered or carried. */
  get activeCalls(): number {
    return this.count(({ call }) => call.active);
  }

  /**
   * Calls that need this process: those it carries, those waiting for the word that they are over, those whose last words
   * are being written down. Not the ones that were handed over: they go on without us.
   */
  get heldCalls(): number {
    const held = this.count(({ call }) => call.state.phase !== 'transferred');
    return held + this.overflow.pending + this.books.pending;
  }

  /** A webhook that was verified and seen for the first time. */
  async handleWebhook(event: CallWebhook): Promise<void> {
    if (event.kind === 'ignored') {
      this.counters.webhooksIgnored++;
      return;
    }
    const { callControlId } = event.call;
    try {
      if (event.kind === 'initiated') await this.callInitiated(event);
      else await this.callNews(event);
    } catch (error) {
      const carried = this.calls.get(callControlId);
      if (!carried) throw error;
      carried.call.fail(error);
    }
  }

  /**
   * Whether a media socket with a valid token may open.
   * @param ageS seconds since the token was made.
   */
  mayStream(callControlId: string, ageS: number): boolean {
    if (this.ended.has(callControlId)) return false;
    const first = !this.calls.get(callControlId)?.call.state.streamed;
    return ageS <= (first ? FIRST_USE_S : this.config.limits.maxCallDurationMs / 1000 + GOODBYE_S);
  }

  /**
   * A media stream of the call has started.
   * @param line the call's line; the same one for every socket of a call.
   * @param claims what the token of its socket said; undefined where stream authentication is off.
   * @returns whether the socket may be attached to it; false when the call is over, or ends because of this.
   */
  streamStarted(callControlId: string, line: CallLine, claims?: StreamClaims): boolean {
    if (this.ended.has(callControlId)) return false;
    // A stream of a call we do not know belongs to a pod or process that is gone; its token says that it was answered.
    const baseUrl = streamBaseUrl(this.config.stream.publicUrl, undefined) ?? claims?.baseUrl ?? '';
    const carried = this.calls.get(callControlId) ?? this.carry({ callControlId }, baseUrl);
    if (!carried.call.ours) return false;
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

  private async callInitiated(event: CallWebhook & { kind: 'initiated' }): Promise<void> {
    const { callControlId, callSessionId, from, to } = event.call;
    if (event.direction !== 'incoming') {
      this.counters.webhooksIgnored++;
      this.secondLegs.find(event.call);
      return;
    }
    if (this.calls.has(callControlId) || this.ended.has(callControlId)) return;
    const intake = this.intake.judge(event.call, event.deliveredTo, this.activeCalls);
    if (!intake.take) {
      this.ended.set(callControlId, true);
      await intake.done;
      return;
    }
    const { baseUrl } = intake;
    const carried = this.carry({ callControlId, callSessionId, from, to }, baseUrl);
    this.model.anticipate();
    await this.directory
      .put({ callControlId, callSessionId, answeredAtMs: Date.now(), streamBaseUrl: baseUrl })
      .catch((error: unknown) => carried.log.warn({ err: error }, 'call record not written'));
    if (!carried.call.active) return;
    const outcome = await this.commands.answer(callControlId, this.factory.streamRequest(callControlId, baseUrl, 0));
    if (outcome.ok) this.counters.callsAnswered++;
    carried.call.handle(outcome.ok ? { type: 'answer-accepted' } : { type: 'answer-refused', gone: outcome.gone });
  }

  private async callNews(event: CallNews): Promise<void> {
    const { callControlId } = event.call;
    const leg = this.secondLegs.find(event.call);
    if (event.kind === 'hangup') this.ended.set(callControlId, true);
    if (leg) return this.secondLegNews(leg, event);
    const carried = this.calls.get(callControlId);
    switch (event.kind) {
      case 'answered':
        this.overflow.answered(callControlId);
        return carried?.call.handle({ type: 'answered' });
      case 'bridged':
        this.overflow.settled(callControlId);
        return carried?.call.handle({ type: 'second-leg-answered', transfer: carried.call.state.transfers });
      case 'streaming-failed':
        return carried && this.streamingFailed(carried, event);
      case 'speak-ended':
        return carried?.sentenceOver();
      case 'key':
        return carried?.key(event.digit, event.occurredAtMs);
      case 'hangup':
        this.overflow.settled(callControlId);
        return carried?.call.handle({ type: 'hangup', byCaller: event.source !== 'callee' });
      case 'streaming-started':
      case 'streaming-stopped':
        // Told for completeness; the socket is the truth, and these come late and out of order.
        return;
    }
  }

  private streamingFailed({ log, call }: CarriedCall, event: CallNews & { kind: 'streaming-failed' }): void {
    const { value, previous } = this.config.stream.tokenSecret;
    const attempt = attemptOf(event.streamUrl ?? '', previous === undefined ? [value] : [value, previous]);
    log.warn(
      { reason: event.reason.slice(0, 100), attempt },
      'streaming.failed: Telnyx could not reach our media stream',
    );
    call.handle({ type: 'stream-failed', attempt });
  }

  private async secondLegNews({ firstLeg, transfer }: SecondLeg, event: CallNews): Promise<void> {
    const call = this.calls.get(firstLeg)?.call;
    switch (event.kind) {
      case 'answered':
      case 'bridged':
        this.overflow.settled(firstLeg);
        return call?.handle({ type: 'second-leg-answered', transfer });
      case 'hangup':
        call?.handle({ type: 'second-leg-over', transfer, ...endOfSecondLeg(event.cause) });
        return this.overflow.secondLegOver(firstLeg, event.cause);
      default:
        return;
    }
  }

  private carry(facts: CallFacts, baseUrl: string): CarriedCall {
    const { callControlId } = facts;
    const carried = new CarriedCall(facts, baseUrl, {
      clock: this.clock,
      commands: this.commands,
      factory: this.factory,
      conversations: this.conversations,
      log: this.log.logger.child({ callId: callControlId }),
      lastWordsWaitMs: this.books.lastWordsWaitMs,
      expectSecondLeg: (_carried, transfer) => {
        this.counters.transfers++;
        const leg = { firstLeg: callControlId, transfer };
        return this.secondLegs.expect(leg, facts.callSessionId, this.config.pod);
      },
      cameBack: () => this.counters.transfersFailed++,
      handedOver: () => this.books.close(carried, carried.call.state.endReason ?? 'transferred', carried.letGo()),
      released: () => this.release(carried),
    });
    this.calls.set(callControlId, carried);
    carried.log.info('call begins');
    return carried;
  }

  private release(carried: CarriedCall): void {
    const { callControlId } = carried.facts;
    if (!this.calls.delete(callControlId)) return;
    this.ended.set(callControlId, true);
    this.secondLegs.forget(callControlId);
    this.counters.callsEnded++;
    const endReason = carried.call.state.endReason ?? 'internal-error';
    this.books.close(carried, endReason, carried.letGo());
    const durationMs = Math.round(this.clock.nowMs() - carried.startedMs);
    carried.log.info({ endReason, durationMs, ...carried.summary }, 'call ended');
    this.directory
      .remove(callControlId)
      .catch((error: unknown) => carried.log.warn({ err: error }, 'call record not removed'));
  }
}
