import { type AttributesOf, type MetricGroup, type MetricSpec } from './metric-spec.js';
import { CALLS } from './table/calls.js';
import { FEELING } from './table/feeling.js';
import { LINE } from './table/line.js';
import { MODEL, MONEY } from './table/model.js';
import { PODS } from './table/pods.js';
import { PROCESS } from './table/process.js';
import { SERVICES } from './table/services.js';

/** Every metric of Parley's own. docs/metrics.md is written from it; the instruments are made from it. */
export const METRIC_GROUPS: readonly MetricGroup[] = [CALLS, FEELING, MODEL, MONEY, LINE, SERVICES, PODS, PROCESS];

export const METRICS = {
  ...CALLS.metrics,
  ...FEELING.metrics,
  ...MODEL.metrics,
  ...MONEY.metrics,
  ...LINE.metrics,
  ...SERVICES.metrics,
  ...PODS.metrics,
  ...PROCESS.metrics,
};

type Metrics = typeof METRICS;
export type MetricName = keyof Metrics;
/** Recorded, value by value. */
export type HistogramName = { [N in MetricName]: Metrics[N]['kind'] extends 'histogram' ? N : never }[MetricName];
/** Read, when somebody asks. */
export type ReadName = Exclude<MetricName, HistogramName>;
export type Attributes<N extends MetricName> = AttributesOf<Metrics[N]>;

/** The metrics as plain specifications, for whoever goes through all of them. */
export function eachMetric(): [MetricName, MetricSpec][] {
  return Object.entries<MetricSpec>(METRICS) as [MetricName, MetricSpec][];
}
