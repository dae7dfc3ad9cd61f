import { type Clock, type Timer } from '../../common/clock.js';
import { type LogLevel } from '../../config/config.js';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const satisfies readonly LogLevel[];

/** Long enough to watch a call; short enough that nobody's disk fills up over night. */
export const DEFAULT_MINUTES = 15;
export const MOST_MINUTES = 24 * 60;

/** What the log level is, as `/log-level` tells it. */
export interface LogLevelState {
  level: LogLevel;
  /** LOG_LEVEL. */
  configured: LogLevel;
  /** When it becomes the configured one again (ISO 8601); undefined: it is. */
  until: string | undefined;
}

/** What is asked of a logger: pino's has loggers below it, all of which follow the level of the one above. */
export interface LeveledLogger {
  level: string;
  warn(fields: object, message: string): void;
}

/** The level of all log lines, which may be another one than LOG_LEVEL for a while. */
export class LogLevelSwitch {
  private current: LogLevel;
  private until: { atMs: number; timer: Timer } | undefined;

  /** @param logger the root of all loggers */
  constructor(
    private readonly logger: LeveledLogger,
    private readonly configured: LogLevel,
    private readonly clock: Clock,
  ) {
    this.current = configured;
  }

  get state(): LogLevelState {
    const until = this.until && new Date(this.until.atMs).toISOString();
    return { level: this.current, configured: this.configured, until };
  }

  /** From now on, and for so long. The configured level is for good. */
  set(level: LogLevel, minutes: number): LogLevelState {
    const ms = minutes * 60_000;
    this.until?.timer.cancel();
    this.until =
      level === this.configured
        ? undefined
        : { atMs: Date.now() + ms, timer: this.clock.after(ms, () => this.reset()) };
    this.change(level);
    return this.state;
  }

  private reset(): void {
    this.until = undefined;
    this.change(this.configured);
  }

  private change(level: LogLevel): void {
    const { current: before, logger } = this;
    this.current = level;
    if (before === level) return;
    // Said on the more talkative side of the change, so that it is seen at every level that shows warnings.
    const talkative = LOG_LEVELS.indexOf(level) > LOG_LEVELS.indexOf(before);
    if (talkative) logger.level = level;
    logger.warn({ before, now: level, until: this.state.until }, 'the log level was changed');
    logger.level = level;
  }
}
