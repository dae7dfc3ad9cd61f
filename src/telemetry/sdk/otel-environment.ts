import { type Environment } from '../../config/env-file.js';

/** What OpenTelemetry's own variables (`OTEL_*`) ask for, with Parley's defaults for those that are not set. */
export interface OtelEnvironment {
  /** False: `OTEL_SDK_DISABLED`. */
  enabled: boolean;
  /** Whether spans go anywhere. */
  traces: boolean;
  /** Whether metrics are sent; they can be had at `/metrics` in any case. */
  sendMetrics: boolean;
  /** How metrics are sent, in OpenTelemetry's words. */
  metricsProtocol: string;
  /** To be set for the SDK, which reads the process's environment itself. */
  toSet: Record<string, string>;
}

const DEFAULTS: Readonly<Record<string, string>> = {
  OTEL_SERVICE_NAME: 'parley',
  // Its own default is 5 s: that much of a call would be missing after a pod was killed.
  OTEL_BSP_SCHEDULE_DELAY: '1000',
  OTEL_BSP_MAX_QUEUE_SIZE: '8192',
  OTEL_BSP_EXPORT_TIMEOUT: '10000',
  // Not the process's: its command line and user are nobody's business.
  OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,serviceinstance',
  OTEL_LOGS_EXPORTER: 'none',
};

/**
 * Nothing is exported unless an endpoint or an exporter is named: OpenTelemetry's own default is a collector on this host,
 * and errors where there is none.
 */
export function readOtelEnvironment(env: Environment): OtelEnvironment {
  const set = (name: string): string | undefined => env[name]?.trim() || undefined;
  const wanted = (signal: 'TRACES' | 'METRICS'): boolean => {
    const exporters = set(`OTEL_${signal}_EXPORTER`)?.split(',');
    if (exporters) return exporters.some((name) => !['none', 'prometheus', ''].includes(name.trim()));
    return (set('OTEL_EXPORTER_OTLP_ENDPOINT') ?? set(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`)) !== undefined;
  };
  const given = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (name.startsWith('OTEL_') && value ? [[name, value]] : [])),
  );
  const toSet = { ...DEFAULTS, ...given };
  // A name among the resource's attributes is one too, and would lose against the default.
  if (!given['OTEL_SERVICE_NAME'] && /(^|,)\s*service\.name=/.test(given['OTEL_RESOURCE_ATTRIBUTES'] ?? ''))
    delete toSet['OTEL_SERVICE_NAME'];
  return {
    enabled: set('OTEL_SDK_DISABLED')?.toLowerCase() !== 'true',
    traces: wanted('TRACES'),
    sendMetrics: wanted('METRICS'),
    metricsProtocol:
      set('OTEL_EXPORTER_OTLP_METRICS_PROTOCOL') ?? set('OTEL_EXPORTER_OTLP_PROTOCOL') ?? 'http/protobuf',
    toSet,
  };
}
