import { type CostUsd } from '../model.port.js';

/** What a call has cost so far, and whether that is too much. */
export class CostCeiling {
  private knownUsd = 0;
  private complete = true;
  private told = false;

  /**
   * @param maxUsd what a call may cost; undefined: any amount.
   * @param over called once, when it has cost more.
   */
  constructor(
    private readonly maxUsd: number | undefined,
    private readonly over: () => void,
  ) {}

  /** Of all parts; undefined once any of them has no known price. */
  get totalUsd(): CostUsd {
    return this.complete ? this.knownUsd : undefined;
  }

  /** Of the parts that have a known price. */
  get knownTotalUsd(): number {
    return this.knownUsd;
  }

  /** A part without a price does not lift the ceiling: what is known is the least that the call has cost. */
  add(costUsd: CostUsd): void {
    if (costUsd === undefined) {
      this.complete = false;
      return;
    }
    this.knownUsd += costUsd;
    if (this.told || this.maxUsd === undefined || this.knownUsd <= this.maxUsd) return;
    this.told = true;
    this.over();
  }
}
