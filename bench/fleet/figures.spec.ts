import { reportOf } from '../../simulator/cluster/scenario/report.js';
import { gapsOf } from './gaps.js';
import { costOf, type CostWindow } from './redis-cost.js';
import { hopOf, type HopWindow } from './relay-hop.js';
import { gapsTable, redisCostText, relayHopText } from './table.js';

const facts = { scenario: 'kill', pods: 3, seed: 1, commands: {}, generatorLateMs: 0 } as const;
const call = (gapMs: number, kept = true) => ({
  ...{ number: 1, kept, moves: 1, gapMs, usualWaitsMs: [500], resumedMs: 900, streamGapsMs: [200] },
  ...{ turns: 3, unanswered: 0, lost: { answers: 0, turns: kept ? 0 : 2 } },
});

describe('the gaps of several rounds', () => {
  it('are put together by their calls', () => {
    const gaps = gapsOf('kill', [reportOf(facts, [call(800), call(1000)]), reportOf(facts, [call(3000, false)])]);
    expect(gaps).toMatchObject({ rounds: 2, calls: 3, lost: 1, wordsLost: 2 });
    expect(gaps.gapMs).toEqual({ count: 3, p50: 1000, p95: 3000, max: 3000 });
    expect(gapsTable([gaps])).toMatch(/kill +2 +3 \(1\) +2 +1000 ms +3000 ms +3000 ms +2\.00 +200 ms/);
  });
});

const cost = (gatewayCpuMs: number, redisCpuMs = 0, redisCommands = 0): CostWindow => ({
  ...{ gatewayCpuMs, redisCpuMs, redisCommands, calls: 10, turns: 40 },
});

describe('the cost of Redis', () => {
  it('is a ratio within each pair, with its spread', () => {
    const pairs = [
      { withRedis: cost(1100, 60, 900), without: cost(1000) },
      { withRedis: cost(1300, 60, 1100), without: cost(1000) },
    ];
    const { ratio, redisShare, commandsPerCall, commandsPerSecondAndCall } = costOf(pairs, 20);
    expect([ratio.median, ratio.from, ratio.to].map((value) => value.toFixed(2))).toEqual(['1.20', '1.10', '1.30']);
    expect(redisShare).toBeCloseTo(0.05);
    expect([commandsPerCall, commandsPerSecondAndCall]).toEqual([100, 10]);
    expect(redisCostText(costOf(pairs, 20))).toContain('×1.20 (1.10–1.30)');
  });
});

const hop = (p50: number, p99: number, ownerCpuUs: number, relayCpuUs: number): HopWindow => ({
  latencyMs: { count: 100, p50, p99, max: p99 },
  ...{ frames: 100, ownerCpuUs, relayCpuUs, lagMs: { count: 100, p50: 0, p99: 1, max: 2 } },
});

describe('the relay hop', () => {
  it('is compared with the direct way, and the relaying pod’s work with the owner’s', () => {
    const result = hopOf([{ direct: hop(0.2, 1, 10_000, 500), relayed: hop(0.5, 3, 10_000, 8000) }], 0);
    expect([result.p50Ratio, result.p99Ratio, result.cpuRatio]).toEqual([2.5, 3, 0.8]);
    expect(relayHopText(result)).toMatch(/p50, ms +0\.20 +0\.50 +×2\.50/);
  });
});
