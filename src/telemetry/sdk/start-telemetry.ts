import { metrics } from '@opentelemetry/api';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { type IMetricReader, MeterProvider } from '@opentelemetry/sdk-metrics';
import { type Environment } from '../../config/env-file.js';
import { type OtelEnvironment, readOtelEnvironment } from './otel-environment.js';
import { withPrometheusNames } from '../metrics/prometheus-name.js';
import { otlpMetricReader } from './otlp-metric-reader.js';
import { type RunningTelemetry } from './running-telemetry.js';
import { parleyVersion } from './version.js';

/**
 * How often the event loop's delay is looked at: once a frame. Each look wakes the process up: at the library's own 10 ms
 * that took 0.4 % of a core in a process that does nothing else.
 */
const EVENT_LOOP_RESOLUTION_MS = 20;

/**
 * Starts OpenTelemetry as its variables say: metrics to be scraped always, traces and sent metrics where there is an
 * endpoint. What nobody asked for is not even loaded: the whole SDK takes a quarter of a second and 40 MB.
 */
export async function startTelemetry(
  env: Environment,
  processEnv: NodeJS.ProcessEnv,
): Promise<RunningTelemetry | undefined> {
  const otel = readOtelEnvironment(env);
  if (!otel.enabled) return undefined;
  Object.assign(processEnv, otel.toSet);
  let tell: (error: Error) => void = () => undefined;
  setGlobalErrorHandler((error) => tell(error instanceof Error ? error : new Error(JSON.stringify(error))));
  // Collects when it is asked to; the management port serves it.
  const prometheus = new PrometheusExporter({ preventServerStart: true });
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  const instrumentation = new RuntimeNodeInstrumentation({ monitoringPrecision: EVENT_LOOP_RESOLUTION_MS });
  const shutdown = await start(otel, env, prometheus, instrumentation);
  return {
    metricsText: async () => {
      const { resourceMetrics, errors } = await prometheus.collect();
      for (const error of errors) tell(error instanceof Error ? error : new Error(String(error)));
      return serializer.serialize(withPrometheusNames(resourceMetrics));
    },
    onError: (listener) => (tell = listener),
    shutdown,
  };
}

async function start(
  otel: OtelEnvironment,
  env: Environment,
  prometheus: PrometheusExporter,
  instrumentation: RuntimeNodeInstrumentation,
): Promise<() => Promise<void>> {
  const own = resourceFromAttributes({
    'service.name': otel.toSet['OTEL_SERVICE_NAME'],
    'service.version': parleyVersion(),
    'k8s.pod.name': env['POD_NAME'],
    'k8s.pod.uid': env['POD_UID'],
    // By these Jaeger knows spans of one machine, whose clocks need no adjusting.
    ...(env['POD_IP'] && { ip: env['POD_IP'], 'host.ip': [env['POD_IP']] }),
  });
  const readers: IMetricReader[] = [prometheus];
  if (!otel.traces && !otel.sendMetrics) {
    const provider = new MeterProvider({ resource: defaultResource().merge(own), readers });
    metrics.setGlobalMeterProvider(provider);
    instrumentation.setMeterProvider(provider);
    instrumentation.enable();
    return () => provider.shutdown();
  }
  if (otel.sendMetrics) readers.push(await otlpMetricReader(otel.metricsProtocol));
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const sdk = new NodeSDK({
    resource: defaultResource().merge(own),
    metricReaders: readers,
    logRecordProcessors: [],
    // Undefined: as OTEL_TRACES_EXPORTER and the OTLP variables say.
    ...(otel.traces ? {} : { spanProcessors: [] }),
    instrumentations: [instrumentation],
  });
  sdk.start();
  return () => sdk.shutdown();
}
