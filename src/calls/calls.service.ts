import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { type Logger } from 'pino';
import { CallDirectory } from '../affinity/call-directory.js';
import { CLOCK } from '../common/clock.token.js';
import { type Clock } from '../common/clock.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { type Conversation } from '../conversation/conversation.js';
import { ConversationService } from '../conversation/conversation.service.js';
import { ModelConnector } from '../conversation/model.port.js';
import { Counters } from '../telemetry/counters.js';
import { Admission } from './admission.js';
import { Call } from './call.js';
import { CallCommands, type StreamRequest } from './call-commands.js';
import { type CallEvent, type EndReason, type Wait } from './call-state.js';
import { type CallLine } from './call-line.js';
import { signStreamToken, type StreamClaims } from './stream-token.js';
import { STREAM_PATH, streamBaseUrl } from './stream-url.js';
import { type CallIdentity, type CallWebhook } from './webhook-event.js';

/** A call as this pod carries it. */
interface CarriedCall {
  call: Call;
  log: Logger;
  startedMs: number;
  line: CallLine | undefined;
  conversation: Conversation | undefined;
}

/** Ended calls are remembered, so that a late or repeated `call.initiated` is not answered. */
const ENDED_MEMORY = { max: 20_000, ttl: 3_600_000 };
/** A stream asked for with `streaming_start` is there within a second or two where it can be. */
const RESTARTED_STREAM_WAIT_MS = 5_000;
/** Speaking takes about 70 ms a character; with the start and end of it, more than this is a lost webhook. */
const SENTENCE_WAIT_MS = { base: 6_000, perCharacter: 100 };
/** The `call.hangup` webhook follows a hang-up within a second; its retries within a minute. */
const HANGUP_WAIT_MS = 20_000;

/** The calls of this pod: what webhooks and media streams mean for them, and what is done about it. */
@Injectable()
export class CallsService {
  private readonly calls = new Map<string, CarriedCall>();
  private readonly ended = new LRUCache<string, true>(ENDED_MEMORY);

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(CallsService.name) private readonly log: PinoLogger,
    private readonly commands: CallCommands,
    private readonly directory: CallDirectory,
    private readonly admission: Admission,
    private readonly conversations: ConversationService,
    private readonly model: ModelConnector,
    private readonly counters: Counters,
  ) {}

  /** Calls that are being answered or carried. */
  get activeCalls(): number {
    let active = 0;
    for (const { call } of this.calls.values()) if (call.active) active++;
    return active;
  }

  /** Calls that hold anything at all, including those waiting for the word that they are over. */
  get heldCalls(): number {
    return this.calls.size;
  }

  /** A webhook that was verified and seen for the first time. */
  async handleWebhook(event: CallWebhook): Promise<void> {
    switch (event.kind) {
      case 'initiated':
        if (event.direction === 'incoming') await this.callInitiated(event.call, event.deliveredTo);
        else this.counters.webhooksIgnored++;
        return;
      case 'answered':
        this.tell(event.call, { type: 'answered' });
        return;
      case 'streaming-failed':
        this.calls
          .get(event.call.callControlId)
          ?.log.warn(
            { reason: event.reason.slice(0, 100) },
            'streaming.failed: Telnyx could not reach our media stream',
          );
        this.tell(event.call, { type: 'stream-failed' });
        return;
      case 'speak-ended':
        this.tell(event.call, { type: 'sentence-over' });
        return;
      case 'hangup':
        this.ended.set(event.call.callControlId, true);
        this.tell(event.call, { type: 'hangup', byCaller: event.source !== 'callee' });
        return;
      case 'streaming-started':
      case 'streaming-stopped':
        // Told for completeness; the socket is the truth, and these come late and out of order.
        return;
      case 'ignored':
        this.counters.webhooksIgnored++;
        return;
    }
  }

  /**
   * Whether a media socket with a valid token may open.
   * @param ageS seconds since the token was made.
   */
  mayStream(callControlId: string, ageS: number): boolean {
    if (this.ended.has(callControlId)) return false;
    const first = !this.calls.get(callControlId)?.call.state.streamed;
    return ageS <= (first ? FIRST_USE_S : this.config.limits.maxCallDurationMs / 1000);
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
    const carried = this.calls.get(callControlId) ?? this.carry(callControlId, baseUrl);
    if (!carried.call.active || carried.call.state.phase === 'saying') return false;
    this.counters.streamsStarted++;
    const isFirst = !carried.line;
    carried.line = line;
    carried.call.handle({ type: 'stream-started' });
    if (isFirst && this.streamingCalls > this.admission.streamCeiling) {
      carried.log.error(
        { streams: this.streamingCalls, ceiling: this.admission.streamCeiling },
        'more media streams than this pod may carry',
      );
      this.end(callControlId, 'pod-overloaded', true);
      return false;
    }
    return true;
  }

  /** The line is attached to its first socket: the conversation can begin. */
  streamReady(callControlId: string): void {
    const carried = this.calls.get(callControlId);
    if (!carried?.line || carried.conversation || !carried.call.active) return;
    carried.conversation = this.conversations.begin({
      line: carried.line,
      log: carried.log,
      end: (reason, sentence) => this.end(callControlId, reason, sentence),
    });
  }

  /** The socket of the call's media stream is gone, without the call being over as far as we know. */
  streamLost(callControlId: string): void {
    this.counters.streamsEnded++;
    this.calls.get(callControlId)?.call.handle({ type: 'stream-lost' });
  }

  /** We end the call. @param sentence whether the caller is told so first. */
  end(callControlId: string, reason: EndReason, sentence: boolean): void {
    const carried = this.calls.get(callControlId);
    if (!carried?.call.active) return;
    carried.conversation?.close();
    carried.call.handle({ type: 'end', reason, sentence });
  }

  /** Ends every call: with a sentence while there is time, without when there is none. */
  endAll(reason: EndReason, sentence: boolean): void {
    for (const callControlId of this.calls.keys()) this.end(callControlId, reason, sentence);
  }

  private get streamingCalls(): number {
    let streaming = 0;
    for (const { call } of this.calls.values()) if (call.state.phase === 'streaming') streaming++;
    return streaming;
  }

  private async callInitiated(identity: CallIdentity, deliveredTo: string | undefined): Promise<void> {
    const { callControlId } = identity;
    if (this.calls.has(callControlId) || this.ended.has(callControlId)) return;
    const verdict = this.admission.judge(this.activeCalls);
    const baseUrl = streamBaseUrl(this.config.stream.publicUrl, deliveredTo);
    if (verdict !== 'admit' || !baseUrl) {
      this.counters.callsRejected++;
      if (baseUrl)
        this.log.warn({ callId: callControlId, verdict, activeCalls: this.activeCalls }, 'call rejected as busy');
      else
        this.log.error(
          { callId: callControlId },
          'call rejected: no address for its media stream. Set PUBLIC_URL; the webhook carried no usable meta.delivered_to',
        );
      await this.commands.rejectAsBusy(callControlId);
      return;
    }
    const carried = this.carry(callControlId, baseUrl);
    this.model.anticipate();
    await this.directory
      .put({
        callControlId,
        callSessionId: identity.callSessionId,
        answeredAtMs: Date.now(),
        streamBaseUrl: baseUrl,
      })
      .catch((error: unknown) => carried.log.warn({ err: error }, 'call record not written'));
    if (!carried.call.active) return;
    const outcome = await this.commands.answer(callControlId, this.streamRequest(callControlId, baseUrl, 0));
    if (outcome.ok) this.counters.callsAnswered++;
    carried.call.handle(outcome.ok ? { type: 'answer-accepted' } : { type: 'answer-refused', gone: outcome.gone });
  }

  private carry(callControlId: string, baseUrl: string): CarriedCall {
    const log = this.log.logger.child({ callId: callControlId });
    const { sorry } = this.config.sentences;
    const waitsMs: Record<Wait, number> = {
      'first-stream': this.config.stream.startTimeoutMs,
      redial: this.config.stream.redialWaitMs,
      'restarted-stream': RESTARTED_STREAM_WAIT_MS,
      sentence: SENTENCE_WAIT_MS.base + sorry.length * SENTENCE_WAIT_MS.perCharacter,
      hangup: HANGUP_WAIT_MS,
    };
    const call = new Call(callControlId, {
      clock: this.clock,
      commands: this.commands,
      log,
      limits: { maxRestarts: this.config.stream.maxRestarts },
      waitsMs,
      sentence: sorry,
      streamRequest: (attempt) => this.streamRequest(callControlId, baseUrl, attempt),
      released: () => this.release(callControlId),
    });
    const carried: CarriedCall = {
      call,
      log,
      startedMs: this.clock.nowMs(),
      line: undefined,
      conversation: undefined,
    };
    this.calls.set(callControlId, carried);
    log.info('call begins');
    return carried;
  }

  private streamRequest(callControlId: string, baseUrl: string, attempt: number): StreamRequest {
    const { auth, tokenSecret } = this.config.stream;
    const claims = { callControlId, issuedAtS: Math.floor(Date.now() / 1000), attempt, baseUrl };
    const token = auth === 'off' ? '' : `/${signStreamToken(claims, tokenSecret.value)}`;
    const clientState = { v: 1, pod: this.config.pod.name, address: this.config.pod.ip };
    return {
      url: `${baseUrl}${STREAM_PATH}${token}`,
      clientState: Buffer.from(JSON.stringify(clientState)).toString('base64'),
    };
  }

  private tell(identity: CallIdentity, event: CallEvent): void {
    this.calls.get(identity.callControlId)?.call.handle(event);
  }

  private release(callControlId: string): void {
    const carried = this.calls.get(callControlId);
    if (!carried) return;
    this.calls.delete(callControlId);
    this.ended.set(callControlId, true);
    this.counters.callsEnded++;
    carried.conversation?.close();
    const line = carried.line?.close();
    carried.log.info(
      {
        endReason: carried.call.state.endReason,
        durationMs: Math.round(this.clock.nowMs() - carried.startedMs),
        line,
        conversation: carried.conversation?.summary,
      },
      'call ended',
    );
    this.directory
      .remove(callControlId)
      .catch((error: unknown) => carried.log.warn({ err: error }, 'call record not removed'));
  }
}

/** A token is used within two minutes of its making, or by a later socket of a call that has had one. */
const FIRST_USE_S = 120;
