import { Inject, Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CallDirectory, DirectoryUnavailable } from '../../affinity/call-directory.js';
import { Fleet } from '../../affinity/fleet.js';
import { Ownership } from '../../affinity/ownership.js';
import { ThisPod } from '../../affinity/this-pod.js';
import { CLOCK } from '../../common/clock.token.js';
import { type Clock, pause } from '../../common/clock.js';
import { CONFIG } from '../../config/config.token.js';
import { type Config } from '../../config/config.js';
import { Lifecycle } from '../../health/lifecycle.js';
import { CallsService } from '../calls.service.js';
import { type CarriedCall } from '../carried-call.js';
import { type CallTrace } from '../../telemetry/trace/call-trace.js';
import { CallTraces } from '../../telemetry/trace/call-traces.js';
import { ATTRS, SPANS } from '../../telemetry/trace/names.js';
import { CallMover, type Moved, MOST_TRIES } from './call-mover.js';
import { CallTaking } from './call-taking.js';

/** A pause in which nobody speaks comes within a few seconds; a caller who never pauses is moved all the same. */
const QUIET_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 500;
/** A call that did not get away is tried again after this. */
const AGAIN_AFTER_MS = 10_000;
/** The pod that has claimed a call asks this one within milliseconds. */
const FETCHED_WITHIN_MS = 1_000;
const FETCHED_LOOK_MS = 20;
/** Moved at the same time: Telnyx takes so many commands a second, and the other pods so many new sessions. */
const AT_ONCE = 20;

/** A pod that leaves gives up its calls: by waiting for their end, by handing them over, and at last by ending them. */
@Injectable()
export class Drain {
  private begun = false;
  private deadline = false;
  private readonly moving = new Map<CarriedCall, Promise<void>>();
  private readonly notBeforeMs = new WeakMap<CarriedCall, number>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(Drain.name) private readonly log: PinoLogger,
    private readonly lifecycle: Lifecycle,
    private readonly calls: CallsService,
    private readonly fleet: Fleet,
    private readonly ownership: Ownership,
    private readonly directory: CallDirectory,
    private readonly mover: CallMover,
    private readonly taking: CallTaking,
    private readonly traces: CallTraces,
    private readonly pod: ThisPod,
  ) {}

  /** From now on this pod takes no new calls of its own. */
  begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.lifecycle.draining = true;
    void this.fleet.sayAlive();
    for (const callControlId of this.calls.ownedCalls) {
      const about = { [ATTRS.callId]: callControlId, [ATTRS.pod]: this.pod.name };
      this.traces.of(callControlId).note(SPANS.drain, about);
    }
    const { handoverAfterMs, deadlineMs } = this.config.drain;
    if (this.directory.shared) this.clock.after(handoverAfterMs, () => this.handOverAll());
    this.clock.after(deadlineMs, () => this.endAll());
  }

  /** Said again, for those that were just being moved. */
  private endAll(): void {
    this.deadline = true;
    if (this.calls.heldCalls === 0) return;
    this.log.warn({ calls: this.calls.heldCalls }, 'DRAIN_DEADLINE: ending the calls that are left');
    this.calls.endAll('shutdown', true);
    this.clock.after(AGAIN_AFTER_MS, () => this.endAll());
  }

  private handOverAll(): void {
    if (this.deadline) return;
    this.clock.after(LOOK_EVERY_MS, () => this.handOverAll());
    if (!this.fleet.stayingElsewhere) return;
    const nowMs = this.clock.nowMs();
    for (const carried of this.calls.movable) {
      if (this.moving.size >= AT_ONCE) return;
      if (this.moving.has(carried) || nowMs < (this.notBeforeMs.get(carried) ?? 0)) continue;
      this.moving.set(
        carried,
        this.handOver(carried)
          .catch((error: unknown) => {
            carried.log.error({ err: error }, 'the call could not be handed over');
            return this.keep(carried, 0);
          })
          .catch((error: unknown) => carried.call.fail(error))
          .finally(() => {
            this.moving.delete(carried);
            this.notBeforeMs.set(carried, this.clock.nowMs() + AGAIN_AFTER_MS);
          }),
      );
    }
  }

  private async handOver(carried: CarriedCall): Promise<void> {
    const { callControlId } = carried.facts;
    // Kept: whoever has the call next takes it from here in the middle of this.
    const trace = this.traces.of(callControlId);
    await carried.standStill(QUIET_WITHIN_MS);
    if (!carried.call.moving || this.calls.find(callControlId) !== carried) return;
    const epoch = this.ownership.epochOf(callControlId) ?? 0;
    // Its lease is given up with the move; to see that would look like a loss.
    this.ownership.suspend(callControlId);
    const startMs = Date.now();
    const moved = await this.mover.move(callControlId, epoch, carried.baseUrl);
    const { result } = moved;
    // Where the caller has hung up meanwhile, the trace is complete.
    if (!this.calls.isOver(callControlId)) this.handedOver(trace, callControlId, startMs, moved);
    if (this.calls.find(callControlId) !== carried) return;
    carried.log.info({ result }, 'hand-over of the call');
    switch (result) {
      case 'claimed':
        // The pod that has it asks for what the caller said meanwhile, and takes the call from here with that.
        await this.fetched(carried);
        return this.calls.find(callControlId) === carried ? this.calls.dismiss(callControlId) : undefined;
      case 'overtaken':
        return this.calls.dismiss(callControlId);
      case 'over':
        return carried.call.handle({ type: 'hangup', byCaller: true });
      case 'stayed':
      case 'unclaimed':
      case 'unavailable':
        return this.keep(carried, epoch);
    }
  }

  private handedOver(trace: CallTrace, callControlId: string, startMs: number, moved: Moved): void {
    const { result, tries, epoch, owner } = moved;
    const attributes = {
      [ATTRS.callId]: callControlId,
      [ATTRS.pod]: this.pod.name,
      [ATTRS.toPod]: owner?.name,
      [ATTRS.callEpoch]: epoch,
      [ATTRS.result]: result,
      [ATTRS.tries]: tries,
    };
    const error = result === 'unclaimed' || result === 'unavailable' ? result : undefined;
    trace.record({ name: SPANS.handOver, startMs, endMs: Date.now(), attributes, error });
  }

  private async fetched(carried: CarriedCall): Promise<void> {
    const untilMs = this.clock.nowMs() + FETCHED_WITHIN_MS;
    while (this.calls.find(carried.facts.callControlId) === carried && this.clock.nowMs() < untilMs) {
      await pause(this.clock, FETCHED_LOOK_MS);
    }
  }

  /** It did not get away: it goes on here, with a stream of its own. @param sawEpoch the epoch that it had before. */
  private async keep(carried: CarriedCall, sawEpoch: number): Promise<void> {
    const { callControlId } = carried.facts;
    if (!carried.call.moving || this.calls.find(callControlId) !== carried) return;
    try {
      await this.taking.claim({ callControlId, sawEpoch });
    } catch (error) {
      if (!(error instanceof DirectoryUnavailable)) throw error;
      // Above what the move may have written without our hearing of it.
      await this.taking.takeUnlisted({ callControlId, sawEpoch: sawEpoch + MOST_TRIES });
    }
    carried.cancelMove();
  }
}
