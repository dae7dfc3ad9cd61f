import { Command, InvalidArgumentError, Option } from 'commander';
import { type LoadPlan, type SpeechProfile } from './load/plan.js';
import { type RelayName } from './relays.js';

/** What to measure. */
export interface BenchOptions {
  calls: number[];
  seconds: number;
  pairs: number;
  profiles: SpeechProfile[];
  transports: boolean[];
  relays: RelayName[];
  json: string | undefined;
  gatewayEnv: Record<string, string>;
}

/** An option's value that is a whole number. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`A whole number from ${least} is wanted.`);
    return value;
  };
}

/** An option's value that is a number of simultaneous calls. */
export function calls(text: string): number {
  const count = wholeNumber(1)(text);
  if (count > 1000) throw new InvalidArgumentError('At most 1000 calls.');
  return count;
}

function callCounts(text: string): number[] {
  return text.split(',').map(calls);
}

function setting(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('NAME=VALUE is wanted.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

const PRESETS = {
  short: { calls: [50, 100, 200], seconds: 5, pairs: 2, tls: 'off' },
  quick: { calls: [20], seconds: 2, pairs: 1, tls: 'off' },
  full: { calls: [50, 100, 200], seconds: 10, pairs: 5, tls: 'both' },
} as const;

const BOTH = { both: [false, true], off: [false], on: [true] } as const;

interface Flags {
  calls?: number[];
  seconds?: number;
  pairs?: number;
  tls?: keyof typeof BOTH;
  profile: SpeechProfile | 'both';
  only?: RelayName;
  json?: string;
  gatewayEnv: Record<string, string>;
  quick?: true;
  full?: true;
}

/** Reads the command line (without node and script). Prints help or the fault and ends the process where that is due. */
export function readOptions(args: readonly string[]): BenchOptions {
  const command = new Command('npm run bench --')
    .description('Compares Parley with the least relay that does the job, in interleaved pairs of runs.')
    .option('--calls <list>', 'numbers of simultaneous calls (default: 50,100,200)', callCounts)
    .option('--seconds <n>', 'length of the measured window of each run (default: 5)', wholeNumber(1))
    .option('--pairs <n>', 'pairs of runs for each line of the comparison (default: 2)', wholeNumber(1))
    .addOption(new Option('--tls <when>', 'model sockets over TLS (default: off)').choices(['off', 'on', 'both']))
    .addOption(
      new Option('--profile <name>', 'how the model speaks').choices(['frames', 'bursts', 'both']).default('both'),
    )
    .addOption(new Option('--only <relay>', 'measure one side alone').choices(['bare', 'parley']))
    .option('--gateway-env <NAME=VALUE>', 'a setting of the gateway to try (may be repeated)', setting, {})
    .option('--json <file>', 'where the results go (default: bench-results/<time>.json)')
    .option('--quick', 'a smoke test: 20 calls, 2 seconds, one pair')
    .option('--full', 'five pairs of 10 seconds, plain and TLS (about an hour)')
    .addHelpText(
      'after',
      '\nnpm run bench -- fleet --help: several pods, kills, hand-overs, Redis and the relay hop.\nnpm run bench -- telemetry --help: what traces and metrics cost.',
    );
  const flags = command.parse(args, { from: 'user' }).opts<Flags>();
  const preset = flags.quick ? PRESETS.quick : flags.full ? PRESETS.full : PRESETS.short;
  return {
    calls: flags.calls ?? [...preset.calls],
    seconds: flags.seconds ?? preset.seconds,
    pairs: flags.pairs ?? preset.pairs,
    profiles: flags.profile === 'both' ? ['frames', 'bursts'] : [flags.profile],
    transports: [...BOTH[flags.tls ?? preset.tls]],
    relays: flags.only === undefined ? ['bare', 'parley'] : [flags.only],
    json: flags.json,
    gatewayEnv: flags.gatewayEnv,
  };
}

/** Every kind of run, in the order in which they are made. */
export function plansOf(options: BenchOptions): LoadPlan[] {
  return options.transports.flatMap((tls) =>
    options.profiles.flatMap((profile) =>
      options.calls.map((calls) => ({ calls, seconds: options.seconds, profile, tls })),
    ),
  );
}
