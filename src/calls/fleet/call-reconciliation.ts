import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CallDirectory, DirectoryUnavailable } from '../../affinity/call-directory.js';
import { CallFinder } from '../../affinity/call-finder.js';
import { CLOCK } from '../../common/clock.token.js';
import { type Clock, type Timer } from '../../common/clock.js';
import { type ActiveCall, CallCommands } from '../call-commands.js';
import { CallsService } from '../calls.service.js';
import { CarriedCall } from '../carried-call.js';
import { readClientState } from '../client-state.js';
import { CallRecovery } from './call-recovery.js';
import { CallTaking } from './call-taking.js';

/** One pod of the fleet asks Telnyx once in this time: a caller whom nobody serves waits no longer than two of them. */
const EVERY_MS = 60_000;
/** A turn ends before the next is due, or the pod that had it would now and then come a moment too early for another. */
const TURN_MS = 0.9 * EVERY_MS;
const SEEN_FOR_MS = 2.5 * EVERY_MS;
/** Younger calls may still be on their way to their first stream. */
const LEAST_AGE_S = 30;

/**
 * Compares, now and then, what Telnyx calls active with what is served: a call of ours that nobody has is taken up. All
 * else that notices a lost call depends on somebody's memory of it; this does not.
 */
@Injectable()
export class CallReconciliation implements OnModuleDestroy {
  private timer: Timer | undefined;
  /** Telnyx's connections (applications) that this pod has had calls by. */
  private readonly connections = new LRUCache<string, true>({ max: 100 });

  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(CallReconciliation.name) private readonly log: PinoLogger,
    private readonly commands: CallCommands,
    private readonly directory: CallDirectory,
    private readonly finder: CallFinder,
    private readonly calls: CallsService,
    private readonly taking: CallTaking,
    private readonly recovery: CallRecovery,
  ) {}

  start(): void {
    if (!this.directory.shared) return;
    this.timer = this.clock.after(EVERY_MS, () => {
      this.start();
      this.reconcile().catch((error: unknown) => {
        if (!(error instanceof DirectoryUnavailable))
          this.log.error({ err: error }, 'active calls could not be compared');
      });
    });
  }

  onModuleDestroy(): void {
    this.timer?.cancel();
  }

  /** A call came by this connection. */
  sawConnection(connectionId: string | undefined): void {
    if (connectionId !== undefined) this.connections.set(connectionId, true);
  }

  private async reconcile(): Promise<void> {
    if (!(await this.directory.turn('reconcile', TURN_MS))) return;
    for (const connectionId of this.connections.keys()) {
      for (const active of await this.commands.activeCalls(connectionId)) {
        if (!this.isOurs(active) || (await this.isServed(active))) continue;
        const { callControlId } = active;
        // Seen once it may be on its way from one pod to another; seen twice, a minute apart, it is not. Counted for all
        // pods, since another one looks the next time.
        if ((await this.directory.count(`unserved ${callControlId}`, SEEN_FOR_MS)) > 1) await this.takeUp(active);
      }
    }
  }

  /** A first leg that one of our pods has answered. */
  private isOurs({ clientState, durationS }: ActiveCall): boolean {
    const state = readClientState(clientState);
    return state?.pod !== undefined && state.call === undefined && durationS >= LEAST_AGE_S;
  }

  private async isServed({ callControlId, clientState }: ActiveCall): Promise<boolean> {
    if (this.calls.find(callControlId)) return true;
    const where = await this.finder.find(callControlId, [readClientState(clientState)?.pod]);
    if (where.at === 'pod') return true;
    if (where.at === 'unknown') return false;
    const holder = where.at === 'absent' ? where.pod : (where.record.owner ?? where.record.answeredBy);
    return this.recovery.settle(
      callControlId,
      holder,
      where.at === 'absent' ? where.absence : 'dead',
      'reconciliation',
    );
  }

  private async takeUp({ callControlId, clientState }: ActiveCall): Promise<void> {
    this.log.error({ callId: callControlId }, 'Telnyx has a call of ours that no pod has: taking it up');
    const traceparent = readClientState(clientState)?.traceparent;
    const carried = await this.taking.claim({ callControlId, noticedBy: 'reconciliation', traceparent });
    if (carried instanceof CarriedCall) carried.call.handle({ type: 'stream-failed' });
  }
}
