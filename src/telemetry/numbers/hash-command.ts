import { systemClock } from '../../common/clock.js';
import { ConfigError } from '../../config/config-error.js';
import { type Environment } from '../../config/env-file.js';
import { loadConfig, type LoadOptions } from '../../config/load-config.js';
import { allHashKeys, hashNumber } from './number-hash.js';

const HELP = `Prints the hash that stands for a phone number in traces, so that its calls can be found:
search Jaeger for parley.caller.hash=HASH (or parley.callee.hash=HASH).

  npm run hash-number -- NUMBER              with the gateway's secrets in the environment or .env
  node dist/src/telemetry/numbers/main.js NUMBER      in a pod of the gateway

NUMBER is written as with the country code: +493012345. Spaces, dashes and brackets do not matter.
The hash is keyed by NUMBER_HASH_SECRET; without it by a key derived from STREAM_TOKEN_SECRET; without
that, from TELNYX_API_KEY. Each of them may be given as a file (…_FILE). While one secret replaces
another, one line is printed for each, newest first.
`;

/** The settings that decide over hashes; all others may be missing, or wrong. */
const KEYS = ['NUMBER_HASH_SECRET', 'STREAM_TOKEN_SECRET', 'TELNYX_API_KEY'] as const;
/** What the configuration asks for besides, and hashes have nothing to do with. */
const STAND_INS = { OPENAI_API_KEY: 'sk-none', TELNYX_API_KEY: 'none', WEBHOOK_SIGNATURE: 'off' };

/** What the command prints, and its exit code. */
export interface CommandResult {
  output: string;
  error: string;
  code: 0 | 1;
}

/** `hash-number NUMBER`. @param args without the program's own name. */
export function hashCommand(args: readonly string[], env: Environment, options: LoadOptions = {}): CommandResult {
  if (args.includes('--help') || args.includes('-h')) return { output: HELP, error: '', code: 0 };
  // A shell leaves what is written with spaces as several words.
  const number = args.join(' ').trim();
  if (number === '') return wrong('Which number? For example: npm run hash-number -- +493012345');
  const given = settingsFor(env);
  if (!KEYS.some((name) => name in given || `${name}_FILE` in given)) {
    return wrong(`No secret to hash with: set one of ${KEYS.join(', ')} (or …_FILE) to what the gateway has.`);
  }
  try {
    const { config } = loadConfig({ ...standIns(given), ...given }, options);
    const hashes = allHashKeys(config, systemClock).map((key) => hashNumber(number, key));
    if (hashes.includes(undefined)) return wrong('That is no number: callers who withhold theirs have no hash.');
    return { output: `${hashes.join('\n')}\n`, error: noteAbout(number, env), code: 0 };
  } catch (error) {
    if (error instanceof ConfigError) return wrong(error.message);
    throw error;
  }
}

function settingsFor(env: Environment): Record<string, string> {
  const names = KEYS.flatMap((name) => [name, `${name}_FILE`]);
  return Object.fromEntries(names.flatMap((name) => (env[name]?.trim() ? [[name, env[name]]] : [])));
}

function standIns(given: Record<string, string>): Record<string, string> {
  const needed = Object.entries(STAND_INS).filter(([name]) => !(`${name}_FILE` in given));
  return Object.fromEntries(needed);
}

/** What makes a right hash one that nothing will be found by. */
function noteAbout(number: string, env: Environment): string {
  const notes: string[] = [];
  const mode = env['TRACE_NUMBERS']?.trim() || 'hashed';
  if (mode !== 'hashed') notes.push(`TRACE_NUMBERS is ${mode} here: traces of this gateway have no hashes.`);
  if (/^[\d\s().\-/]+$/.test(number) && !number.startsWith('00'))
    notes.push('Taken as it is: callers have their country code in traces, like +493012345.');
  return notes.map((note) => `${note}\n`).join('');
}

function wrong(message: string): CommandResult {
  return { output: '', error: `${message}\n`, code: 1 };
}
