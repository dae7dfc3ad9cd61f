import { metrics } from '@opentelemetry/api';
import { prometheusName, prometheusSeries } from './prometheus-name.js';
import { Metered } from './testing/metered.js';

const CASES = [
  ['parley.calls.ended', 'counter', '{call}', 'parley_calls_ended_total'],
  ['parley.line.padded', 'counter', 's', 'parley_line_padded_seconds_total'],
  ['parley.calls.active', 'up-down', '{call}', 'parley_calls_active'],
  ['process.memory.usage', 'up-down', 'By', 'process_memory_usage_bytes'],
  ['parley.admission.memory_used', 'gauge', '1', 'parley_admission_memory_used_ratio'],
] as const;

describe('names in Prometheus', () => {
  let metered: Metered;
  beforeEach(() => (metered = new Metered()));
  afterEach(() => metered.close());

  it.each(CASES)('%s, a %s in %s, is %s: on paper and on the page', async (name, kind, unit, expected) => {
    expect(prometheusName(name, { kind, unit })).toBe(expected);
    const meter = metrics.getMeter('test');
    if (kind === 'counter') meter.createCounter(name, { unit }).add(1);
    else if (kind === 'up-down') meter.createUpDownCounter(name, { unit }).add(1);
    else meter.createGauge(name, { unit }).record(1);
    expect([...(await metered.samples()).keys()]).toEqual([expected]);
  });

  it('are three for a histogram', async () => {
    const spec = { kind: 'histogram', unit: 's' } as const;
    const advice = { explicitBucketBoundaries: [1] };
    metrics.getMeter('test').createHistogram('parley.call.duration', { unit: 's', advice }).record(2);
    const names = [...(await metered.samples()).keys()].map((name) => name.replace(/\{.*/, ''));
    expect(new Set(names)).toEqual(new Set(prometheusSeries('parley.call.duration', spec)));
  });
});
