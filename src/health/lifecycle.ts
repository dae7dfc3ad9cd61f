import { Injectable } from '@nestjs/common';

/** Where the process stands between start and exit; plain flags that health checks and webhooks read. */
@Injectable()
export class Lifecycle {
  /** Configured, and both ports are open. */
  started = false;
  /** The process was told to stop: it takes no new calls and leaves when the last one is over. */
  draining = false;

  get ready(): boolean {
    return this.started && !this.draining;
  }
}
