import { Injectable } from '@nestjs/common';
import { Ownership } from '../affinity/ownership.js';
import { ThisPod } from '../affinity/this-pod.js';
import { Keyring } from '../common/keyring.js';
import { ModelConnector } from '../conversation/model.port.js';
import { Counters } from '../telemetry/counters.js';
import { NumberAttributes } from '../telemetry/numbers/number-attributes.js';
import { type OpenSpan } from '../telemetry/trace/call-trace.js';
import { CallTraces } from '../telemetry/trace/call-traces.js';
import { ATTRS } from '../telemetry/trace/names.js';
import { CallFactory } from './call-factory.js';
import { CallIntake, isOurTrouble } from './call-intake.js';
import { CallsService } from './calls.service.js';
import { type CarriedCall } from './carried-call.js';
import { OverflowCalls } from './overflow-calls.js';
import { endOfSecondLeg, type SecondLeg, SecondLegs } from './second-legs.js';
import { attemptOf } from './stream-token.js';
import { type CallIdentity, type CallWebhook } from './webhook-event.js';
import { type WebhookReceipt } from './webhook-receipt.js';

/** A webhook about a call that can be one of ours. */
type CallNews = Exclude<CallWebhook, { kind: 'ignored' | 'initiated' }>;

/** What webhooks mean for the calls of this pod. */
@Injectable()
export class CallWebhooks {
  constructor(
    private readonly calls: CallsService,
    private readonly factory: CallFactory,
    private readonly ownership: Ownership,
    private readonly intake: CallIntake,
    private readonly overflow: OverflowCalls,
    private readonly secondLegs: SecondLegs,
    private readonly model: ModelConnector,
    private readonly counters: Counters,
    private readonly keyring: Keyring,
    private readonly pod: ThisPod,
    private readonly traces: CallTraces,
    private readonly numbers: NumberAttributes,
  ) {}

  /** Whether the webhook is about something that this pod knows of; if not, another one may. */
  knows(event: CallWebhook): boolean {
    if (event.kind === 'ignored' || (event.kind === 'initiated' && event.direction === 'incoming')) return true;
    const { callControlId } = event.call;
    const isKnown = (id: string): boolean => this.calls.isKnown(id) || this.overflow.has(id);
    // A second leg is followed by whoever has the first: that may have gone to another pod.
    const firstLeg = this.secondLegs.find(event.call)?.firstLeg;
    return isKnown(callControlId) || (firstLeg !== undefined && isKnown(firstLeg));
  }

  /** The call that a webhook is about: for that of a second leg, the one that the leg was dialled for. */
  subjectOf(identity: CallIdentity): string {
    return this.secondLegs.find(identity)?.firstLeg ?? identity.clientState?.call ?? identity.callControlId;
  }

  /**
   * A webhook that was verified and seen for the first time.
   * @param receipt how it came; undefined where it came by another pod.
   */
  async handle(event: CallWebhook, receipt?: WebhookReceipt): Promise<void> {
    if (event.kind === 'ignored') {
      this.counters.webhooksIgnored++;
      return;
    }
    const { callControlId } = event.call;
    try {
      if (event.kind === 'initiated') await this.callInitiated(event, receipt);
      else await this.callNews(event);
    } catch (error) {
      const carried = this.calls.find(callControlId);
      if (!carried) throw error;
      carried.call.fail(error);
    }
  }

  private async callInitiated(
    event: CallWebhook & { kind: 'initiated' },
    receipt: WebhookReceipt | undefined,
  ): Promise<void> {
    const { callControlId } = event.call;
    if (event.direction !== 'incoming') {
      this.counters.webhooksIgnored++;
      this.secondLegs.find(event.call);
      return;
    }
    if (this.calls.isKnown(callControlId)) return;
    const root = this.beginTrace(event.call, receipt);
    try {
      await this.decide(event, root);
      root.end();
    } catch (error) {
      root.end('internal-error');
      throw error;
    } finally {
      // Nobody will write into the trace of a call that is not ours.
      if (!this.calls.find(callControlId)) this.traces.forget(callControlId);
    }
  }

  private beginTrace({ callControlId, callSessionId, from, to }: CallIdentity, receipt?: WebhookReceipt): OpenSpan {
    const attributes = {
      [ATTRS.callId]: callControlId,
      [ATTRS.conversationId]: callControlId,
      [ATTRS.sessionId]: callSessionId,
      [ATTRS.pod]: this.pod.name,
      [ATTRS.webhookEventId]: receipt?.eventId,
      ...this.numbers.of(from, to),
    };
    const times = receipt && { startMs: receipt.receivedAtMs, linkedTo: receipt.traceparent };
    return this.traces.begin(callControlId, { kind: 'server', attributes, ...times });
  }

  /** A call rings: it is answered, rejected or sent on. @param root the first span of its trace, to be ended by the caller. */
  private async decide(event: CallWebhook & { kind: 'initiated' }, root: OpenSpan): Promise<void> {
    const { callControlId, callSessionId, connectionId, from, to } = event.call;
    const intake = this.intake.judge(event.call, event.deliveredTo, this.calls.activeCalls);
    if (!intake.take) {
      this.calls.markOver(callControlId);
      root.set({ [intake.overflow ? ATTRS.callOverflowed : ATTRS.callRejected]: intake.verdict });
      await intake.done;
      if (!intake.overflow && isOurTrouble(intake.verdict)) root.end(intake.verdict);
      return;
    }
    const { baseUrl } = intake;
    const carried = this.calls.carry({ callControlId, callSessionId, from, to }, baseUrl);
    this.model.anticipate();
    const record = { callControlId, callSessionId, connectionId, answeredAtMs: Date.now(), streamBaseUrl: baseUrl };
    const written = this.ownership
      .answering({ ...record, answeredBy: this.pod, sealed: this.factory.sealed(carried.papers) })
      .catch((error: unknown) => carried.log.warn({ err: error }, 'call record not written'));
    const [tooOften] = await Promise.all([this.intake.tooOftenInFleet(from), written]);
    if (!carried.call.active) return;
    if (tooOften) {
      root.set({ [ATTRS.callRejected]: 'caller-too-often' });
      await this.calls.turnAway(carried);
      return this.intake.rejectTooOften(callControlId);
    }
    const request = this.factory.streamRequest(callControlId, baseUrl, 0);
    const outcome = await this.factory.commands.answer(callControlId, request);
    if (outcome.ok) this.counters.callsAnswered++;
    root.end(outcome.ok || outcome.gone ? undefined : 'answer-failed');
    carried.call.handle(outcome.ok ? { type: 'answer-accepted' } : { type: 'answer-refused', gone: outcome.gone });
  }

  private async callNews(event: CallNews): Promise<void> {
    const { callControlId } = event.call;
    const leg = this.secondLegs.find(event.call);
    if (event.kind === 'hangup') this.calls.markOver(callControlId);
    if (leg) return this.secondLegNews(leg, event);
    const carried = this.calls.find(callControlId);
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
    const attempt = attemptOf(event.streamUrl ?? '', this.keyring);
    log.warn(
      { reason: event.reason.slice(0, 100), attempt },
      'streaming.failed: Telnyx could not reach our media stream',
    );
    call.handle({ type: 'stream-failed', attempt });
  }

  private async secondLegNews({ firstLeg, transfer }: SecondLeg, event: CallNews): Promise<void> {
    const call = this.calls.find(firstLeg)?.call;
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
}
