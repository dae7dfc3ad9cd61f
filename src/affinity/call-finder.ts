import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { CLOCK } from '../common/clock.token.js';
import { type Clock } from '../common/clock.js';
import { CallDirectory, type CallRecord, orIfAway } from './call-directory.js';
import { Fleet } from './fleet.js';
import { type PodIdentity, podIdentitySchema, podKey, samePod } from './pod.js';
import { type PeerOperation, Peers } from './pods/peers.js';
import { ThisPod } from './this-pod.js';

/** All pods together are asked for no longer than this, while the directory is away. */
const ASK_WITHIN_MS = 300;

/** `streaming`: it has the call's media stream. `waiting`: it answered the call and waits for one. */
export type Part = 'streaming' | 'waiting' | 'none';

/** "What part do you have in this call?" With `none`, the pod that is known to have taken it from there. */
export const PART_OPERATION: PeerOperation<
  { callControlId: string },
  { part: Part; takenBy?: PodIdentity | undefined }
> = {
  name: 'part',
  request: z.object({ callControlId: z.string().min(1) }),
  reply: z.object({ part: z.enum(['streaming', 'waiting', 'none']), takenBy: podIdentitySchema.optional() }),
};

/** Where a call is. */
export type Whereabouts =
  | { at: 'pod'; pod: PodIdentity; part: Part }
  /** Its pod is no more: `absence` says how sure that is. */
  | { at: 'absent'; pod: PodIdentity; absence: 'dead' | 'silent'; record: CallRecord }
  /** Written down, and nobody has it: answered by a pod that let go of it, or on its way to another pod. */
  | { at: 'nobody'; record: CallRecord }
  /** Not written down. `sure`: the directory was there to say so. */
  | { at: 'unknown'; sure: boolean };

/** Finds the pod that has a call: by the directory, or by asking around where that is away or knows nothing. */
@Injectable()
export class CallFinder {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly directory: CallDirectory,
    private readonly fleet: Fleet,
    private readonly peers: Peers,
    private readonly pod: ThisPod,
  ) {}

  /** @param hints pods that may have it: those that its token or its client state names. */
  async find(callControlId: string, hints: readonly (PodIdentity | undefined)[]): Promise<Whereabouts> {
    const record = await orIfAway(this.directory.find(callControlId), 'away');
    if (record && record !== 'away') return this.whereaboutsOf(record);
    const sure = this.directory.shared && record !== 'away';
    return (await this.askAround(callControlId, hints)) ?? { at: 'unknown', sure };
  }

  private async whereaboutsOf(record: CallRecord): Promise<Whereabouts> {
    const pod = record.owner ?? (record.epoch === 0 ? record.answeredBy : undefined);
    if (!pod || samePod(pod, this.pod)) return { at: 'nobody', record };
    const part = record.owner ? 'streaming' : 'waiting';
    const state = await this.fleet.stateOf(pod);
    if (state === 'alive') return { at: 'pod', pod, part };
    return { at: 'absent', pod, absence: state, record };
  }

  /** Asks the pods named, and those last heard of, all at once; then whoever they name. */
  private async askAround(
    callControlId: string,
    hints: readonly (PodIdentity | undefined)[],
  ): Promise<Whereabouts | undefined> {
    const untilMs = this.clock.nowMs() + ASK_WITHIN_MS;
    const asked = new Set<string>();
    const found: { pod: PodIdentity; part: Part }[] = [];
    const ask = async (pod: PodIdentity | undefined): Promise<void> => {
      const leftMs = untilMs - this.clock.nowMs();
      if (!pod || samePod(pod, this.pod) || asked.has(podKey(pod)) || leftMs <= 0) return;
      asked.add(podKey(pod));
      const answer = await this.peers.ask(pod, PART_OPERATION, { callControlId }, leftMs);
      if (!answer.ok) return;
      if (answer.reply.part !== 'none') found.push({ pod, part: answer.reply.part });
      // It may have died or let go of the call since.
      else await ask(answer.reply.takenBy);
    };
    await Promise.all([...hints, ...this.fleet.others.map(({ pod }) => pod)].map(ask));
    const has = (part: Part): Whereabouts | undefined => {
      const holder = found.find((candidate) => candidate.part === part);
      return holder && { at: 'pod', ...holder };
    };
    return has('streaming') ?? has('waiting');
  }
}
