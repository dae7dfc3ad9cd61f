import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { SETTINGS } from '../../config/settings.js';
import { type MetricGroup, type MetricSpec } from './metric-spec.js';
import { METRIC_GROUPS } from './metric-table.js';
import { prometheusSeries } from './prometheus-name.js';
import { RUNTIME } from './runtime-metrics.js';
import { groupingsOf, selectorsOf } from './testing/promql.js';

interface Rule {
  alert: string;
  expr: string;
  for: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook_url: string };
}
interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string }[];
}

const GROUPS: readonly MetricGroup[] = [...METRIC_GROUPS, RUNTIME];
/** Every series there is, with what it was made from. */
const SERIES = new Map(
  GROUPS.flatMap(({ metrics }) =>
    Object.entries(metrics).flatMap(([name, spec]) =>
      prometheusSeries(name, spec).map((series) => [series, spec] as const),
    ),
  ),
);
/** What Prometheus adds itself when it scrapes a pod. */
const TARGET_LABELS = ['namespace', 'pod'];

const rules = (
  parse(readFileSync('charts/parley/rules/parley.yaml', 'utf8')) as { groups: { name: string; rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(readFileSync('charts/parley/dashboards/parley.json', 'utf8')) as {
  panels: Panel[];
  templating: { list: { name: string; query: string | { query: string } }[] };
};
const runbook = readFileSync('docs/runbook.md', 'utf8');

/** What is wrong with the names in an expression. */
function mistakesIn(expression: string): string[] {
  const selectors = selectorsOf(expression);
  if (selectors.length === 0) return [`no metric in ${expression}`];
  const grouped = groupingsOf(expression);
  return selectors.flatMap(({ name, matchers }) => {
    const spec = SERIES.get(name);
    if (!spec) return [`no such metric: ${name}`];
    const unknown = grouped.filter((label) => !labelsOf(spec).has(label));
    const wrong = matchers.flatMap(({ label, values }) => {
      if (TARGET_LABELS.includes(label)) return [];
      const allowed = labelsOf(spec).get(label);
      if (!allowed) return [`${name} has no label ${label}`];
      return values
        .filter((value) => value !== '' && !allowed.includes(value))
        .map((value) => `${label} is never ${value}`);
    });
    return [...unknown.map((label) => `${name} cannot be grouped by ${label}`), ...wrong];
  });
}

function labelsOf({ attributes, kind }: MetricSpec): Map<string, readonly string[]> {
  const own = Object.entries(attributes).map(([name, { values = [] }]) => [name.replace(/\W/g, '_'), values] as const);
  const added = [...TARGET_LABELS, ...(kind === 'histogram' ? ['le'] : [])].map((label) => [label, []] as const);
  return new Map([...own, ...added]);
}

describe('mistakesIn', () => {
  it('finds what an expression has wrong', () => {
    expect(mistakesIn('sum by (pod) (rate(parley_calls_ended_total{reason=~"silence|model-lost"}[5m])) > 0')).toEqual(
      [],
    );
    expect(mistakesIn('rate(parley_calls_over_total[5m])')).toEqual(['no such metric: parley_calls_over_total']);
    expect(mistakesIn('parley_calls_ended_total{cause="silence"}')).toEqual([
      'parley_calls_ended_total has no label cause',
    ]);
    expect(mistakesIn('parley_calls_ended_total{reason!="bored"}')).toEqual(['reason is never bored']);
    expect(mistakesIn('sum by (action) (parley_draining)')).toEqual(['parley_draining cannot be grouped by action']);
    expect(mistakesIn('parley_call_duration_seconds')).toEqual(['no such metric: parley_call_duration_seconds']);
    expect(mistakesIn('vector(1)')).toEqual(['no metric in vector(1)']);
  });
});

describe('the alert rules', () => {
  it.each(rules)(
    '$alert looks at what there is, and says what to do',
    ({ alert, expr, for: wait, labels, annotations }) => {
      expect(mistakesIn(expr)).toEqual([]);
      expect(alert).toMatch(/^Parley[A-Z][A-Za-z]+$/);
      expect(wait).toMatch(/^\d+[ms]$/);
      expect(['critical', 'warning']).toContain(labels.severity);
      expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook_url', 'summary']);
      expect(annotations.summary).not.toContain('{{');
      expect(annotations.runbook_url).toBe(
        `https://github.com/parley-voice/parley/blob/main/docs/runbook.md#${alert.toLowerCase()}`,
      );
      // Only labels that the expression leaves over can be named.
      const named = [...annotations.description.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
      expect(groupingsOf(expr)).toEqual(expect.arrayContaining(named));
    },
  );

  it('have names of their own, and a paragraph each in the runbook', () => {
    const names = rules.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    const sections = runbook.split(/^### /m).slice(1);
    expect(sections.map((section) => section.split('\n')[0]).sort()).toEqual([...names].sort());
    for (const section of sections) {
      expect(section).toMatch(/\*Look at\*[^]+\*Do\*/);
    }
  });

  it('cover what callers and operators depend on', () => {
    const names = rules.map(({ alert }) => alert);
    expect(names).toEqual(
      expect.arrayContaining([
        ...['ParleyCallsNotAnswered', 'ParleyDeadAir', 'ParleyAnswersSlow', 'ParleySaturated', 'ParleyCallsLeaked'],
        ...['ParleyModelErrors', 'ParleyExportFailing', 'ParleyDirectoryAway', 'ParleyDrainingLong'],
      ]),
    );
  });
});

describe('the runbook', () => {
  it('names only settings that there are', () => {
    const named = [...runbook.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(10);
    const unknown = named.filter((name) => !(name in SETTINGS) && !name.startsWith('OTEL_'));
    expect(unknown).toEqual([]);
  });
});

describe('the pages for people', () => {
  it.each(['docs/runbook.md', 'docs/observability.md'])('name only metrics that there are: %s', (file) => {
    const named = [...readFileSync(file, 'utf8').matchAll(/`((?:parley|gen_ai)_[a-z_]+)(?:\{[^`]*)?`/g)].map(
      ([, name]) => name,
    );
    const bases = [...SERIES.keys()].map((series) => series.replace(/_(bucket|sum|count)$/, ''));
    expect(named.filter((name = '') => !SERIES.has(name) && !bases.includes(name))).toEqual([]);
  });
});

describe('the dashboard', () => {
  const drawn = dashboard.panels.filter(({ type }) => type !== 'row');

  it.each(drawn)('$title shows what there is', ({ targets, description }) => {
    expect(description).toMatch(/\.$/);
    expect(targets?.length).toBeGreaterThan(0);
    for (const { expr } of targets ?? []) {
      expect(mistakesIn(expr.replaceAll('$namespace', '').replaceAll('$pod', ''))).toEqual([]);
      // Nothing of another deployment.
      for (const { matchers } of selectorsOf(expr))
        expect(matchers.map(({ label }) => label)).toEqual(expect.arrayContaining(TARGET_LABELS));
    }
  });

  it('has its rows, and lets the data source, the namespace and the pod be chosen', () => {
    const rows = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual(['Calls', 'What callers feel', 'Model', 'Line', 'Pods', 'Money', 'Process']);
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'namespace', 'pod']);
    for (const { query } of dashboard.templating.list.slice(1))
      expect(typeof query === 'object' && /\((\w+)/.exec(query.query)?.[1]).toBe('parley_calls_limit');
  });

  it('has a place for every panel', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const taken = new Set<string>();
    for (const { gridPos } of dashboard.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(x).toBeLessThan(24);
          expect(taken).not.toContain(`${x} ${y}`);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });
});
