import { ClusterStage } from '../../simulator/cluster/scenario/stage.js';
import { cpuMs } from '../process-usage.js';
import { median } from '../samples.js';
import { type FleetOptions } from './options.js';

/** One window: calls that begin, talk and end. CPU in ms, of the gateway and of the Redis server. */
export interface CostWindow {
  gatewayCpuMs: number;
  redisCpuMs: number;
  redisCommands: number;
  calls: number;
  turns: number;
}

export interface RedisCost {
  pairs: { withRedis: CostWindow; without: CostWindow }[];
  /** The gateway's CPU with Redis to that without, within the pairs. */
  ratio: { median: number; from: number; to: number };
  /** The Redis server's CPU to that of the gateway which uses it. */
  redisShare: number;
  commandsPerCall: number;
  /** Over a window, from the first call to the end of the last. */
  commandsPerSecondAndCall: number;
}

/** Two gateways, one with a Redis and one without, take turns with the same calls. */
export async function measureRedisCost(
  options: FleetOptions,
  stopped: AbortSignal,
  said: (text: string) => void,
): Promise<RedisCost | undefined> {
  const stages: ClusterStage[] = [];
  try {
    for (const redis of [true, false]) stages.push(await ClusterStage.set({ pods: 1, seed: 1, stopped, redis }));
    const [withRedis, without] = stages;
    if (!withRedis || !without) return undefined;
    // Code is compiled, and both have had a call.
    for (const stage of stages) await window(stage, { ...options, seconds: 2 });
    const pairs: RedisCost['pairs'] = [];
    let seconds = 0;
    for (let number = 0; number < options.pairs && !stopped.aborted; number++) {
      const windows = new Map<ClusterStage, CostWindow>();
      for (const stage of number % 2 === 0 ? stages : stages.toReversed()) {
        const fromMs = performance.now();
        windows.set(stage, await window(stage, options));
        if (stage === withRedis) seconds += (performance.now() - fromMs) / 1000;
      }
      const pair = { withRedis: windows.get(withRedis), without: windows.get(without) };
      if (!pair.withRedis || !pair.without) break;
      pairs.push({ withRedis: pair.withRedis, without: pair.without });
      said(
        `gateway ${perCall(pair.withRedis)} ms of CPU a call with Redis, ${perCall(pair.without)} ms without; ` +
          `Redis ${(pair.withRedis.redisCpuMs / pair.withRedis.calls).toFixed(1)} ms`,
      );
    }
    return costOf(pairs, seconds);
  } finally {
    await Promise.all(stages.map((stage) => stage.close()));
  }
}

const perCall = ({ gatewayCpuMs, calls }: CostWindow): string => (gatewayCpuMs / calls).toFixed(1);

/** @param seconds that the windows with Redis took in all */
export function costOf(pairs: RedisCost['pairs'], seconds: number): RedisCost {
  const ratios = pairs.map(({ withRedis, without }) => withRedis.gatewayCpuMs / without.gatewayCpuMs);
  const total = (value: (window: CostWindow) => number): number =>
    pairs.reduce((sum, { withRedis }) => sum + value(withRedis), 0);
  const callsAtATime = pairs[0]?.withRedis.calls ?? NaN;
  return {
    pairs,
    ratio: { median: median(ratios), from: Math.min(...ratios), to: Math.max(...ratios) },
    redisShare: total(({ redisCpuMs }) => redisCpuMs) / total(({ gatewayCpuMs }) => gatewayCpuMs),
    commandsPerCall: total(({ redisCommands }) => redisCommands) / total(({ calls }) => calls),
    commandsPerSecondAndCall: total(({ redisCommands }) => redisCommands) / seconds / callsAtATime,
  };
}

async function window(stage: ClusterStage, { calls, seconds }: FleetOptions): Promise<CostWindow> {
  const before = await usage(stage);
  const callers = await stage.newCallers(calls);
  const finish = stage.keepTalking(callers);
  await stage.pause(seconds * 1000);
  await finish();
  for (const caller of callers) caller.hangsUp();
  await stage.cluster.waitForNoCalls();
  const after = await usage(stage);
  const turns = callers.reduce((sum, caller) => sum + caller.turns.length, 0);
  return {
    gatewayCpuMs: after.gatewayCpuMs - before.gatewayCpuMs,
    redisCpuMs: after.redisCpuMs - before.redisCpuMs,
    // Less the question for it.
    redisCommands: Math.max(0, after.redisCommands - before.redisCommands - 1),
    calls,
    turns,
  };
}

async function usage({ cluster }: ClusterStage): Promise<Omit<CostWindow, 'calls' | 'turns'>> {
  const gatewayCpuMs = cpuMs(cluster.pod(1).pid);
  const pid = cluster.hasRedis ? cluster.redis.pid : undefined;
  if (pid === undefined) return { gatewayCpuMs, redisCpuMs: 0, redisCommands: 0 };
  const stats = String(await cluster.redis.command('INFO', 'stats'));
  const redisCommands = Number(/total_commands_processed:(\d+)/.exec(stats)?.[1] ?? NaN);
  return { gatewayCpuMs, redisCpuMs: cpuMs(pid), redisCommands };
}
