import { Injectable, type OnModuleDestroy } from '@nestjs/common';

const TICK_MS = 20;
/** One media frame: a loop that is later than this has frames waiting that belong together. */
const LATE_MS = 20;

/** Whether the event loop runs late just now, as a plain field for the hot path. */
@Injectable()
export class LoopLateness implements OnModuleDestroy {
  late = false;
  private readonly timer: NodeJS.Timeout;

  constructor() {
    let expectedMs = performance.now() + TICK_MS;
    this.timer = setInterval(() => {
      const nowMs = performance.now();
      // Timers run before sockets are read, so this is known when the frames that piled up come.
      this.late = nowMs - expectedMs > LATE_MS;
      expectedMs = nowMs + TICK_MS;
    }, TICK_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }
}
