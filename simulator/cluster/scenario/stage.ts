import { randomNumbers } from '../../audio/signals.js';
import { type TelnyxSwitches } from '../../telnyx/index.js';
import { Cluster } from '../cluster.js';
import { GatewayPod } from '../gateway-pod.js';
import { type Around, ClusterCaller } from './caller.js';
import { Voices } from './voices.js';

/** New calls, and questions at the same time, are so far apart. */
const APART_MS = 80;
/** Between an answer and the next question, while callers go on talking. */
const THINKS_MS = { least: 200, most: 1200 };

export interface StageOptions {
  pods: number;
  seed: number;
  stopped: AbortSignal;
  /** Settings of the gateways. */
  env?: Record<string, string>;
  telnyx?: Partial<TelnyxSwitches>;
  /** Default `true`. */
  redis?: boolean;
  /** Is told what happens, in words. */
  say?: (text: string) => void;
}

/** A cluster and its callers. */
export class ClusterStage implements Around {
  readonly voices: Voices;
  readonly callers: ClusterCaller[] = [];
  private readonly random: () => number;

  private constructor(
    readonly cluster: Cluster<GatewayPod>,
    voices: Voices,
    private readonly options: StageOptions,
  ) {
    this.voices = voices;
    this.random = randomNumbers(options.seed);
  }

  /** Throws `NoRedisServer`, or `GatewayFailed`, also when stopped meanwhile. */
  static async set(options: StageOptions): Promise<ClusterStage> {
    const { pods, redis = true, env = {}, stopped } = options;
    const voices = new Voices();
    const cluster = await Cluster.start(
      {
        pods,
        redis,
        env: {
          LOG_LEVEL: 'info',
          CALLER_CALLS_PER_MINUTE: '0',
          // The assistant does nothing unasked, so that every sound is an answer.
          WAIT_SIGNAL: 'off',
          IDLE_PROMPT_AFTER_S: '0',
          IDLE_HANG_UP_AFTER_S: '0',
          WARM_SESSIONS: '1',
          ...env,
        },
        realtime: { switches: { responseDelayMs: 50 }, script: voices.script },
        telnyx: { switches: options.telnyx ?? {} },
      },
      (settings) => GatewayPod.start(settings, stopped),
    );
    cluster.telnyx.resetLag();
    return new ClusterStage(cluster, voices, options);
  }

  get telnyx() {
    return this.cluster.telnyx;
  }

  get realtime() {
    return this.cluster.realtime;
  }

  get stopped(): AbortSignal {
    return this.options.stopped;
  }

  say(text: string): void {
    if (!this.stopped.aborted) this.options.say?.(text);
  }

  /** Somebody calls; resolves when they were greeted. */
  async newCaller(): Promise<ClusterCaller> {
    const caller = await ClusterCaller.calls(this);
    this.callers.push(caller);
    return caller;
  }

  /** So many call, one shortly after the other. */
  newCallers(count: number): Promise<ClusterCaller[]> {
    return this.oneByOne(Array.from({ length: count }), () => this.newCaller());
  }

  /** Each does something, one shortly after the other; resolves when all have done it. */
  oneByOne<T, R>(all: readonly T[], act: (each: T) => Promise<R>): Promise<R[]> {
    return Promise.all(
      all.map(async (each, index) => {
        await this.pause(index * APART_MS);
        return act(each);
      }),
    );
  }

  /** They ask and listen, each in their own time. @returns what lets them finish their last question, and waits for that */
  keepTalking(callers: readonly ClusterCaller[]): () => Promise<void> {
    let over = false;
    const talk = async (caller: ClusterCaller): Promise<void> => {
      while (!over && caller.call.state === 'answered' && !this.stopped.aborted) {
        await this.pause(THINKS_MS.least + this.random() * (THINKS_MS.most - THINKS_MS.least));
        await caller.asks();
      }
    };
    const talks = this.oneByOne(callers, talk);
    return async () => {
      over = true;
      await talks;
    };
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.stopped.aborted ? 0 : ms));
  }

  close(): Promise<void> {
    return this.cluster.close();
  }
}
