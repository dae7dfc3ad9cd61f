import { type Environment } from './env-file.js';
import { type SecretFile } from './read-settings.js';
import { Secret } from './secret.js';
import { type ReadFile, readSource, textOf } from './setting-source.js';

/** Secrets of the operator's tools are named by them, so that they are no settings of the table. */
export const TOOL_SECRET_PREFIX = 'TOOL_SECRET_';

export interface ToolSecrets {
  secrets: Map<string, Secret>;
  secretFiles: SecretFile[];
  problems: string[];
}

/**
 * Reads the secrets that tools name, each from its variable or from the file that NAME_FILE names.
 * In: the names, as often as they are used. Out: a problem line for each that is missing or cannot travel in a header.
 */
export function readToolSecrets(names: readonly string[], env: Environment, readFile: ReadFile): ToolSecrets {
  const read: ToolSecrets = { secrets: new Map(), secretFiles: [], problems: [] };
  for (const name of new Set(names)) {
    const source = readSource(env, name, true, readFile);
    if (source === undefined) {
      read.problems.push(`${name}: is missing, and TOOLS names it; set it, or ${name}_FILE to the path of a file`);
      continue;
    }
    const wrong = 'problem' in source ? source.problem : toolSecretProblem(source.text);
    if ('problem' in source || wrong !== undefined) {
      read.problems.push('problem' in source ? source.problem : `${source.label}: ${wrong}`);
      continue;
    }
    const secret = new Secret(source.text);
    read.secrets.set(name, secret);
    if (source.path !== undefined) {
      read.secretFiles.push({ name, path: source.path, secret, check: toolSecretProblem });
    }
  }
  return read;
}

/** Warnings about TOOL_SECRET_ variables that no tool names: mostly a slip in one of the two places. */
export function unusedToolSecrets(names: readonly string[], env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(TOOL_SECRET_PREFIX) && textOf(env, name) !== undefined)
    .filter((name) => !names.includes(name.replace(/_FILE$/, '')))
    .map((name) => `${name}: is not used, because no tool in TOOLS names it`);
}

/** Unlike an API key, it may have spaces within: `Basic …` or `Bearer …` may be part of it. */
function toolSecretProblem(text: string): string | undefined {
  if (/^(".*"|'.*')$/s.test(text)) return 'has quotes around it; give it without';
  return /^[\x20-\x7e]+$/.test(text) ? undefined : 'has characters or lines that cannot travel in a header';
}
