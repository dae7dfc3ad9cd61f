import { Inject, Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { CallDirectory, type CallRecord, orIfAway } from '../../affinity/call-directory.js';
import { type PodIdentity, samePod } from '../../affinity/pod.js';
import { ThisPod } from '../../affinity/this-pod.js';
import { CLOCK } from '../../common/clock.token.js';
import { type Clock, pause } from '../../common/clock.js';
import { Counters } from '../../telemetry/counters.js';
import { CallCommands } from '../call-commands.js';
import { CallFactory } from '../call-factory.js';

/** A stream that was asked for is there within a second or two where it can be. */
const CLAIMED_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 100;
/** So often a move is marked in the directory, with a new epoch each time. */
export const MOST_TRIES = 3;

/**
 * `claimed`: another pod has the call. `stayed`: the stream came back to this one. `overtaken`: somebody else decided
 * what becomes of it. `over`: the caller has hung up. `unclaimed`: no stream came.
 * `unavailable`: the directory was not there to be told of the move, or knows the call no better than an old copy of it.
 */
export type MoveResult = 'claimed' | 'stayed' | 'overtaken' | 'over' | 'unclaimed' | 'unavailable';

/** How a move ended. */
export interface Moved {
  result: MoveResult;
  /** Streams asked for. */
  tries: number;
  /** The call's, as far as is known here. */
  epoch: number;
  /** Who has the call now, where somebody else has. */
  owner: PodIdentity | undefined;
}

/** Where a move stands, as the directory says. */
type Standing = Pick<Moved, 'result' | 'owner'>;

/**
 * Moves a call: nobody's in the directory, its stream stopped and asked for again. The public address may lead to any
 * pod, so the one where the new stream lands has the call. The one way that hand-over and recovery both go.
 */
@Injectable()
export class CallMover {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @InjectPinoLogger(CallMover.name) private readonly log: PinoLogger,
    private readonly directory: CallDirectory,
    private readonly commands: CallCommands,
    private readonly factory: CallFactory,
    private readonly pod: ThisPod,
    private readonly counters: Counters,
  ) {}

  /**
   * @param sawEpoch the epoch on which it was decided to move the call: whoever else decided the same is too late.
   * @param baseUrl of the call's media streams.
   */
  async move(callControlId: string, sawEpoch: number, baseUrl: string): Promise<Moved> {
    let epoch = sawEpoch;
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      const marked = await orIfAway(this.directory.move(callControlId, epoch), undefined);
      if (!marked) return ended('unavailable', epoch, tries - 1);
      if (!marked.moved)
        return { ...(await this.standing(callControlId, marked.record, epoch)), epoch, tries: tries - 1 };
      epoch = marked.epoch;
      this.counters.callsMoved++;
      this.log.info({ callId: callControlId, epoch, tries }, 'moving the call: asking Telnyx for a new media stream');
      const stopped = await this.commands.stopStream(callControlId, `to move, ${epoch}`);
      if (!stopped.ok && stopped.gone) return ended('over', epoch, tries);
      const request = this.factory.streamRequest(callControlId, baseUrl, marked.attempt, epoch);
      const started = await this.commands.startStream(callControlId, request, marked.attempt);
      if (!started.ok && started.gone) return ended('over', epoch, tries);
      const standing = await this.claimed(callControlId, epoch);
      if (standing) return { ...standing, epoch, tries };
    }
    return ended('unclaimed', epoch, MOST_TRIES);
  }

  /** Waits until the call has an owner again. @returns undefined where it got none in time. */
  private async claimed(callControlId: string, epoch: number): Promise<Standing | undefined> {
    const untilMs = this.clock.nowMs() + CLAIMED_WITHIN_MS;
    while (this.clock.nowMs() < untilMs) {
      await pause(this.clock, LOOK_EVERY_MS);
      const standing = await this.whoHas(callControlId, epoch);
      if (standing.result !== 'unclaimed') return standing;
    }
    return undefined;
  }

  private async whoHas(callControlId: string, epoch: number): Promise<Standing> {
    const record = await orIfAway(this.directory.find(callControlId), 'away');
    return record === 'away' ? { result: 'unclaimed', owner: undefined } : this.standing(callControlId, record, epoch);
  }

  /** How the move stands. @param record as it is now. @param epoch of the move. */
  private async standing(callControlId: string, record: CallRecord | undefined, epoch: number): Promise<Standing> {
    const result = await this.resultOf(callControlId, record, epoch);
    return { result, owner: result === 'claimed' ? record?.owner : undefined };
  }

  private async resultOf(callControlId: string, record: CallRecord | undefined, epoch: number): Promise<MoveResult> {
    // Removed at the end of the call, or forgotten by a directory that came back empty: only Telnyx can tell which.
    if (!record) return (await this.commands.isAlive(callControlId)) === false ? 'over' : 'unavailable';
    if (record.epoch < epoch) return 'unavailable';
    if (record.owner) return samePod(record.owner, this.pod) ? 'stayed' : 'claimed';
    return record.epoch > epoch ? 'overtaken' : 'unclaimed';
  }
}

function ended(result: MoveResult, epoch: number, tries: number): Moved {
  return { result, epoch, tries, owner: undefined };
}
