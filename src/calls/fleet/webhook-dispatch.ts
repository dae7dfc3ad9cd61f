import { Inject, Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CallDirectory, orIfAway } from '../../affinity/call-directory.js';
import { CallFinder, type Whereabouts } from '../../affinity/call-finder.js';
import { Fleet } from '../../affinity/fleet.js';
import { type PodIdentity } from '../../affinity/pod.js';
import { Peers } from '../../affinity/pods/peers.js';
import { CLOCK } from '../../common/clock.token.js';
import { type Clock, pause } from '../../common/clock.js';
import { ThisPod } from '../../affinity/this-pod.js';
import { Counters } from '../../telemetry/counters.js';
import { ATTRS } from '../../telemetry/trace/names.js';
import { CallWebhooks } from '../call-webhooks.js';
import { CallTracing } from '../call-tracing.js';
import { CallsService } from '../calls.service.js';
import { CarriedCall } from '../carried-call.js';
import { type CallWebhook } from '../webhook-event.js';
import { type WebhookReceipt } from '../webhook-receipt.js';
import { WebhookSpan } from '../webhook-span.js';
import { CallReconciliation } from './call-reconciliation.js';
import { CallRecovery } from './call-recovery.js';
import { CallTaking } from './call-taking.js';
import { WEBHOOK_OPERATION } from './operations.js';

/** A webhook on its way to the pod that has its call. */
interface CallNews {
  event: Exclude<CallWebhook, { kind: 'ignored' }>;
  /** As it came. */
  body: string;
  receipt: WebhookReceipt | undefined;
  span: WebhookSpan;
}

const NOT_FORWARDED = 'webhook could not be forwarded to the pod that has its call';
/** Above a lease, after which the call of a silent pod is taken over. */
const SILENT_FOR_MS = 8_000;
const SILENT_LOOK_MS = 500;
/** A pod next door answers within a few milliseconds; one that does not within this is asked once more. */
const FORWARD_TIMEOUT_MS = 500;

/** A call that is just changing hands is looked for again after this. */
const AGAIN_AFTER_MS = 100;

/** Brings webhooks to the pod that has the call they are about. Any pod may get any of them. */
@Injectable()
export class WebhookDispatch {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(WebhookDispatch.name) private readonly log: PinoLogger,
    private readonly calls: CallsService,
    private readonly webhooks: CallWebhooks,
    private readonly directory: CallDirectory,
    private readonly finder: CallFinder,
    private readonly fleet: Fleet,
    private readonly peers: Peers,
    private readonly recovery: CallRecovery,
    private readonly taking: CallTaking,
    private readonly reconciliation: CallReconciliation,
    private readonly counters: Counters,
    private readonly pod: ThisPod,
    private readonly tracing: CallTracing,
  ) {}

  /**
   * A webhook that was verified and seen for the first time.
   * @param body as it came, for the pod that it is forwarded to.
   * @param receipt how it came, for the trace of its call.
   */
  async handle(event: CallWebhook, body: string, receipt?: WebhookReceipt): Promise<void> {
    if (event.kind === 'ignored') return this.webhooks.handle(event);
    this.reconciliation.sawConnection(event.call.connectionId);
    const news: CallNews = { event, body, receipt, span: this.spanOf(event, receipt) };
    try {
      await this.deliver(news);
      news.span.end();
    } catch (error) {
      news.span.end('internal-error');
      throw error;
    }
  }

  private async deliver(news: CallNews): Promise<void> {
    if (await this.bring(news)) return;
    // Whoever seemed to have it has let go of it: it is changing hands, or over.
    await pause(this.clock, AGAIN_AFTER_MS);
    if (await this.bring(news)) return;
    const { event } = news;
    await this.webhooks.handle(event);
    if (event.kind === 'hangup') await this.forget(event.call.callControlId);
  }

  private spanOf({ call }: CallNews['event'], receipt: WebhookReceipt | undefined): WebhookSpan {
    const subject = this.webhooks.subjectOf(call);
    const isSecondLeg = subject !== call.callControlId;
    return new WebhookSpan(this.tracing.of(subject, call.clientState?.traceparent), receipt, {
      [ATTRS.callId]: subject,
      [ATTRS.pod]: this.pod.name,
      ...(isSecondLeg && { [ATTRS.callLeg]: 'second' }),
    });
  }

  /** A call that is over, and that nobody has. Where the directory is away, its time to live ends it. */
  private async forget(callControlId: string): Promise<void> {
    const record = await orIfAway(this.directory.find(callControlId), undefined);
    if (record) await orIfAway(this.directory.remove(callControlId, record.epoch), false);
  }

  /** @returns false where the pod that seems to have the call says that it does not. */
  private async bring(news: CallNews): Promise<boolean> {
    const { event, receipt, span } = news;
    if (this.webhooks.knows(event)) {
      span.usedHere();
      await this.webhooks.handle(event, receipt);
      return true;
    }
    const where = await this.find(event);
    switch (where.at) {
      case 'pod':
        return this.forward(news, where.pod);
      case 'absent':
        if (where.absence === 'dead') return this.afterDeath(news, where.record.callControlId, where.pod);
        return this.afterSilence(news, where.pod);
      case 'nobody':
        // Never claimed; that it is over is news all the same. Whoever moves a call finds out by the next command.
        if (event.kind === 'hangup' && event.call.callControlId === where.record.callControlId && !where.record.moving)
          await this.forget(where.record.callControlId);
        // It may be on its way to this pod.
        await this.webhooks.handle(event);
        return true;
      case 'unknown':
        await this.webhooks.handle(event);
        return true;
    }
  }

  private async find(event: CallNews['event']): Promise<Whereabouts> {
    const { callControlId, callSessionId, clientState } = event.call;
    // The second leg of a transfer is followed by whoever has the first.
    const about = clientState?.call ?? callControlId;
    const hints = [clientState?.pod, this.calls.takenBy(about)];
    const where = await this.finder.find(about, hints);
    if (where.at !== 'unknown' || !where.sure || callSessionId === undefined) return where;
    const firstLeg = await orIfAway(this.directory.findBySession(callSessionId), undefined);
    return firstLeg === undefined || firstLeg === callControlId ? where : this.finder.find(firstLeg, hints);
  }

  private async forward(news: CallNews, pod: PodIdentity): Promise<boolean> {
    const { event, body, span } = news;
    for (let tries = 1; tries <= 2; tries++) {
      const answer = await this.peers.ask(pod, WEBHOOK_OPERATION, { body }, FORWARD_TIMEOUT_MS);
      if (answer.ok) {
        this.counters.webhooksForwarded++;
        // One that says nothing of it is of an older version.
        if (answer.reply.traced !== false) span.usedBy(pod);
        return true;
      }
      if (answer.why === 'declined') return false;
      if (answer.why === 'dead') {
        this.fleet.provenDead(pod);
        return this.afterDeath(news, event.call.clientState?.call ?? event.call.callControlId, pod);
      }
      this.log.warn(
        { callId: event.call.callControlId, pod: pod.name, kind: event.kind, why: answer.why, detail: answer.detail },
        NOT_FORWARDED,
      );
    }
    return true;
  }

  /** The pod that has the call does not answer: by the end of its lease it does, or another one has the call. */
  private async afterSilence(news: CallNews, silent: PodIdentity): Promise<boolean> {
    const { event } = news;
    for (let waitedMs = 0; waitedMs < SILENT_FOR_MS; waitedMs += SILENT_LOOK_MS) {
      await pause(this.clock, SILENT_LOOK_MS);
      const where = await this.find(event);
      if (where.at !== 'absent' || where.absence === 'dead') return this.bring(news);
    }
    const { callControlId } = event.call;
    this.log.warn({ callId: callControlId, pod: silent.name, kind: event.kind, why: 'silent' }, NOT_FORWARDED);
    return true;
  }

  /**
   * The webhook is about a call whose pod is no more: noticed by it, or too late for anything but the books.
   * @returns as `bring`.
   */
  private async afterDeath(news: CallNews, callControlId: string, dead: PodIdentity): Promise<boolean> {
    const { event, receipt, span } = news;
    const noticedBy = 'webhook';
    const traceparent = event.call.clientState?.traceparent;
    if (event.kind === 'hangup') {
      const taken = await this.taking.claim({ callControlId, dead, noticedBy, traceparent });
      if (!(taken instanceof CarriedCall)) return this.forward(news, taken);
    } else {
      await this.recovery.settle(callControlId, dead, 'dead', noticedBy);
      // It may be about what the call waits for, now that it is here.
      if (!this.calls.find(callControlId)) return true;
    }
    span.usedHere();
    await this.webhooks.handle(event, receipt);
    return true;
  }
}
