import { DataPointType, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { type MetricSpec } from './metric-spec.js';

const UNITS = new Map([
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['By', 'bytes'],
]);

/**
 * A metric's name in Prometheus, after OpenTelemetry's rules for it: the unit at the end, and `_total` for what only grows.
 * A collector, and Prometheus' own OTLP receiver, make the same name.
 */
export function prometheusName(name: string, { kind, unit }: Pick<MetricSpec, 'kind' | 'unit'>): string {
  const base = withUnit(name, unit, kind === 'gauge').replace(/[^a-zA-Z0-9_]+/g, '_');
  return kind === 'counter' && !base.endsWith('_total') ? `${base}_total` : base;
}

/** The names under which its values stand: a histogram has three. */
export function prometheusSeries(name: string, spec: Pick<MetricSpec, 'kind' | 'unit'>): string[] {
  const base = prometheusName(name, spec);
  return spec.kind === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => base + end) : [base];
}

/** Puts units into the names, which the SDK's Prometheus serializer leaves out; it sees to everything else. */
export function withPrometheusNames(collected: ResourceMetrics): ResourceMetrics {
  const scopeMetrics = collected.scopeMetrics.map((scope) => ({
    ...scope,
    metrics: scope.metrics.map((metric) => {
      const { name, unit } = metric.descriptor;
      const renamed = withUnit(name, unit, metric.dataPointType === DataPointType.GAUGE);
      return { ...metric, descriptor: { ...metric.descriptor, name: renamed } };
    }),
  }));
  return { ...collected, scopeMetrics };
}

function withUnit(name: string, unit: string, isGauge: boolean): string {
  const suffix = unit === '1' && isGauge ? 'ratio' : UNITS.get(unit);
  return suffix === undefined || name.endsWith(suffix) ? name : `${name}_${suffix}`;
}
