import { setTimeout as delay } from 'node:timers/promises';
import { RedisServer } from '../../simulator/cluster/redis-server.js';
import { FrameSchedule } from '../load/frame-schedule.js';
import { reportHangUp } from '../load/webhooks.js';
import { ModelServer, startRestServer } from '../load/model-server.js';
import { FRAME_MS } from '../load/stamps.js';
import { cpuMs } from '../process-usage.js';
import { median, Samples, type SampleSummary } from '../samples.js';
import { type RunningRelay, startRelay } from '../relays.js';
import { HopLine } from './hop-line.js';
import { type FleetOptions } from './options.js';

/** One window of caller audio on its way to the model. */
export interface HopWindow {
  /** Telnyx's frame sent to the same frame at the model. */
  latencyMs: SampleSummary;
  frames: number;
  /** Of the pod that has the calls, and of the pod that passes them on. */
  ownerCpuUs: number;
  relayCpuUs: number;
  /** How late this process itself was with each frame. */
  lagMs: SampleSummary;
}

export interface RelayHop {
  pairs: { direct: HopWindow; relayed: HopWindow }[];
  lostFrames: number;
  /** Relayed to direct, within the pairs. */
  p50Ratio: number;
  p99Ratio: number;
  /** What the relaying pod spends on a frame, to what the owner spends on one that reaches it directly. */
  cpuRatio: number;
}

const SETTLE_MS = 1500;
const REACH_MS = 15_000;

/** The same calls, by turns on the pod that has them and by way of another one. */
export async function measureRelayHop(
  options: FleetOptions,
  stopped: AbortSignal,
  said: (text: string) => void,
): Promise<RelayHop | undefined> {
  const run = new HopRun(options);
  try {
    await run.begin();
    const pairs: RelayHop['pairs'] = [];
    for (let number = 0; number < options.pairs && !stopped.aborted; number++) {
      const measured: Partial<RelayHop['pairs'][number]> = {};
      for (const way of number % 2 === 0 ? (['direct', 'relayed'] as const) : (['relayed', 'direct'] as const))
        measured[way] = await run.window(way);
      const { direct, relayed } = measured;
      if (!direct || !relayed) break;
      pairs.push({ direct, relayed });
      said(
        `p50 ${direct.latencyMs.p50.toFixed(2)} → ${relayed.latencyMs.p50.toFixed(2)} ms, ` +
          `p99 ${direct.latencyMs.p99.toFixed(2)} → ${relayed.latencyMs.p99.toFixed(2)} ms, the relaying pod ` +
          `${(relayed.relayCpuUs / relayed.frames).toFixed(0)} µs a frame`,
      );
    }
    return hopOf(pairs, await run.lostFrames());
  } finally {
    await run.end();
  }
}

export function hopOf(pairs: RelayHop['pairs'], lostFrames: number): RelayHop {
  const ratio = (value: (pair: RelayHop['pairs'][number]) => number): number => median(pairs.map(value));
  return {
    pairs,
    lostFrames,
    p50Ratio: ratio(({ direct, relayed }) => relayed.latencyMs.p50 / direct.latencyMs.p50),
    p99Ratio: ratio(({ direct, relayed }) => relayed.latencyMs.p99 / direct.latencyMs.p99),
    cpuRatio: ratio(({ direct, relayed }) => relayed.relayCpuUs / relayed.frames / (direct.ownerCpuUs / direct.frames)),
  };
}

/** Two pods, a Redis, a model that only listens, and the lines of the callers. */
class HopRun {
  private readonly lines: HopLine[];
  private model: ModelServer | undefined;
  private rest: { url: string; close: () => void } | undefined;
  private redis: RedisServer | undefined;
  private readonly pods: RunningRelay[] = [];
  private schedule: FrameSchedule | undefined;
  private ticking = true;
  private ticker = Promise.resolve();
  private latency = new Samples();
  private lag = new Samples();
  private frames = 0;
  private readonly reached = new Set<number>();

  constructor(private readonly options: FleetOptions) {
    const run = Date.now().toString(36);
    this.lines = Array.from({ length: options.calls }, (_, index) => new HopLine(index, run));
  }

  async begin(): Promise<void> {
    this.redis = await RedisServer.start();
    const model = await ModelServer.start(
      { calls: this.options.calls, seconds: this.options.seconds, profile: 'frames', tls: false },
      (sender, counter) => this.arrived(sender, counter),
    );
    this.model = model;
    this.rest = await startRestServer();
    for (const number of [1, 2]) {
      const gatewayEnv = {
        REDIS_URL: this.redis.url,
        STREAM_TOKEN_SECRET: 'the-same-secret-for-both-pods-of-the-benchmark',
        POD_NAME: `pod-${number}`,
        POD_UID: `uid-of-pod-${number}`,
        POD_IP: '127.0.0.1',
        BIND_ADDRESS: '127.0.0.1',
      };
      this.pods.push(await startHopPod(model.url, this.rest.url, gatewayEnv));
    }
    this.ticker = this.tickForever();
    await this.dialAll('direct');
    await this.allReachTheModel();
  }

  async window(way: 'direct' | 'relayed'): Promise<HopWindow> {
    await this.dialAll(way);
    await delay(SETTLE_MS);
    await this.allReachTheModel();
    const [owner, relay] = this.pods.map(({ child }) => child.pid);
    const before = { owner: cpuMs(owner ?? NaN), relay: cpuMs(relay ?? NaN) };
    [this.latency, this.lag, this.frames] = [new Samples(), new Samples(), 0];
    await delay(this.options.seconds * 1000);
    return {
      latencyMs: this.latency.summary(),
      frames: this.frames,
      ownerCpuUs: 1000 * (cpuMs(owner ?? NaN) - before.owner),
      relayCpuUs: 1000 * (cpuMs(relay ?? NaN) - before.relay),
      lagMs: this.lag.summary(),
    };
  }

  /** Frames of the last window that never came: those before it may have been lost with their socket. */
  async lostFrames(): Promise<number> {
    const outstanding = (): number => this.lines.reduce((sum, { ledger }) => sum + ledger.outstanding, 0);
    this.schedule = undefined;
    await delay(SETTLE_MS);
    const closed = this.lines.reduce((sum, { lost }) => sum + lost, 0);
    if (closed > 0) throw new Error(`${closed} media sockets were closed by a pod`);
    return outstanding();
  }

  async end(): Promise<void> {
    this.ticking = false;
    await this.ticker;
    for (const line of this.lines) {
      line.close();
      if (this.pods[0]) reportHangUp(this.pods[0].mediaPort, line.callControlId);
    }
    await Promise.all(this.pods.map(({ child }) => child.stop()));
    this.model?.close();
    this.rest?.close();
    await this.redis?.close();
  }

  private async dialAll(way: 'direct' | 'relayed'): Promise<void> {
    const pod = this.pods[way === 'direct' ? 0 : 1];
    if (!pod) throw new Error('no pod to dial');
    this.schedule = undefined;
    await Promise.all(this.lines.map((line) => line.dial(pod.mediaPort, pod.mediaPath)));
    this.reached.clear();
    this.schedule = new FrameSchedule(performance.now(), this.lines.length, FRAME_MS);
  }

  private async allReachTheModel(): Promise<void> {
    const untilMs = performance.now() + REACH_MS;
    while (this.reached.size < this.lines.length) {
      if (performance.now() > untilMs)
        throw new Error(
          `only ${this.reached.size} of ${this.lines.length} calls reach the model:\n${this.pods.map(({ child }) => child.lastOutput).join('\n')}`,
        );
      await delay(20);
    }
    for (const session of this.model?.sessions ?? []) session.stopTalking();
  }

  private arrived(sender: number, counter: number): void {
    const nowMs = performance.now();
    const sentAtMs = this.lines[sender]?.ledger.arrive(counter);
    if (sentAtMs === undefined) return;
    this.reached.add(sender);
    this.frames++;
    this.latency.add(nowMs - sentAtMs);
  }

  private async tickForever(): Promise<void> {
    while (this.ticking) {
      this.schedule?.run(performance.now(), (index, lateMs) => {
        this.lines[index]?.sendFrame(performance.now());
        this.lag.add(lateMs);
      });
      await delay(1);
    }
  }
}

/** Not pinned to a core: the two would share it. */
function startHopPod(modelUrl: string, restUrl: string, gatewayEnv: Record<string, string>): Promise<RunningRelay> {
  return startRelay('parley', { modelUrl, restUrl, core: undefined, gatewayEnv });
}
