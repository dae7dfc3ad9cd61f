import { readFileSync } from 'node:fs';
import { eachMetric, METRIC_GROUPS } from './metric-table.js';
import { metricsPage } from './metrics-page.js';
import { prometheusName } from './prometheus-name.js';
import { RUNTIME } from './runtime-metrics.js';

const REWRITE = 'npm run build && node dist/src/telemetry/metrics/write-docs.js';
const metrics = eachMetric();

describe('the table of metrics', () => {
  it(`is what docs/metrics.md says (${REWRITE})`, () => {
    expect(readFileSync('docs/metrics.md', 'utf8')).toBe(metricsPage(METRIC_GROUPS, RUNTIME));
  });

  it('has every metric of its groups once', () => {
    const grouped = METRIC_GROUPS.flatMap((group) => Object.keys(group.metrics));
    expect(grouped.sort()).toEqual(metrics.map(([name]) => name).sort());
    const names = metrics.map(([name, spec]) => prometheusName(name, spec));
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(metrics)('%s is named and described by the conventions', (name, { unit, description, kind }) => {
    expect(name).toMatch(/^(parley|gen_ai|http|process)(\.[a-z][a-z0-9_]*)+$/);
    // The kind of the instrument and the unit are not part of a name.
    expect(name).not.toMatch(/_(total|count|seconds|bytes|ratio)$/);
    expect(unit).toMatch(/^(s|By|1|\{[A-Za-z]+\})$/);
    expect(description).toMatch(/^[A-Z1][^]+\.$/);
    // A name that others stand below would be two things at once.
    expect(metrics.filter(([other]) => other.startsWith(`${name}.`))).toEqual([]);
    if (kind === 'gauge') expect(['s', '1', '{pod}']).toContain(unit);
  });

  it.each(metrics)('%s has few series', (_name, { attributes, kind }) => {
    const sizes = Object.values(attributes).map(({ values }) => values?.length ?? 10);
    const series = sizes.reduce((product, size) => product * size, 1);
    expect(series).toBeLessThanOrEqual(kind === 'histogram' ? 500 : 50);
    for (const { values, note } of Object.values(attributes)) {
      expect(values !== undefined || note !== undefined).toBe(true);
      for (const value of values ?? []) expect(value).toMatch(/^[A-Za-z/][A-Za-z_/-]*$/);
    }
  });

  it('has buckets for histograms, and for nothing else', () => {
    for (const [name, { kind, buckets }] of metrics) {
      expect([name, buckets !== undefined]).toEqual([name, kind === 'histogram']);
      expect(buckets ?? []).toEqual([...(buckets ?? [])].sort((a, b) => a - b));
      expect(new Set(buckets ?? []).size).toBe(buckets?.length ?? 0);
    }
  });
});
