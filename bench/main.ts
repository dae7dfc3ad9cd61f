import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findCores } from './child.js';
import { compare, type Comparison, pairCounts, type RunPair, withMemorySlopes } from './comparison.js';
import { runFleet } from './fleet/run-fleet.js';
import { type LoadPlan } from './load/plan.js';
import { describeMachine, machineText } from './machine.js';
import { plansOf, readOptions } from './options.js';
import { gatewayIsBuilt, type RelayName } from './relays.js';
import { runOnce, type RunRecord, type RunSettings } from './run.js';
import { renderTables } from './table.js';
import { runTelemetry } from './telemetry.js';

/** A pair in which the generator was late, or the machine busy, is made again: this many tries in all. */
const TRIES = 3;

function runText(run: RunRecord): string {
  const { result, invalid } = run;
  if (invalid !== undefined) return `does not count: ${invalid}`;
  if (result === undefined) return 'no result';
  const perFrameUs = (1000 * result.cpuMs) / (result.framesIn + result.framesOut);
  return (
    `${perFrameUs.toFixed(1)} µs a frame, in p99 ${result.latencyIn.p99.toFixed(2)} ms, ` +
    `out p99 ${result.latencyOut.p99.toFixed(2)} ms, lost ${result.lostIn}+${result.lostOut}, ` +
    `generator late p99 ${result.lag.p99.toFixed(1)} ms`
  );
}

async function runPair(plan: LoadPlan, order: readonly RelayName[], settings: RunSettings): Promise<RunPair> {
  const pair: RunPair = {};
  for (const relay of order) {
    const run = await runOnce(relay, plan, settings);
    pair[relay] = run;
    console.log(`    ${relay.padEnd(6)} ${runText(run)}`);
  }
  return pair;
}

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (args[0] === 'fleet') return runFleet(args.slice(1));
  if (args[0] === 'telemetry') return runTelemetry(args.slice(1));
  const options = readOptions(args);
  if (process.platform !== 'linux') {
    console.error('The benchmark reads the CPU time and memory of its processes from /proc, so it runs on Linux only.');
    return 2;
  }
  if (options.relays.includes('parley') && !gatewayIsBuilt()) {
    console.error('dist/src/main.js is missing: run "npm run build" first, or measure with --only bare.');
    return 2;
  }
  const settings: RunSettings = { cores: findCores(), gatewayEnv: options.gatewayEnv };
  const machine = describeMachine(settings.cores);
  const plans = plansOf(options);
  console.log(machineText(machine));
  const runCount = plans.length * options.pairs * options.relays.length;
  // Start, priming, ramp, warm-up and drain take some 14 s on top of the window.
  console.log(`${runCount} runs, about ${Math.ceil((runCount * (options.seconds + 14)) / 60)} minutes\n`);

  const runs: RunRecord[] = [];
  const measured: Comparison[] = [];
  for (const plan of plans) {
    console.log(`${plan.calls} calls, ${plan.profile}, model socket ${plan.tls ? 'over TLS' : 'plain'}`);
    const pairs: RunPair[] = [];
    for (let number = 0; number < options.pairs; number++) {
      // Whoever comes second finds the machine as the first one left it, so they take turns.
      const order = number % 2 === 0 ? options.relays : options.relays.toReversed();
      for (let attempt = 1; attempt <= TRIES; attempt++) {
        const pair = await runPair(plan, order, settings);
        runs.push(...Object.values(pair));
        pairs.push(pair);
        if (pairCounts(pair)) break;
      }
    }
    measured.push(compare(pairs));
  }
  const comparisons = withMemorySlopes(measured);
  console.log(`\n${renderTables(comparisons)}`);
  const file = options.json ?? join('bench-results', `${new Date().toISOString().replaceAll(':', '-')}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ machine, options, comparisons, runs }, undefined, 2)}\n`);
  console.log(`\nAll figures: ${file}`);
  return comparisons.some(({ pairsCounted }) => pairsCounted > 0) ? 0 : 1;
}

process.exitCode = await main();
