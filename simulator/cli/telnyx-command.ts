import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { runCallerScript } from '../caller/index.js';
import { type SimulatedCall, type TelnyxDouble } from '../telnyx/index.js';
import { scriptOf } from './call-script.js';
import { callerNumbers } from './place-calls.js';
import { describeEvent } from './progress.js';
import { addTelnyxOptions, gatewaySettings, startTelnyx, type TelnyxFlags } from './start-telnyx.js';
import { untilStopped, whenStopped } from './stop-signals.js';
import { tailOf } from './tail.js';
import { type Terminal } from './terminal.js';

const LOOK_EVERY_MS = 50;
const HELP =
  'Type "call" (or "call FILE", with a script or a WAV file) to place a call, "hangup" to end it; Ctrl-C stops.';

export function telnyxCommand(terminal: Terminal, exit: (code: number) => void): Command {
  const command = new Command('telnyx')
    .summary('starts the Telnyx double and keeps it up')
    .description(
      `Starts the Telnyx double and keeps it up: a Call Control API, signed webhooks, and callers on demand. ${HELP}`,
    );
  addTelnyxOptions(command).action(async (flags: TelnyxFlags) => exit(await serveTelnyx(flags, terminal)));
  return command;
}

async function serveTelnyx(flags: TelnyxFlags, { out, outColors }: Terminal): Promise<number> {
  return untilStopped(async (stopped) => {
    const telnyx = await startTelnyx(flags);
    const print = (text: string): void => {
      // What the end of everything looks like from inside a call is of no interest.
      if (!stopped.aborted) out.write(`${outColors.dim(new Date().toISOString())}  ${text}\n`);
    };
    out.write(`${gatewaySettings(telnyx).join('\n')}\n\n${HELP}\n`);
    const following = follow(telnyx, print);
    // Without a person or a script at the other end (stdin closed) it just serves.
    const newCaller = callerNumbers();
    const commands = createInterface({ input: process.stdin });
    commands.on('line', (line) => {
      obey(line.trim(), telnyx, newCaller, print).catch((error: unknown) => print(outColors.red(messageOf(error))));
    });
    await whenStopped(stopped);
    commands.close();
    clearInterval(following);
    await telnyx.close();
    return 0;
  });
}

async function obey(
  line: string,
  telnyx: TelnyxDouble,
  newCaller: () => string,
  print: (text: string) => void,
): Promise<void> {
  const [word = '', ...rest] = line.split(/\s+/);
  const file = rest.join(' ');
  switch (word) {
    case '':
      return;
    case 'call': {
      const script = await scriptOf(file.endsWith('.json') ? { script: file } : file === '' ? {} : { wav: [file] });
      const { from = newCaller(), to } = script;
      const call = telnyx.placeCall({ from, ...(to !== undefined && { to }) });
      const report = await runCallerScript(call, script, {
        observer: (event) => {
          const text = describeEvent(event);
          if (text !== undefined) print(`caller ${call.from}: ${text}`);
        },
      });
      print(report.problems.length === 0 ? 'the call went as it should' : `the call: ${report.problems.join('; ')}`);
      return;
    }
    case 'hangup':
      for (const call of telnyx.calls) if (call.state !== 'ended') call.hangUp();
      return;
    default:
      print(`there is no command "${word}". ${HELP}`);
  }
}

/** Marks come ten times a second; what was heard is told by the caller. */
const NOT_TOLD = new Set(['mark', 'heard-audio']);

function follow(telnyx: TelnyxDouble, print: (text: string) => void): NodeJS.Timeout {
  const webhooks = tailOf(() => telnyx.webhooks);
  const requests = tailOf(() => telnyx.requests);
  const tails = new Map<SimulatedCall, () => SimulatedCall['log']['entries'][number][]>();
  return setInterval(() => {
    for (const { event_type: type, status, error, latencyMs, attempt } of webhooks()) {
      const again = attempt > 1 ? `, attempt ${attempt}` : '';
      print(`webhook ${type}${again}: ${status ?? error ?? 'no answer'} in ${Math.round(latencyMs)} ms`);
    }
    for (const { method, path, action, status } of requests())
      print(`REST ${method} ${action}: ${status ?? '…'} (${path})`);
    for (const call of telnyx.calls) {
      let tail = tails.get(call);
      if (tail === undefined) tails.set(call, (tail = tailOf(() => call.log.entries)));
      for (const { name, detail } of tail())
        if (!NOT_TOLD.has(name)) print(`call ${call.from}: ${name}${detail ? ` (${detail})` : ''}`);
    }
  }, LOOK_EVERY_MS);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
