import { metrics, type Observable, type ObservableCallback } from '@opentelemetry/api';
import { type Attributes, METRICS, type ReadName } from './metric-table.js';
import { type MetricSpec } from './metric-spec.js';
import { SCOPE } from './meters.js';

/** A value, with its attributes where the metric has any. */
export type Reading<N extends ReadName> = readonly [value: number, attributes: Attributes<N>];

/** Where the values of all metrics come from that are read when somebody asks. Undefined: not known here, not shown. */
export type Readings = {
  readonly [N in ReadName]: () => keyof Attributes<N> extends never ? number | undefined : readonly Reading<N>[];
};

/** Makes the instruments, once in the life of a process. @returns what takes their callbacks off again. */
export function startInstruments(readings: Readings): () => void {
  const meter = metrics.getMeter(SCOPE);
  const started: (() => void)[] = [];
  for (const [name, read] of Object.entries(readings) as [
    ReadName,
    () => number | undefined | readonly Reading<ReadName>[],
  ][]) {
    const { kind, unit, description }: MetricSpec = METRICS[name];
    const options = { unit, description };
    const instrument: Observable =
      kind === 'counter'
        ? meter.createObservableCounter(name, options)
        : kind === 'up-down'
          ? meter.createObservableUpDownCounter(name, options)
          : meter.createObservableGauge(name, options);
    const observe: ObservableCallback = (result) => {
      const values = read();
      if (typeof values === 'number') result.observe(values);
      else for (const [value, attributes] of values ?? []) result.observe(value, attributes);
    };
    instrument.addCallback(observe);
    started.push(() => instrument.removeCallback(observe));
  }
  return () => started.forEach((stop) => stop());
}
