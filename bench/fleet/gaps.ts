import { type Spread, spreadOf } from '../../simulator/cli/call-summary.js';
import { type ClusterReport } from '../../simulator/cluster/scenario/report.js';
import { runScenario } from '../../simulator/cluster/scenario/run-scenario.js';
import { type Notice, type ScenarioName } from '../../simulator/cluster/scenario/scenarios.js';
import { type FleetOptions } from './options.js';

/** What callers heard of one kind of trouble, over all rounds. Times in ms. */
export interface Gaps {
  what: string;
  rounds: number;
  calls: number;
  lost: number;
  wordsLost: number;
  gapMs: Spread | undefined;
  usualWaitMs: Spread | undefined;
  streamGapMs: Spread | undefined;
}

const KINDS: readonly { what: string; scenario: ScenarioName; notice: Notice }[] = [
  { what: 'kill -9, Telnyx dials again', scenario: 'kill', notice: 'redial' },
  { what: 'kill -9, nobody says anything', scenario: 'kill', notice: 'nothing' },
  { what: 'hand-over (SIGTERM)', scenario: 'drain', notice: 'redial' },
];

/** @param said is told of every round */
export async function measureGaps(
  { rounds, calls }: FleetOptions,
  stopped: AbortSignal,
  said: (text: string) => void,
): Promise<Gaps[]> {
  const reports = new Map(KINDS.map(({ what }) => [what, [] as ClusterReport[]]));
  for (let seed = 1; seed <= rounds; seed++) {
    // Taking turns, so that what else runs on the machine meets all of them.
    for (const { what, scenario, notice } of KINDS) {
      const report = await runScenario({ scenario, notice, pods: 3, calls, seed }, stopped);
      if (!report) return [];
      reports.get(what)?.push(report);
      said(`${what}: ${report.callsKept} of ${calls} calls kept, gap p50 ${report.gapMs?.p50 ?? '-'} ms`);
    }
  }
  return KINDS.map(({ what }) => gapsOf(what, reports.get(what) ?? []));
}

/** Puts the rounds together, by their calls. */
export function gapsOf(what: string, reports: readonly ClusterReport[]): Gaps {
  const calls = reports.flatMap((report) => report.calls);
  return {
    what,
    rounds: reports.length,
    calls: calls.length,
    lost: calls.filter(({ kept }) => !kept).length,
    wordsLost: calls.reduce((sum, { lost }) => sum + lost.answers + lost.turns, 0),
    gapMs: spreadOf(calls.map(({ gapMs }) => gapMs)),
    usualWaitMs: spreadOf(calls.flatMap(({ usualWaitsMs }) => usualWaitsMs)),
    streamGapMs: spreadOf(calls.flatMap(({ streamGapsMs }) => streamGapsMs)),
  };
}
