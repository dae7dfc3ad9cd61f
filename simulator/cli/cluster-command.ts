import { writeFileSync } from 'node:fs';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { NoRedisServer } from '../cluster/redis-server.js';
import { type ClusterReport } from '../cluster/scenario/report.js';
import { runScenario, type ScenarioPlan } from '../cluster/scenario/run-scenario.js';
import { type Notice, type ScenarioName, SCENARIOS } from '../cluster/scenario/scenarios.js';
import { GatewayFailed } from '../demo/gateway-process.js';
import { clusterReportText } from './cluster-report.js';
import { wholeNumberFrom } from './option-parsers.js';
import { seconds } from './progress.js';
import { exitCodeOf, untilStopped } from './stop-signals.js';
import { type Terminal } from './terminal.js';

export interface ClusterFlags {
  pods: number;
  calls: number;
  seed: number;
  notice: Notice;
  gatewayEnv?: Record<string, string>;
  json?: string;
  quiet?: true;
}

/** All callers and both services are in this one process. */
const MOST_CALLS = 60;
const MOST_PODS = 9;
/** This late, the simulator itself makes the figures. */
const LATE_MS = 50;

/** @param run is replaced in tests */
export function clusterCommand(
  terminal: Terminal,
  exit: (code: number) => void,
  run: typeof runScenario = runScenario,
): Command {
  const names = Object.keys(SCENARIOS) as ScenarioName[];
  return new Command('cluster')
    .summary('several gateways behind a load balancer, and what calls go through there')
    .description(
      'Starts the built gateway several times, with a Redis between the processes and a load balancer in front, holds ' +
        'calls, makes trouble, and says what the callers noticed. Needs no keys and no set-up, only a redis-server. ' +
        'Exit code 0: every call was kept, with its words, and none was hung up; 1: not so; 2: wrong options.',
    )
    .addArgument(new Argument('<scenario>', scenarioHelp()).choices(names))
    .option('--pods <n>', 'how many gateways', wholeNumberFrom(2, MOST_PODS), 3)
    .option('--calls <n>', 'how many calls at a time', wholeNumberFrom(1, MOST_CALLS), 10)
    .addOption(
      new Option('--notice <how>', 'kill: what Telnyx makes of the broken sockets (dials again, a webhook, nothing)')
        .choices(['redial', 'failed', 'nothing'])
        .default('redial'),
    )
    .option('--seed <n>', 'when the callers speak; the same number, the same pauses', wholeNumberFrom(0), 1)
    .option('--gateway-env <NAME=VALUE>', 'a setting of the gateways to try (may be repeated)', setting)
    .option('--json <file>', 'write the report as JSON; - writes it to the output instead of the text')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `
Examples:
  cluster kill                            kill -9 of the pod that has ten calls
  cluster kill --notice nothing           nobody tells the other pods: they find out by themselves
  cluster rollout --pods 4 --calls 20     all pods are replaced while twenty calls go on
  cluster redis --json report.json`,
    )
    .action(async (scenario: ScenarioName, flags: ClusterFlags) =>
      exit(await runCluster(planOf(scenario, flags), flags, terminal, run)),
    );
}

function planOf(scenario: ScenarioName, { pods, calls, seed, notice, gatewayEnv = {} }: ClusterFlags): ScenarioPlan {
  return { scenario, pods, calls, seed, notice, env: gatewayEnv };
}

function setting(text: string, before: Record<string, string> | undefined): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Give NAME=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function scenarioHelp(): string {
  return Object.entries(SCENARIOS)
    .map(([name, { about }]) => `${name}: ${about}`)
    .join('; ');
}

async function runCluster(
  plan: ScenarioPlan,
  flags: ClusterFlags,
  terminal: Terminal,
  run: typeof runScenario,
): Promise<number> {
  const { err, errColors } = terminal;
  const beganAtMs = performance.now();
  const say = (text: string): void => {
    if (!flags.quiet) err.write(`${errColors.dim(seconds(performance.now() - beganAtMs))}  ${text}\n`);
  };
  return untilStopped(async (stopped) => {
    try {
      const report = await run(plan, stopped, say);
      if (report === undefined) {
        err.write('\nStopped.\n');
        return exitCodeOf(stopped.reason as NodeJS.Signals);
      }
      tell(report, flags, terminal);
      return report.ok ? 0 : 1;
    } catch (error) {
      if (error instanceof NoRedisServer || error instanceof GatewayFailed) {
        err.write(`${errColors.red('error')}: ${error.message}\n`);
        if (error instanceof GatewayFailed) err.write(error.lastLines.map((line) => `  ${line}\n`).join(''));
        return 1;
      }
      throw error;
    }
  });
}

function tell(report: ClusterReport, { json }: ClusterFlags, { out, err, outColors }: Terminal): void {
  const text = `${JSON.stringify(report, undefined, 2)}\n`;
  if (json === '-') out.write(text);
  else {
    if (json !== undefined) writeFileSync(json, text);
    out.write(`\n${clusterReportText(report, outColors)}`);
  }
  if (report.generatorLateMs > LATE_MS)
    err.write(
      `This machine was busy: the simulator was up to ${report.generatorLateMs} ms late with its audio, ` +
        'so silences may look longer than they are. Hold fewer calls.\n',
    );
}
