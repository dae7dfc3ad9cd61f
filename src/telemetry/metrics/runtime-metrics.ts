import { metricGroup, oneOf, known } from './metric-spec.js';

/** What `@opentelemetry/instrumentation-runtime-node` says of Node and V8, as far as it is of use; it says some more. */
export const RUNTIME = metricGroup('Node and V8', {
  'nodejs.eventloop.delay.p50': {
    kind: 'gauge',
    unit: 's',
    description:
      'Delay of the event loop since it was last asked for, median. About 0.02 of it is the measurement itself.',
    attributes: {},
  },
  'nodejs.eventloop.delay.p99': {
    kind: 'gauge',
    unit: 's',
    description: 'The same, 99th percentile. Every call on the pod hears it.',
    attributes: {},
  },
  'nodejs.eventloop.delay.max': {
    kind: 'gauge',
    unit: 's',
    description: 'The same, the longest.',
    attributes: {},
  },
  'nodejs.eventloop.utilization': {
    kind: 'gauge',
    unit: '1',
    description: 'Share of the time in which the event loop was busy. Above 0.6 the delays grow fast.',
    attributes: {},
  },
  'v8js.gc.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Pauses for collecting garbage.',
    attributes: { 'v8js.gc.type': oneOf(['major', 'minor', 'incremental', 'weakcb']) },
  },
  'v8js.memory.heap.used': {
    kind: 'up-down',
    unit: 'By',
    description: 'Memory that is in use on the heap.',
    attributes: { 'v8js.heap.space.name': known('V8’s spaces, about a dozen') },
  },
});
