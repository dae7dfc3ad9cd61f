import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { ConfigError } from './config-error.js';
import { fileProblem } from './file-problem.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment with a `.env` file underneath: what the environment sets wins, as with Node's own
 * `process.loadEnvFile`, but nothing is written back to `process.env`.
 * In: the file's path (no such file is fine). Out: the merged variables. Throws ConfigError when the file is there and
 * cannot be read.
 */
export function loadDotEnv(path = '.env', env: Environment = process.env): Environment {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return env;
    throw new ConfigError([`${path}: ${fileProblem(error)}`]);
  }
  return { ...parseEnv(content), ...env };
}
