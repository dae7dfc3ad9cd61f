import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { CONFIG } from '../config/config.token.js';
import { type Config } from '../config/config.js';

export type Verdict = 'admit' | 'full' | 'event-loop-late';

/** How often the delay of the event loop is looked at: an overload of seconds counts, one long tick does not. */
const WINDOW_MS = 1_000;
const RESOLUTION_MS = 20;

/**
 * Decides whether a new call is answered: below MAX_CALLS, and only while the event loop keeps time, because a late loop
 * is heard by every call on the pod. Decided before the answer; an answered call is never turned away for it.
 */
@Injectable()
export class Admission implements OnModuleDestroy {
  private readonly histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private readonly timer: NodeJS.Timeout;
  /** 90th percentile of the last full window, less the timer's own resolution. */
  eventLoopDelayMs = 0;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.histogram.enable();
    this.timer = setInterval(() => {
      const delayMs = this.histogram.percentile(90) / 1e6 - RESOLUTION_MS;
      this.eventLoopDelayMs = Number.isFinite(delayMs) ? Math.max(0, delayMs) : 0;
      this.histogram.reset();
    }, WINDOW_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.histogram.disable();
  }

  /** @param activeCalls how many calls the pod carries already. */
  judge(activeCalls: number): Verdict {
    if (activeCalls >= this.config.limits.maxCalls) return 'full';
    if (this.eventLoopDelayMs > this.config.limits.eventLoopLagLimitMs) return 'event-loop-late';
    return 'admit';
  }

  /** Most media streams of answered calls that are served, above MAX_CALLS too: half as many again. */
  get streamCeiling(): number {
    return Math.ceil(this.config.limits.maxCalls * 1.5);
  }
}
