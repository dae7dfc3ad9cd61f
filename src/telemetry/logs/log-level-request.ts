import { type LogLevel } from '../../config/config.js';
import { DEFAULT_MINUTES, LOG_LEVELS, MOST_MINUTES } from './log-level.js';

export interface LogLevelRequest {
  level: LogLevel;
  minutes: number;
}

/**
 * Reads what is asked of `/log-level`: `debug`, `debug 30`, or `{"level": "debug", "minutes": 30}`.
 * @param query the URL's `minutes`, which counts where the body names none
 * @returns what is wrong, as a text, where it cannot be understood
 */
export function readLogLevelRequest(body: string, query?: URLSearchParams): LogLevelRequest | string {
  const asked = partsOf(body);
  if (!asked) return 'The body is no JSON.';
  const level = LOG_LEVELS.find((name) => name === String(asked.level).toLowerCase());
  if (!level) return `The level is one of ${LOG_LEVELS.join(', ')}.`;
  const minutes = Number(asked.minutes ?? query?.get('minutes') ?? DEFAULT_MINUTES);
  if (!(minutes > 0 && minutes <= MOST_MINUTES))
    return `minutes is how long it lasts: more than 0 and at most ${MOST_MINUTES} (default ${DEFAULT_MINUTES}).`;
  return { level, minutes };
}

/** @returns undefined where it begins like JSON and is none. */
function partsOf(body: string): { level?: unknown; minutes?: unknown } | undefined {
  const text = body.trim();
  if (!/^[{["]/.test(text)) {
    const [level, minutes] = text.split(/\s+/);
    return { level, minutes };
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : { level: value };
  } catch {
    return undefined;
  }
}
