import { type Spread } from '../../simulator/cli/call-summary.js';
import { textTable } from '../../simulator/cli/table.js';
import { median } from '../samples.js';
import { type Gaps } from './gaps.js';
import { type RedisCost } from './redis-cost.js';
import { type HopWindow, type RelayHop } from './relay-hop.js';

export function gapsTable(gaps: readonly Gaps[]): string {
  const head = [
    '',
    'rounds',
    'calls (lost)',
    'words lost',
    'gap p50',
    'p95',
    'max',
    '× usual wait',
    'streams apart p50',
  ];
  const rows = gaps.map(({ what, rounds, calls, lost, wordsLost, gapMs, usualWaitMs, streamGapMs }) => [
    what,
    String(rounds),
    `${calls} (${lost})`,
    String(wordsLost),
    ...spreadCells(gapMs),
    number((gapMs?.p50 ?? NaN) / (usualWaitMs?.p50 ?? NaN), 2),
    streamGapMs ? `${streamGapMs.p50} ms` : '-',
  ]);
  return textTable(head, rows, head.slice(1));
}

function spreadCells(spread: Spread | undefined): string[] {
  return spread ? [spread.p50, spread.p95, spread.max].map((ms) => `${ms} ms`) : ['-', '-', '-'];
}

export function redisCostText({
  pairs,
  ratio,
  redisShare,
  commandsPerCall,
  commandsPerSecondAndCall,
}: RedisCost): string {
  const perCall = (which: 'withRedis' | 'without'): string =>
    number(median(pairs.map((pair) => pair[which].gatewayCpuMs / pair[which].calls)), 1);
  return textTable(
    ['directory and conversation log', ''],
    [
      [
        'gateway CPU, with Redis to without',
        `×${number(ratio.median, 2)} (${number(ratio.from, 2)}–${number(ratio.to, 2)})`,
      ],
      ['gateway CPU a call, without → with', `${perCall('without')} → ${perCall('withRedis')} ms`],
      ['Redis CPU to that of the gateway', `×${number(redisShare, 2)}`],
      ['Redis commands a call', number(commandsPerCall, 0)],
      ['Redis commands a second and call', number(commandsPerSecondAndCall, 1)],
    ],
    [''],
  );
}

export function relayHopText({ pairs, lostFrames, p50Ratio, p99Ratio, cpuRatio }: RelayHop): string {
  const of = (way: 'direct' | 'relayed', value: (window: HopWindow) => number, digits = 2): string =>
    number(median(pairs.map((pair) => value(pair[way]))), digits);
  const row = (name: string, value: (window: HopWindow) => number, ratio: number): string[] => [
    name,
    of('direct', value),
    of('relayed', value),
    `×${number(ratio, 2)}`,
  ];
  const ownerUs = ({ ownerCpuUs, frames }: HopWindow): number => ownerCpuUs / frames;
  const ownerRatio = median(pairs.map(({ direct, relayed }) => ownerUs(relayed) / ownerUs(direct)));
  return textTable(
    ['caller to model', 'direct', 'relayed', 'ratio'],
    [
      row('p50, ms', ({ latencyMs }) => latencyMs.p50, p50Ratio),
      row('p99, ms', ({ latencyMs }) => latencyMs.p99, p99Ratio),
      row('CPU of the owner, µs a frame', ownerUs, ownerRatio),
      [
        'CPU of the relaying pod, µs a frame',
        '-',
        of('relayed', (w) => w.relayCpuUs / w.frames),
        `×${number(cpuRatio, 2)} of the owner’s`,
      ],
      ['generator late p99, ms', of('direct', ({ lagMs }) => lagMs.p99), of('relayed', ({ lagMs }) => lagMs.p99), ''],
      ['frames lost', '', String(lostFrames), ''],
    ],
    ['direct', 'relayed', 'ratio'],
  );
}

function number(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '-';
}
