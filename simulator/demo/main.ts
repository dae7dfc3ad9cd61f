import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommanderError } from 'commander';
import { exitCodeOf, untilStopped } from '../cli/stop-signals.js';
import { openTerminal, type Terminal } from '../cli/terminal.js';
import { forwardTraces } from '../trace/forward.js';
import { waterfallText } from '../trace/waterfall.js';
import { outcomeJson, outcomeText } from './demo-report.js';
import { GatewayFailed } from './gateway-process.js';
import { LiveView } from './live-view.js';
import { demoCommand, type DemoFlags, liveSettings } from './options.js';
import { runDemo } from './run-demo.js';
import { PlainView, QUIET_VIEW } from './view.js';

const USAGE_EXIT_CODE = 2;

function recordingPath(flags: DemoFlags): string {
  return flags.wav ?? join('recordings', `demo-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.wav`);
}

async function main(terminal: Terminal): Promise<number> {
  const flags = demoCommand().parse().opts<DemoFlags>();
  const live = flags.live ? liveSettings() : undefined;
  if (flags.live && live === undefined) {
    terminal.err.write(
      'The live demo talks to the real model and needs OPENAI_API_KEY, in the environment or in .env:\n' +
        '  OPENAI_API_KEY=sk-… npm run demo -- --live\n' +
        'Without --live, the demo needs no key.\n',
    );
    return USAGE_EXIT_CODE;
  }
  const view =
    flags.quiet || flags.json ? QUIET_VIEW : terminal.out.isTTY ? new LiveView(terminal) : new PlainView(terminal);
  return untilStopped(async (stopped) => {
    try {
      const run = await runDemo(live, view, stopped);
      if (run === undefined) return stoppedCode(stopped, terminal);
      const { outcome, recording } = run;
      if (recording !== undefined) {
        outcome.wav = recordingPath(flags);
        mkdirSync(dirname(outcome.wav), { recursive: true });
        writeFileSync(outcome.wav, recording);
      }
      if (flags.otlp) {
        // The call is over, and went as it went: a collector that is not there changes nothing about it.
        const problem = await forwardTraces(run.exports, flags.otlp);
        outcome.otlp = { url: flags.otlp.href, ...(problem !== undefined && { problem }) };
      }
      if (view !== QUIET_VIEW && run.trace.length > 0) {
        const columns = terminal.out.columns ?? 120;
        terminal.out.write(`\n${waterfallText(run.trace, { columns, colors: terminal.outColors })}\n`);
      }
      terminal.out.write(
        flags.json ? outcomeJson(outcome) : `\n${outcomeText(outcome, terminal.outColors, terminal.out.columns)}\n`,
      );
      return outcome.ok ? 0 : 1;
    } catch (error) {
      if (stopped.aborted) return stoppedCode(stopped, terminal);
      if (!(error instanceof GatewayFailed)) throw error;
      terminal.err.write(`${terminal.errColors.red(error.message)}\n`);
      if (error.lastLines.length > 0)
        terminal.err.write(
          `The last that it said:\n${error.lastLines.map((line) => `  ${line}`).join('\n')}\n` +
            'If this is a fresh clone, run "npm ci" and try again.\n',
        );
      return 1;
    }
  });
}

function stoppedCode(stopped: AbortSignal, { err }: Terminal): number {
  err.write('\nStopped.\n');
  return exitCodeOf(stopped.reason as NodeJS.Signals);
}

const terminal = openTerminal();
try {
  process.exitCode = await main(terminal);
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
}
