import { type PinoLogger } from 'nestjs-pino';
import { type RedisConfig } from '../../../config/config.js';
import { Secret } from '../../../config/secret.js';
import { type CallDirectory } from '../../call-directory.js';

const POLL_MS = 10;
const PATIENCE_MS = 18_000;

/** For tests: the defaults, with what is given on top. */
export function redisConfig({ url, ...more }: Omit<Partial<RedisConfig>, 'url'> & { url?: string }): RedisConfig {
  return {
    url: url === undefined ? undefined : new Secret(url),
    username: undefined,
    password: undefined,
    tlsCa: undefined,
    sentinel: undefined,
    cluster: false,
    keyPrefix: 'parley:',
    // Machines that run tests are busy; what is bounded is tried with a bound of its own.
    commandTimeoutMs: 2000,
    failureMode: 'degrade',
    ...more,
  };
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until something holds; a rejection counts as no. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await Promise.resolve(holds()).catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await sleep(POLL_MS);
  }
}

/** Waits for the end of a call's lease. */
export function lapseIn(directory: CallDirectory, callControlId: string): Promise<void> {
  return until('the end of a lease', async () => (await directory.find(callControlId))?.leaseMs === 0);
}

/** A log that keeps what it is told, as `level: message fields`. */
export function keptLog(lines: string[]): PinoLogger {
  const keep =
    (level: string) =>
    (fields: object | string, message = ''): void => {
      lines.push(typeof fields === 'string' ? `${level}: ${fields}` : `${level}: ${message} ${JSON.stringify(fields)}`);
    };
  return {
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
  } as unknown as PinoLogger;
}
