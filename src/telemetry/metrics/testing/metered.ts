import { metrics } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { withPrometheusNames } from '../prometheus-name.js';

/** A metrics SDK as the preload starts it, for one test. */
export class Metered {
  private readonly exporter = new PrometheusExporter({ preventServerStart: true });
  private readonly provider = new MeterProvider({ readers: [this.exporter] });

  constructor() {
    metrics.disable();
    metrics.setGlobalMeterProvider(this.provider);
  }

  /** Every line of a page that is no comment: `name{labels}` and its value. */
  async samples(): Promise<Map<string, number>> {
    const { resourceMetrics } = await this.exporter.collect();
    const text = new PrometheusSerializer(undefined, false, undefined, true, true).serialize(
      withPrometheusNames(resourceMetrics),
    );
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
    );
  }

  async close(): Promise<void> {
    metrics.disable();
    await this.provider.shutdown();
  }
}
