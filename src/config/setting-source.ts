import { type Environment } from './env-file.js';
import { fileProblem } from './file-problem.js';

export type ReadFile = (path: string) => string;

/** Where a value came from. `label` names it in messages; `path` is there when it came from a file. */
export interface Source {
  text: string;
  label: string;
  path?: string;
}

/** Empty is unset: `NAME=` in a file or a chart is how people switch something off. */
export function textOf(env: Environment, name: string): string | undefined {
  const text = env[name]?.trim();
  return text === undefined || text === '' ? undefined : text;
}

/**
 * A variable's text, from itself or (where allowed) from the file that NAME_FILE names.
 * Out: undefined when it is not set at all; a problem is one line for `ConfigError`.
 */
export function readSource(
  env: Environment,
  name: string,
  fromFile: boolean,
  readFile: ReadFile,
): Source | { problem: string } | undefined {
  const direct = textOf(env, name);
  const path = fromFile ? textOf(env, `${name}_FILE`) : undefined;
  if (path === undefined) return direct === undefined ? undefined : { text: direct, label: name };
  if (direct !== undefined) {
    return { problem: `${name}: is set twice, by itself and by ${name}_FILE; give one of the two` };
  }
  const label = `${name}_FILE: ${path}`;
  let text: string;
  try {
    text = readFile(path).trim();
  } catch (error) {
    return { problem: `${label}: ${fileProblem(error)}` };
  }
  return text === '' ? { problem: `${label}: the file is empty` } : { text, label, path };
}
