import { ConfigError } from '../../config/config-error.js';
import { type Environment, loadDotEnv } from '../../config/env-file.js';
import { type CommandResult, hashCommand } from './hash-command.js';

/** The environment with `.env` below it; an `.env` that cannot be read is told like every other mistake. */
function run(): CommandResult {
  let env: Environment;
  try {
    env = loadDotEnv();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { output: '', error: `${error.message}\n`, code: 1 };
  }
  return hashCommand(process.argv.slice(2), env);
}

const { output, error, code } = run();
process.stdout.write(output);
process.stderr.write(error);
process.exitCode = code;
