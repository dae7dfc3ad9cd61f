import { Command, InvalidArgumentError } from 'commander';
import { CHECKS } from './checks/index.js';
import { jsonReport, passed, resultLines, summaryLine } from './report.js';
import { runDoctor } from './run-doctor.js';

function seconds(text: string): number {
  const value = Number(text);
  if (!(value >= 1 && value <= 300)) throw new InvalidArgumentError('give seconds from 1 to 300');
  return value;
}

function e164(text: string): string {
  if (!/^\+[1-9]\d{6,14}$/.test(text))
    throw new InvalidArgumentError('give it with + and the country, like +15551234567');
  return text;
}

const command = new Command('doctor')
  .description(
    'Tries a real set-up out: the configuration (.env and the environment), Telnyx, the public address, OpenAI.\n' +
      'Changes nothing, places no call, asks for no answer from the model. Exit code 0 when nothing failed.',
  )
  .option('--number <number>', 'the number that callers dial, to check its way to this gateway', e164)
  .option('--timeout <seconds>', 'patience for each request', seconds, 15)
  .option('--json', 'one JSON document instead of lines', false)
  .parse();

const { json, number, timeout } = command.opts<{ json: boolean; number?: string; timeout: number }>();

const results = await runDoctor(CHECKS, { number, timeoutMs: timeout * 1000 }, (result) => {
  if (!json) console.log(resultLines(result));
});
console.log(json ? jsonReport(results) : `\n${summaryLine(results)}`);
process.exitCode = passed(results) ? 0 : 1;
