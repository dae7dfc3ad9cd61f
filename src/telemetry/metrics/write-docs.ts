import { writeFileSync } from 'node:fs';
import { METRIC_GROUPS } from './metric-table.js';
import { metricsPage } from './metrics-page.js';
import { RUNTIME } from './runtime-metrics.js';

// Run from the repository's root: node dist/src/telemetry/metrics/write-docs.js
writeFileSync('docs/metrics.md', metricsPage(METRIC_GROUPS, RUNTIME));
