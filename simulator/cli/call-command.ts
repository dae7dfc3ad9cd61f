import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { type TelnyxCodec, type TelnyxDouble } from '../telnyx/index.js';
import { scriptOf, type ScriptFlags } from './call-script.js';
import { recordingOf } from './call-recording.js';
import { callsJson, type CallsJson, latencyTable } from './call-summary.js';
import { collected, positiveNumber, wholeNumberFrom } from './option-parsers.js';
import { type CallPlan, type PlacedCall, placeCalls } from './place-calls.js';
import { Progress } from './progress.js';
import { addTelnyxOptions, gatewaySettings, startTelnyx, type TelnyxFlags } from './start-telnyx.js';
import { exitCodeOf, untilStopped, within } from './stop-signals.js';
import { type Terminal } from './terminal.js';
import { waitForGateway } from './wait-for-gateway.js';

interface CallFlags extends TelnyxFlags, ScriptFlags {
  calls: number;
  concurrency?: number;
  rate: number;
  from?: string;
  to?: string;
  codec: TelnyxCodec;
  frameMs: number;
  waitS: number;
  answerTimeoutS: number;
  json?: string;
  record?: string;
  quiet?: true;
}

/** This late, the generator itself makes the figures. */
const LATE_MS = 50;
/** The last webhooks of a call get this long; a gateway that does not take them in time is not waited for. */
const LAST_WEBHOOKS_MS = 3000;

export function callCommand(terminal: Terminal, exit: (code: number) => void): Command {
  const command = new Command('call')
    .summary('places phone calls to a gateway and says how they went')
    .description(
      'Places phone calls to a gateway and says how they went. Telnyx is simulated: the gateway gets real webhooks and a ' +
        'real media stream, and must be told where this Telnyx is (TELNYX_BASE_URL, TELNYX_API_KEY, TELNYX_PUBLIC_KEY). ' +
        'Exit code 0: every call was answered, heard the assistant, ended as scripted and kept the limits; 1: not so; ' +
        '2: wrong options.',
    );
  addTelnyxOptions(command)
    .option('--calls <n>', 'how many', wholeNumberFrom(1), 1)
    .option('--concurrency <n>', 'at most so many at a time (default: all)', wholeNumberFrom(1))
    .option('--rate <n>', 'new calls per second', positiveNumber, 5)
    .option('--script <file>', 'what the caller says and does, and when (JSON, see docs/simulator.md)')
    .option(
      '--wav <file>',
      'a WAV file (or the name of a clip) that the caller says; one turn each, may be repeated',
      collected,
    )
    .option('--caller-first', 'the caller does not wait for a greeting')
    .option('--from <number>', 'number of the callers (default: each its own)')
    .option('--to <number>', 'number that they dial')
    .addOption(new Option('--codec <codec>', 'codec of the phone leg').choices(['PCMU', 'PCMA']).default('PCMU'))
    .option('--frame-ms <ms>', 'length of a media frame', wholeNumberFrom(1, 1000), 20)
    .option('--max-latency-ms <ms>', 'longest time to an answer', wholeNumberFrom(1))
    .option('--max-interruption-ms <ms>', 'longest time until an interrupted assistant is silent', wholeNumberFrom(1))
    .option('--wait-s <s>', 'how long to wait for the gateway to be there', positiveNumber, 30)
    .option(
      '--answer-timeout-s <s>',
      'how long a call may ring, and its media stream take to start',
      positiveNumber,
      15,
    )
    .option('--record <folder>', 'write each call as a stereo WAV file: caller left, what they heard right')
    .option('--json <file>', 'write the report as JSON; - writes it to the output instead of the table')
    .option('--quiet', 'no progress')
    .action(async (flags: CallFlags) => exit(await runCalls(flags, terminal)));
  return command;
}

async function runCalls(flags: CallFlags, terminal: Terminal): Promise<number> {
  const script = await scriptOf(flags);
  return untilStopped(async (stopped) => {
    const telnyx = await startTelnyx(flags);
    try {
      if (!(await gatewayIsThere(flags, telnyx, terminal, stopped))) return stopCode(stopped) ?? 1;
      const { calls, concurrency = calls, rate: ratePerSecond, from, to, codec, frameMs } = flags;
      const answerTimeoutMs = flags.answerTimeoutS * 1000;
      const plan: CallPlan = { script, calls, concurrency, ratePerSecond, from, to, codec, frameMs, answerTimeoutMs };
      const progress = new Progress(terminal, calls);
      const placed = await placeCalls(telnyx, plan, stopped, flags.quiet ? {} : progress);
      if (!flags.quiet) progress.close();
      await within(telnyx.settled(), LAST_WEBHOOKS_MS, stopped);
      const recordings = record(placed, flags.record);
      const report = callsJson(placed, telnyx.maxLagMs, recordings);
      tell(report, placed, flags, terminal);
      return stopCode(stopped) ?? (report.ok ? 0 : 1);
    } finally {
      await telnyx.close();
    }
  });
}

function stopCode(stopped: AbortSignal): number | undefined {
  return stopped.aborted ? exitCodeOf(stopped.reason as NodeJS.Signals) : undefined;
}

async function gatewayIsThere(
  flags: CallFlags,
  telnyx: TelnyxDouble,
  { err, errColors }: Terminal,
  stopped: AbortSignal,
): Promise<boolean> {
  if (!flags.quiet) err.write(`${errColors.dim(`For the gateway:\n  ${gatewaySettings(telnyx).join('\n  ')}`)}\n`);
  const problem = await waitForGateway(flags.webhookUrl, flags.waitS * 1000, stopped);
  if (problem !== undefined)
    err.write(
      `${errColors.red('no gateway')}: nothing answered at ${flags.webhookUrl} within ${flags.waitS} s (${problem}). ` +
        'Start it, check --webhook-url, or wait longer with --wait-s.\n',
    );
  return problem === undefined && !stopped.aborted;
}

/** @returns the files, by the number of their call */
function record(placed: readonly PlacedCall[], folder: string | undefined): Map<number, string> {
  const files = new Map<number, string>();
  if (folder === undefined) return files;
  mkdirSync(folder, { recursive: true });
  const digits = String(placed.length).length;
  for (const { number, call } of placed) {
    const recording = recordingOf(call);
    if (recording === undefined) continue;
    const file = join(folder, `call-${String(number).padStart(digits, '0')}.wav`);
    writeFileSync(file, recording);
    files.set(number, file);
  }
  return files;
}

function tell(report: CallsJson, placed: readonly PlacedCall[], flags: CallFlags, terminal: Terminal): void {
  const { out, err, outColors } = terminal;
  const json = `${JSON.stringify(report, undefined, 2)}\n`;
  if (flags.json === '-') out.write(json);
  else {
    if (flags.json !== undefined) writeFileSync(flags.json, json);
    if (placed.some(({ call }) => call.answeredAtMs !== undefined)) out.write(`\n${latencyTable(placed)}\n`);
    for (const [what, calls] of byProblem(report)) out.write(`\n${outColors.red('problem')} (${calls}): ${what}\n`);
    const good = report.calls.filter(({ ok }) => ok).length;
    const verdict = `${good} of ${report.calls.length} ${report.calls.length === 1 ? 'call' : 'calls'} went as asked`;
    out.write(`\n${report.ok ? outColors.green(verdict) : outColors.red(verdict)}\n`);
    const recordings = report.calls.filter(({ recording }) => recording !== undefined);
    if (recordings.length > 0) out.write(`recordings: ${flags.record}\n`);
  }
  if (report.generatorLateMs > LATE_MS)
    err.write(
      `This machine was busy: the simulator was up to ${report.generatorLateMs} ms late with its audio, ` +
        'so latencies may look longer than they are. Place fewer calls, or use another machine than the gateway.\n',
    );
}

/** Each problem once, with the calls that have it. */
function byProblem(report: CallsJson): Map<string, string> {
  const numbers = new Map<string, number[]>();
  for (const { number, problems } of report.calls)
    for (const what of problems) numbers.set(what, [...(numbers.get(what) ?? []), number]);
  return new Map(
    [...numbers].map(([what, calls]) => [what, calls.length === 1 ? `call ${calls[0]}` : `${calls.length} calls`]),
  );
}
