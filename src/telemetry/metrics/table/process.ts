import { metricGroup, oneOf } from '../metric-spec.js';

export const PROCESS = metricGroup('Process', {
  'parley.admission.event_loop_delay': {
    kind: 'gauge',
    unit: 's',
    description:
      'How late the event loop was, 90th percentile of the last second: above EVENT_LOOP_LAG_LIMIT_MS no new call is taken.',
    attributes: {},
  },
  'parley.admission.memory_used': {
    kind: 'gauge',
    unit: '1',
    description: 'Share of its memory that the process uses: above MEMORY_LIMIT_PERCENT no new call is taken.',
    attributes: {},
  },
  'process.cpu.time': {
    kind: 'counter',
    unit: 's',
    description: 'CPU time of the process.',
    attributes: { 'cpu.mode': oneOf(['user', 'system']) },
  },
  'process.memory.usage': {
    kind: 'up-down',
    unit: 'By',
    description: 'Memory of the process (resident).',
    attributes: {},
  },
  'process.uptime': {
    kind: 'gauge',
    unit: 's',
    description: 'Time since the start of the process.',
    attributes: {},
  },
  'parley.telemetry.export_failures': {
    kind: 'counter',
    unit: '{failure}',
    description: 'Failed attempts to send spans or metrics to the collector.',
    attributes: {},
  },
  'parley.log.lines_lost': {
    kind: 'counter',
    unit: '{line}',
    description: 'Log lines that were lost, because nobody read them.',
    attributes: {},
  },
});
