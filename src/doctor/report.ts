import pc from 'picocolors';
import { type CheckResult } from './check.js';
import { explainNetwork } from './explain-network.js';

export type NamedResult = { name: string } & CheckResult;

type Colors = Pick<typeof pc, 'green' | 'yellow' | 'red' | 'dim' | 'bold'>;

/** A result for the terminal: a word, the name, what was found; below it what to do. */
export function resultLines(result: NamedResult, colors: Colors = pc): string {
  const word = {
    ok: colors.green('ok  '),
    warn: colors.yellow('warn'),
    fail: colors.red('FAIL'),
    skip: colors.dim('skip'),
  }[result.status];
  const first = `${word}  ${colors.bold(result.name)}: ${result.detail}`;
  return 'fix' in result ? `${first}\n      fix: ${result.fix}` : first;
}

/** The last line. */
export function summaryLine(results: readonly NamedResult[], colors: Colors = pc): string {
  const count = (status: CheckResult['status']): number => results.filter((each) => each.status === status).length;
  const parts = [
    `${count('ok')} ok`,
    `${count('warn')} to look at`,
    `${count('fail')} failed`,
    `${count('skip')} skipped`,
  ];
  const line = parts.join(', ');
  return count('fail') > 0 ? colors.red(line) : colors.green(line);
}

/** For scripts. `ok` is what the exit code says. */
export function jsonReport(results: readonly NamedResult[]): string {
  return JSON.stringify({ ok: passed(results), checks: results }, null, 2);
}

export function passed(results: readonly NamedResult[]): boolean {
  return results.every((each) => each.status !== 'fail');
}

/**
 * Takes secrets out of what other people's servers said. In: a result, the values that must not be shown. Servers repeat
 * what they were sent, a proxy's error page the whole request.
 */
export function scrub(result: NamedResult, secrets: readonly string[]): NamedResult {
  const clean = (text: string): string =>
    secrets.filter((secret) => secret !== '').reduce((cleaned, secret) => cleaned.replaceAll(secret, '[secret]'), text);
  return 'fix' in result
    ? { ...result, detail: clean(result.detail), fix: clean(result.fix) }
    : { ...result, detail: clean(result.detail) };
}

/** A check that threw in spite of its promise: a fault of the doctor's, told as one. */
export function brokenCheck(name: string, error: unknown): NamedResult {
  return {
    name,
    status: 'fail',
    detail: `the check itself broke: ${explainNetwork(error).detail}`,
    fix: 'run the doctor again; if it stays, report it',
  };
}
