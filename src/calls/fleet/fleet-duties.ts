import { Inject, Injectable } from '@nestjs/common';
import { type z } from 'zod';
import { PART_OPERATION } from '../../affinity/call-finder.js';
import { Fleet } from '../../affinity/fleet.js';
import { Ownership } from '../../affinity/ownership.js';
import { type PodIdentity } from '../../affinity/pod.js';
import { Peers } from '../../affinity/pods/peers.js';
import { CONFIG } from '../../config/config.token.js';
import { type Config } from '../../config/config.js';
import { Lifecycle } from '../../health/lifecycle.js';
import { type CarriedCall } from '../carried-call.js';
import { CallFactory } from '../call-factory.js';
import { CallWebhooks } from '../call-webhooks.js';
import { CallTracing } from '../call-tracing.js';
import { CallsService } from '../calls.service.js';
import { parseWebhook } from '../webhook-event.js';
import { CallReconciliation } from './call-reconciliation.js';
import { CallRecovery } from './call-recovery.js';
import { CallTaking } from './call-taking.js';
import { CLAIMED_OPERATION, WEBHOOK_OPERATION } from './operations.js';

/** Ten seconds of G.711: longer than any move that comes about. */
const MAX_UNHEARD_BYTES = 80_000;

/** What this pod does for the others: says that it lives, answers their questions, looks after the calls of dead ones. */
@Injectable()
export class FleetDuties {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly peers: Peers,
    private readonly fleet: Fleet,
    private readonly calls: CallsService,
    private readonly webhooks: CallWebhooks,
    private readonly factory: CallFactory,
    private readonly recovery: CallRecovery,
    private readonly reconciliation: CallReconciliation,
    private readonly lifecycle: Lifecycle,
    private readonly ownership: Ownership,
    private readonly taking: CallTaking,
    private readonly tracing: CallTracing,
  ) {}

  /** To be called when this pod can be reached by the others. */
  begin(): void {
    this.peers.answer(PART_OPERATION, async ({ callControlId }) => ({
      part: this.calls.partIn(callControlId),
      takenBy: this.calls.takenBy(callControlId),
    }));
    this.peers.answer(WEBHOOK_OPERATION, ({ body }) => this.webhook(body));
    this.peers.answer(CLAIMED_OPERATION, async (claimed, from) => this.claimed(claimed, from));
    this.ownership.whileAway((callControlId) => this.mayActAlone(callControlId));
    this.recovery.start();
    this.reconciliation.start();
    this.fleet.start(() => ({
      activeCalls: this.calls.activeCalls,
      maxCalls: this.config.limits.maxCalls,
      draining: this.lifecycle.draining,
    }));
  }

  /** The media socket is the truth: who has it acts. Who has lost it may have lost the call as well. */
  private async mayActAlone(callControlId: string): Promise<boolean> {
    if (this.calls.find(callControlId)?.call.state.phase === 'streaming') return true;
    return !(await this.fleet.isolated());
  }

  private async webhook(body: string): Promise<z.infer<typeof WEBHOOK_OPERATION.reply> | undefined> {
    const envelope = parseWebhook(body);
    if (typeof envelope === 'string' || !this.webhooks.knows(envelope.event)) return undefined;
    const { event } = envelope;
    // Asked before it is worked on: it may be the end of the call.
    const traced = event.kind !== 'ignored' && this.isTraced(this.webhooks.subjectOf(event.call));
    await this.webhooks.handle(event);
    return { traced };
  }

  private isTraced(callControlId: string): boolean {
    return this.tracing.of(callControlId, undefined).traceparent !== undefined;
  }

  /** Another pod has claimed a call: if it was here, it is no more. */
  private claimed(
    { callControlId, epoch, unlisted }: z.infer<typeof CLAIMED_OPERATION.request>,
    from: PodIdentity,
  ): z.infer<typeof CLAIMED_OPERATION.reply> | undefined {
    if (unlisted) void this.taking.writeDownFor(from, callControlId, epoch);
    const carried = this.calls.find(callControlId);
    // News of an older claim than our own comes late: the call is ours again.
    const had = this.ownership.epochOf(callControlId);
    if (!carried || epoch < (had ?? 0)) return undefined;
    const sealed = this.factory.sealed(carried.papers).toString('base64');
    const { attempt } = carried.call.state;
    const unheard = this.unheardIn(carried);
    this.calls.dismiss(callControlId, from);
    return { sealed, attempt, epoch: had, unheard };
  }

  /** The last seconds of what the caller said while the call stood still. */
  private unheardIn(carried: CarriedCall): string | undefined {
    const audio = carried.takeUnheard();
    if (audio.length === 0) return undefined;
    return this.factory.sealAudio(carried.facts.callControlId, audio.subarray(-MAX_UNHEARD_BYTES)).toString('base64');
  }
}
