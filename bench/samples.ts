/** Many measured numbers, kept as they are, so that percentiles are exact. */
export class Samples {
  private values = new Float64Array(1024);
  private length = 0;

  add(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Float64Array(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  get count(): number {
    return this.length;
  }

  /** The smallest value that at least the given share (0 to 1) of all values do not exceed; NaN when there is none. */
  quantile(share: number): number {
    if (this.length === 0) return NaN;
    const sorted = this.values.slice(0, this.length).sort();
    return sorted[Math.max(0, Math.ceil(share * this.length) - 1)] ?? NaN;
  }

  summary(): SampleSummary {
    return { count: this.length, p50: this.quantile(0.5), p99: this.quantile(0.99), max: this.quantile(1) };
  }
}

/** Same unit as the values; NaN where there were none. */
export interface SampleSummary {
  count: number;
  p50: number;
  p99: number;
  max: number;
}

/** The middle value, or the mean of the two in the middle; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] ?? NaN;
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}
