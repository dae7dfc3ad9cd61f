import { type Attributes as OtelAttributes, type Histogram, metrics } from '@opentelemetry/api';
import { Injectable } from '@nestjs/common';
import { type Attributes, eachMetric, type HistogramName } from './metric-table.js';

/** The scope under which Parley's instruments stand. */
export const SCOPE = 'parley';

/**
 * Takes measurements that are worth a distribution: a handful a turn, never one a frame. Where no SDK runs, they cost
 * next to nothing.
 */
@Injectable()
export class Meters {
  private readonly histograms = new Map<string, Histogram>();

  constructor() {
    const meter = metrics.getMeter(SCOPE);
    for (const [name, { kind, unit, description, buckets = [] }] of eachMetric()) {
      if (kind !== 'histogram') continue;
      const advice = { explicitBucketBoundaries: [...buckets] };
      this.histograms.set(name, meter.createHistogram(name, { unit, description, advice }));
    }
  }

  /** @param value in the unit of the table: seconds, mostly. Anything but a number from 0 up is left out. */
  record<N extends HistogramName>(name: N, value: number, attributes: Attributes<N>): void {
    if (!(value >= 0 && value < Infinity)) return;
    this.histograms.get(name)?.record(value, present(attributes));
  }

  /** @param sinceMs on `performance.now()`'s clock. */
  recordSince<N extends HistogramName>(name: N, sinceMs: number, attributes: Attributes<N>): void {
    this.record(name, (performance.now() - sinceMs) / 1_000, attributes);
  }
}

/** An attribute that is undefined would be written out as an empty one. */
function present(attributes: Readonly<Record<string, string | undefined>>): OtelAttributes {
  const found: OtelAttributes = {};
  for (const name in attributes) if (attributes[name] !== undefined) found[name] = attributes[name];
  return found;
}
