import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { Command, InvalidArgumentError } from 'commander';
import { collectorUrl } from '../trace/forward.js';

export interface DemoFlags {
  live?: true;
  quiet?: true;
  json?: true;
  wav?: string;
  /** Where a collector takes traces. */
  otlp?: URL;
}

/** The demo's command line. */
export function demoCommand(): Command {
  return new Command('npm run demo --')
    .description(
      'One phone call, from the ring to the hang-up, through the real gateway: no keys, no phone, no account. ' +
        'Telnyx and OpenAI are simulated on this machine; the speech is recorded. Takes about 40 seconds, as it is a real ' +
        'conversation. Exit code 0 when the call went as it should, 1 when not.',
    )
    .option('--live', 'with the real model: OPENAI_API_KEY from the environment or .env; only the phone is simulated')
    .option('--wav <file>', 'where the recording goes (default: a new file in recordings/)')
    .option(
      '--otlp <url>',
      'sends the trace of the call to a collector or Jaeger too, as in http://localhost:4318',
      readUrl,
    )
    .option('--quiet', 'only the result')
    .option('--json', 'the result as JSON, nothing else')
    .showHelpAfterError('(--help lists what there is)')
    .exitOverride();
}

function readUrl(text: string): URL {
  try {
    return collectorUrl(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

/** Settings of the gateway that make sense in a live demo, if the user has them. */
const LIVE_SETTINGS =
  /^(?:OPENAI_\w+|VOICE\w*|INSTRUCTIONS(?:_FILE)?|GREETING|VAD\w*|NOISE_REDUCTION|TRANSCRIPTION_\w+|REASONING_EFFORT|WARM_SESSIONS|HTTPS_PROXY|NO_PROXY)$/;

/**
 * What of the user's environment (and the .env in the working directory) a live demo gives to the gateway.
 * @returns undefined when there is no key
 */
export function liveSettings(
  env: Readonly<Record<string, string | undefined>> = process.env,
  file = '.env',
): Record<string, string> | undefined {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...readDotEnv(file), ...env }))
    if (value && LIVE_SETTINGS.test(name)) settings[name] = value;
  return settings['OPENAI_API_KEY'] || settings['OPENAI_API_KEY_FILE'] ? settings : undefined;
}

function readDotEnv(file: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch {
    // Not there, most of the time. One that cannot be read has no key for us either.
    return {};
  }
}
