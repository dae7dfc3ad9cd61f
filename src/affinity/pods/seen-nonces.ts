import { type Clock } from '../../common/clock.js';

/** A minute's worth of requests is a few hundred; this many are some 20 MB and can only be a mistake of ours. */
const MAX_NONCES = 100_000;

/**
 * Remembers the nonces of requests for at least `memoryMs`, in two generations: the older one is dropped whole. Only
 * signed requests get this far, so nobody else can fill it.
 */
export class SeenNonces {
  private young = new Set<string>();
  private old = new Set<string>();
  private bornMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly memoryMs: number,
  ) {
    this.bornMs = clock.nowMs();
  }

  /** @returns true the first time that it sees a nonce. */
  add(nonce: string): boolean {
    const nowMs = this.clock.nowMs();
    if (nowMs - this.bornMs >= this.memoryMs || this.young.size >= MAX_NONCES) {
      this.old = nowMs - this.bornMs >= 2 * this.memoryMs ? new Set() : this.young;
      this.young = new Set();
      this.bornMs = nowMs;
    }
    if (this.young.has(nonce) || this.old.has(nonce)) return false;
    this.young.add(nonce);
    return true;
  }
}
