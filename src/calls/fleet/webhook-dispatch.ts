import { Inject, Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CallDirectory, orIfAway } from '../../affinity/call-directory.js';
import { CallFinder, type Whereabouts } from '../../affinity/call-finder.js';
import { Fleet } from '../../affinity/fleet.js';
import { type PodIdentity } from '../../affinity/pod.js';
import { Peers } from '../../affinity/pods/peers.js';
import { CLOCK } from '../../common/clock.token.js';
import { type Clock, pause } from '../../common/clock.js';
import { Counters } from '../../telemetry/counters.js';
import { CallWebhooks } from '../call-webhooks.js';
import { CallsService } from '../calls.service.js';
import { CarriedCall } from '../carried-call.js';
import { type CallWebhook } from '../webhook-event.js';
import { CallReconciliation } from './call-reconciliation.js';
import { CallRecovery } from './call-recovery.js';
import { CallTaking } from './call-taking.js';
import { WEBHOOK_OPERATION } from './operations.js';

type CallNews = Exclude<CallWebhook, { kind: 'ignored' }>;

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
  ) {}

  /**
   * A webhook that was verified and seen for the first time.
   * @param body as it came, for the pod that it is forwarded to.
   */
  async handle(event: CallWebhook, body: string): Promise<void> {
    if (event.kind === 'ignored') return this.webhooks.handle(event);
    this.reconciliation.sawConnection(event.call.connectionId);
    if (await this.bring(event, body)) return;
    // Whoever seemed to have it has let go of it: it is changing hands, or over.
    await pause(this.clock, AGAIN_AFTER_MS);
    if (await this.bring(event, body)) return;
    await this.webhooks.handle(event);
    if (event.kind === 'hangup') await this.forget(event.call.callControlId);
  }

  /** A call that is over, and that nobody has. Where the directory is away, its time to live ends it. */
  private async forget(callControlId: string): Promise<void> {
    const record = await orIfAway(this.directory.find(callControlId), undefined);
    if (record) await orIfAway(this.directory.remove(callControlId, record.epoch), false);
  }

  /** @returns false where the pod that seems to have the call says that it does not. */
  private async bring(event: CallNews, body: string): Promise<boolean> {
    if (this.webhooks.knows(event)) {
      await this.webhooks.handle(event);
      return true;
    }
    const where = await this.find(event);
    switch (where.at) {
      case 'pod':
        return this.forward(event, body, where.pod);
      case 'absent':
        if (where.absence === 'dead') return this.afterDeath(event, body, where.record.callControlId, where.pod);
        return this.afterSilence(event, body, where.pod);
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

  private async find(event: CallNews): Promise<Whereabouts> {
    const { callControlId, callSessionId, clientState } = event.call;
    // The second leg of a transfer is followed by whoever has the first.
    const about = clientState?.call ?? callControlId;
    const hints = [clientState?.pod, this.calls.takenBy(about)];
    const where = await this.finder.find(about, hints);
    if (where.at !== 'unknown' || !where.sure || callSessionId === undefined) return where;
    const firstLeg = await orIfAway(this.directory.findBySession(callSessionId), undefined);
    return firstLeg === undefined || firstLeg === callControlId ? where : this.finder.find(firstLeg, hints);
  }

  private async forward(event: CallNews, body: string, pod: PodIdentity): Promise<boolean> {
    for (let tries = 1; tries <= 2; tries++) {
      const answer = await this.peers.ask(pod, WEBHOOK_OPERATION, { body }, FORWARD_TIMEOUT_MS);
      if (answer.ok) {
        this.counters.webhooksForwarded++;
        return true;
      }
      if (answer.why === 'declined') return false;
      if (answer.why === 'dead') {
        this.fleet.provenDead(pod);
        return this.afterDeath(event, body, event.call.clientState?.call ?? event.call.callControlId, pod);
      }
      this.log.warn(
        { callId: event.call.callControlId, pod: pod.name, kind: event.kind, why: answer.why, detail: answer.detail },
        NOT_FORWARDED,
      );
    }
    return true;
  }

  /** The pod that has the call does not answer: by the end of its lease it does, or another one has the call. */
  private async afterSilence(event: CallNews, body: string, silent: PodIdentity): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < SILENT_FOR_MS; waitedMs += SILENT_LOOK_MS) {
      await pause(this.clock, SILENT_LOOK_MS);
      const where = await this.find(event);
      if (where.at !== 'absent' || where.absence === 'dead') return this.bring(event, body);
    }
    const { callControlId } = event.call;
    this.log.warn({ callId: callControlId, pod: silent.name, kind: event.kind, why: 'silent' }, NOT_FORWARDED);
    return true;
  }

  /**
   * The webhook is about a call whose pod is no more: noticed by it, or too late for anything but the books.
   * @returns as `bring`.
   */
  private async afterDeath(event: CallNews, body: string, callControlId: string, dead: PodIdentity): Promise<boolean> {
    if (event.kind === 'hangup') {
      const taken = await this.taking.claim({ callControlId, dead });
      if (!(taken instanceof CarriedCall)) return this.forward(event, body, taken);
    } else {
      await this.recovery.settle(callControlId, dead, 'dead');
      // It may be about what the call waits for, now that it is here.
      if (!this.calls.find(callControlId)) return true;
    }
    await this.webhooks.handle(event);
    return true;
  }
}
