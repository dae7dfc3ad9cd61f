import { Command } from 'commander';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { findCores } from './child.js';
import { figuresOf, type Figures } from './comparison.js';
import { type LoadPlan } from './load/plan.js';
import { describeMachine, machineText } from './machine.js';
import { calls, wholeNumber } from './options.js';
import { gatewayIsBuilt } from './relays.js';
import { runOnce, type RunSettings } from './run.js';
import { median } from './samples.js';

/** What tracing and metrics may cost. */
const GOALS = { cpuUsPerFrame: 1.05, memoryKibPerCall: 1.1, memoryMib: 1.1 } as const;
type Figure = keyof typeof GOALS;
const LABELS: Record<Figure, string> = {
  cpuUsPerFrame: 'CPU per frame (µs)',
  memoryKibPerCall: 'memory per call (KiB)',
  memoryMib: 'memory under load (MiB)',
};
/** A pair in which a generator was late is made again: this many tries in all. */
const TRIES = 3;

interface Flags {
  calls: number;
  seconds: number;
  pairs: number;
}

function readOptions(args: readonly string[]): Flags {
  const command = new Command('npm run bench -- telemetry')
    .description(
      'Compares the gateway with traces and metrics to the same without OpenTelemetry, in pairs that run side by side.',
    )
    .option('--calls <n>', 'simultaneous calls of each of the two', calls, 50)
    .option('--seconds <n>', 'length of the measured window', wholeNumber(1), 30)
    .option('--pairs <n>', 'pairs of runs', wholeNumber(1), 10);
  return command.parse(args, { from: 'user' }).opts<Flags>();
}

/** A collector that takes everything and keeps nothing. */
async function startSink(): Promise<{ url: string; requests: () => number; close: () => void }> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    request.resume();
    request.on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, requests: () => requests, close };
}

/** `npm run bench -- telemetry`. @returns the exit code: 1 where a goal was missed or no pair counts. */
export async function runTelemetry(args: readonly string[]): Promise<number> {
  const { calls: callCount, seconds, pairs } = readOptions(args);
  if (process.platform !== 'linux' || !gatewayIsBuilt()) {
    console.error('This reads CPU times from /proc (Linux), and measures dist/src/main.js: run "npm run build" first.');
    return 2;
  }
  const cores = findCores();
  console.log(machineText(describeMachine(cores)));
  const sink = await startSink();
  // No call is to be turned away for what the benchmark itself does to the machine.
  const patient = { EVENT_LOOP_LAG_LIMIT_MS: '1000', LOG_LEVEL: 'warn' };
  // Metrics as often as the chart's monitors ask for them; OpenTelemetry's own default is once a minute.
  const sending = { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_METRIC_EXPORT_INTERVAL: '15000' };
  const off: RunSettings = { cores, gatewayEnv: patient, withoutTelemetry: true, sharesCore: true };
  const on: RunSettings = { cores, gatewayEnv: { ...patient, ...sending }, sharesCore: true };
  const plan: LoadPlan = { calls: callCount, seconds, profile: 'bursts', tls: false, announced: true };
  const measured: { off: Figures; on: Figures }[] = [];
  try {
    for (let number = 0; number < pairs; number++) {
      for (let attempt = 1; attempt <= TRIES; attempt++) {
        const pair = await runPair(plan, number % 2 === 0 ? ['off', 'on'] : ['on', 'off'], { off, on });
        if (pair.off && pair.on) {
          measured.push({ off: pair.off, on: pair.on });
          break;
        }
      }
    }
  } finally {
    sink.close();
  }
  if (sink.requests() === 0) throw new Error('nothing was exported: this compares nothing');
  console.log(
    `\n${measured.length} pairs, ${callCount} calls, windows of ${seconds} s; without → with traces and metrics`,
  );
  return measured.length > 0 && (Object.keys(GOALS) as Figure[]).map((name) => report(name, measured)).every(Boolean)
    ? 0
    : 1;
}

/**
 * Both at the same time, on the same core, each with its own load: how fast this machine is from minute to minute (10 %, seen
 * between runs of one kind) is the same for both. Who comes first changes from pair to pair.
 */
async function runPair(
  plan: LoadPlan,
  order: readonly ('off' | 'on')[],
  settings: Record<'off' | 'on', RunSettings>,
): Promise<Partial<Record<'off' | 'on', Figures>>> {
  const runs = await Promise.all(
    order.map(async (which) => [which, await runOnce('parley', plan, settings[which])] as const),
  );
  const pair: Partial<Record<'off' | 'on', Figures>> = {};
  for (const [which, run] of runs) {
    const figures = figuresOf(run);
    if (figures) pair[which] = figures;
    const said = figures
      ? `${figures.cpuUsPerFrame.toFixed(1)} µs a frame, ${figures.memoryKibPerCall.toFixed(0)} KiB a call`
      : `does not count: ${run.invalid}`;
    console.log(`    ${which.padEnd(4)} ${said}`);
  }
  return pair;
}

/** @returns whether the goal is met by the median of the pairs. */
function report(name: Figure, pairs: readonly { off: Figures; on: Figures }[]): boolean {
  const ratios = pairs.map(({ off, on }) => on[name] / off[name]);
  const ratio = median(ratios);
  const of = (which: 'off' | 'on'): string => median(pairs.map((pair) => pair[which][name])).toFixed(1);
  const met = ratio <= GOALS[name];
  console.log(
    `  ${LABELS[name].padEnd(26)} ${of('off')} → ${of('on')}  ×${ratio.toFixed(2)} ` +
      `(${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})  goal ≤ ×${GOALS[name]} ${met ? '' : '✗'}`,
  );
  return met;
}
