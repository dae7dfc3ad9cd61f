import { type IMetricReader, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics';

/** Sends metrics by OTLP, with the times and addresses of OpenTelemetry's own variables. */
export async function otlpMetricReader(protocol: string): Promise<IMetricReader> {
  return new PeriodicExportingMetricReader({ exporter: await exporterFor(protocol) });
}

async function exporterFor(protocol: string): Promise<PushMetricExporter> {
  switch (protocol) {
    case 'grpc':
      return new (await import('@opentelemetry/exporter-metrics-otlp-grpc')).OTLPMetricExporter();
    case 'http/json':
      return new (await import('@opentelemetry/exporter-metrics-otlp-http')).OTLPMetricExporter();
    default:
      return new (await import('@opentelemetry/exporter-metrics-otlp-proto')).OTLPMetricExporter();
  }
}
