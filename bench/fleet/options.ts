import { Command, InvalidArgumentError } from 'commander';

/** What to measure of a fleet. */
export interface FleetOptions {
  /** Pods that are killed, and pods that hand over: so many of each. */
  rounds: number;
  /** Calls on the pod that is lost, and in each window of the other measurements. */
  calls: number;
  /** Length of a window. */
  seconds: number;
  /** Pairs of windows. */
  pairs: number;
  json: string | undefined;
}

const FULL = { rounds: 5, calls: 10, seconds: 10, pairs: 4 };
const QUICK = { rounds: 1, calls: 4, seconds: 3, pairs: 1 };

const MOST_CALLS = 50;

function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > most)
      throw new InvalidArgumentError(`A whole number from 1 to ${most} is wanted.`);
    return value;
  };
}

/** Reads what comes after `fleet`. Prints help or the fault and ends the process where that is due. */
export function readFleetOptions(args: readonly string[]): FleetOptions {
  const command = new Command('npm run bench -- fleet')
    .description(
      'What several pods with a Redis between them cost: the silence after a kill and at a hand-over, the work of the ' +
        'directory and the conversation log, and the hop of a relayed media stream. Needs a redis-server.',
    )
    .option('--rounds <n>', `kills, and hand-overs (default: ${FULL.rounds})`, wholeNumber(100))
    .option('--calls <n>', `calls at a time (default: ${FULL.calls})`, wholeNumber(MOST_CALLS))
    .option('--seconds <n>', `length of each window (default: ${FULL.seconds})`, wholeNumber(600))
    .option('--pairs <n>', `pairs of windows (default: ${FULL.pairs})`, wholeNumber(100))
    .option('--json <file>', 'where the results go (default: bench-results/fleet-<time>.json)')
    .option('--quick', 'a smoke test: one round, one pair, four calls');
  const flags = command.parse(args, { from: 'user' }).opts<Partial<FleetOptions> & { quick?: true }>();
  const preset = flags.quick ? QUICK : FULL;
  return {
    rounds: flags.rounds ?? preset.rounds,
    calls: flags.calls ?? preset.calls,
    seconds: flags.seconds ?? preset.seconds,
    pairs: flags.pairs ?? preset.pairs,
    json: flags.json,
  };
}
