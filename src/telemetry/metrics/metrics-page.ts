import { type AttributeSpec, type MetricGroup, type MetricKind, type MetricSpec } from './metric-spec.js';
import { prometheusName } from './prometheus-name.js';

const KINDS: Record<MetricKind, string> = {
  counter: 'counter',
  'up-down': 'sum (up and down)',
  gauge: 'gauge',
  histogram: 'histogram',
};

/** docs/metrics.md, whole. Pure: the same groups give the same text. */
export function metricsPage(own: readonly MetricGroup[], runtime: MetricGroup): string {
  return [
    '# Metrics',
    '',
    '<!-- Written from src/telemetry/metrics by `npm run build && node dist/src/telemetry/metrics/write-docs.js`; edit it there. -->',
    '',
    'Every pod serves its metrics on the management port (`MANAGEMENT_PORT`) at `/metrics`, in Prometheus’ text format. With',
    '`OTEL_EXPORTER_OTLP_ENDPOINT` they are sent by OTLP too; a collector, and Prometheus’ own OTLP receiver, give them the',
    'same names in Prometheus. `OTEL_METRICS_EXPORTER=none` stops the sending, and `OTEL_SDK_DISABLED=true` everything.',
    '',
    'Names follow OpenTelemetry’s conventions, and are `gen_ai.…`, `http.…` and `process.…` where those have one. Times are in',
    'seconds. No label ever holds a phone number, a word that was said, or the id of a call: those are in the',
    '[traces](observability.md).',
    '',
    'In `charts/parley` there are a Grafana dashboard (`dashboards/parley.json`) and alert rules (`rules/parley.yaml`); what to',
    'do about an alert is in [runbook.md](runbook.md).',
    '',
    ...own.flatMap(section),
    ...section(runtime),
    'Made by OpenTelemetry’s instrumentation of Node, which says some more.',
    '',
    '## Scaling by calls',
    '',
    'A pod that is leaving carries its calls to their end, perhaps for an hour, and takes no new ones: it is no capacity, and',
    'its calls are no load that a new pod could take. So a metric for an autoscaler leaves it out:',
    '',
    '```promql',
    'sum(parley_calls_active{draining="false"}) / sum(parley_calls_limit{draining="false"})',
    '```',
    '',
    'Both series of a pod are always there, and the one that does not apply is 0: a pod that begins to leave takes its calls',
    'and its limit out of both sums in the same moment.',
    '',
  ].join('\n');
}

function section({ title, metrics }: MetricGroup): string[] {
  const rows = Object.entries(metrics).flatMap(([name, spec]) => row(name, spec));
  return [
    `## ${title}`,
    '',
    '| metric | in Prometheus | kind, unit | labels | meaning |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ];
}

function row(name: string, spec: MetricSpec): string {
  const cells = [
    `\`${name}\``,
    `\`${prometheusName(name, spec)}\``,
    `${KINDS[spec.kind]}, ${spec.unit === '1' ? 'share' : `\`${spec.unit}\``}${spec.buckets ? `; ${range(spec.buckets)}` : ''}`,
    Object.entries(spec.attributes).map(attribute).join('<br>'),
    spec.description,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function range(buckets: readonly number[]): string {
  return `${buckets.length} buckets up to ${buckets.at(-1)}`;
}

function attribute([name, { values, note, optional }]: [string, AttributeSpec]): string {
  const label = `\`${name.replace(/\W/g, '_')}\``;
  const what = [note, values?.map((value) => `\`${value}\``).join(' ')].filter((part) => part !== undefined).join(': ');
  return `${label}${optional ? ' (where it failed)' : ''}: ${what}`;
}
