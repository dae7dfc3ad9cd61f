import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { CLOCK } from '../common/clock.token.js';
import { type Clock } from '../common/clock.js';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';
import { CallerRate } from './caller-rate.js';
import { memoryUsedPercent } from './memory-use.js';

export type Verdict =
  | 'admit'
  | 'caller-too-often'
  | 'full'
  | 'event-loop-late'
  | 'memory-low'
  /** Calls are refused while Redis is away (REDIS_FAILURE_MODE). */
  | 'directory-away';

/** How often the delay of the event loop is looked at: an overload of seconds counts, one long tick does not. */
const WINDOW_MS = 1_000;
const RESOLUTION_MS = 20;

/**
 * Decides whether a new call is answered: below MAX_CALLS, and only while the event loop keeps time and there is memory
 * left, because every call on the pod hears it when not. Decided before the answer; an answered call is never turned
 * away for it.
 */
@Injectable()
export class Admission implements OnModuleDestroy {
  private readonly histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private readonly timer: NodeJS.Timeout;
  private readonly callers: CallerRate;
  /** 90th percentile of the last full window, less the timer's own resolution. */
  eventLoopDelayMs = 0;
  /** As of the last window. */
  memoryUsedPercent = memoryUsedPercent();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) clock: Clock,
  ) {
    this.callers = new CallerRate(config.limits.callerCallsPerMinute, () => clock.nowMs());
    this.histogram.enable();
    this.timer = setInterval(() => {
      const delayMs = this.histogram.percentile(90) / 1e6 - RESOLUTION_MS;
      this.eventLoopDelayMs = Number.isFinite(delayMs) ? Math.max(0, delayMs) : 0;
      this.histogram.reset();
      this.memoryUsedPercent = memoryUsedPercent();
    }, WINDOW_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.histogram.disable();
  }

  /**
   * @param activeCalls how many calls the pod carries already.
   * @param from the caller's number, as Telnyx says it; the call counts towards this number's calls.
   */
  judge(activeCalls: number, from: string | undefined): Verdict {
    const { limits } = this.config;
    // First, so that one caller alone cannot fill the overflow number.
    if (this.callers.tooOften(from)) return 'caller-too-often';
    if (activeCalls >= limits.maxCalls) return 'full';
    if (this.eventLoopDelayMs > limits.eventLoopLagLimitMs) return 'event-loop-late';
    if (this.memoryUsedPercent > limits.memoryLimitPercent) return 'memory-low';
    return 'admit';
  }

  /** Most media streams of answered calls that are served, above MAX_CALLS too: half as many again. */
  get streamCeiling(): number {
    return Math.ceil(this.config.limits.maxCalls * 1.5);
  }
}
