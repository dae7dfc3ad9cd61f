import Telnyx from 'telnyx';
import { type Config } from '../config/config.js';
import { ConfigError } from '../config/config-error.js';
import { type Environment, loadDotEnv } from '../config/env-file.js';
import { loadConfig } from '../config/load-config.js';
import { secretList } from '../config/secret-list.js';
import { type Check, type DoctorContext } from './check.js';
import { brokenCheck, type NamedResult, scrub } from './report.js';

export interface DoctorOptions {
  number: string | undefined;
  timeoutMs: number;
}

/**
 * Reads the configuration, then tries it out, telling each result as it comes.
 * In: the checks in order, options, where results go. Out: all results. Never rejects; secrets are in none of them.
 */
export async function runDoctor(
  checks: readonly Check[],
  options: DoctorOptions,
  tell: (result: NamedResult) => void,
  environment: () => Environment = () => loadDotEnv(),
): Promise<NamedResult[]> {
  const results: NamedResult[] = [];
  const report = (result: NamedResult): void => {
    results.push(result);
    tell(result);
  };

  const config = readConfig(environment, report);
  if (config === undefined) return results;

  const secrets = [
    config.openai.apiKey.value,
    config.telnyx.apiKey.value,
    ...secretList(config.stream.tokenSecret.value),
  ];
  const context: DoctorContext = {
    config,
    // No retries: a doctor reports what it sees, and its patience is the user's.
    telnyx: new Telnyx({
      apiKey: config.telnyx.apiKey.value,
      baseURL: config.telnyx.baseUrl,
      timeout: options.timeoutMs,
      maxRetries: 0,
      logLevel: 'off',
    }),
    timeoutMs: options.timeoutMs,
    number: options.number,
    found: {},
  };
  for (const check of checks) {
    let result: NamedResult;
    try {
      result = { name: check.name, ...(await check.run(context)) };
    } catch (error) {
      result = brokenCheck(check.name, error);
    }
    report(scrub(result, secrets));
  }
  return results;
}

/** The configuration, or undefined after every problem of it was reported. */
function readConfig(environment: () => Environment, report: (result: NamedResult) => void): Config | undefined {
  const name = 'configuration';
  try {
    const { config, warnings } = loadConfig(environment());
    if (warnings.length === 0) report({ name, status: 'ok', detail: 'complete' });
    for (const detail of warnings) report({ name, status: 'warn', detail, fix: 'see docs/configuration.md' });
    return config;
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : ['it could not be read'];
    for (const problem of problems) report({ name, status: 'fail', ...problemAndFix(problem) });
    return undefined;
  }
}

/** A configuration problem reads `NAME: what is wrong; what would be right`, mostly. */
export function problemAndFix(problem: string): { detail: string; fix: string } {
  const at = problem.indexOf('; ');
  if (at < 0) return { detail: problem, fix: 'correct it in .env or the environment (docs/configuration.md)' };
  return { detail: problem.slice(0, at), fix: problem.slice(at + 2) };
}
