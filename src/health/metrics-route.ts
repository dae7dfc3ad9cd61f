import { type RunningTelemetry } from '../telemetry/sdk/running-telemetry.js';
import { type ManagementReply } from './management-server.js';

/** Prometheus' text format, as the serializer writes it. */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const NOT_STARTED =
  'No metrics: the process was started without `--import ./dist/src/telemetry/preload.js`, or with OTEL_SDK_DISABLED=true.\n';

/**
 * `/metrics`, for Prometheus.
 * @param telemetry what the preload has started; undefined where there was none.
 */
export async function metricsReply(
  telemetry: Pick<RunningTelemetry, 'metricsText'> | undefined,
): Promise<ManagementReply> {
  // Not an empty page: that would look like a pod on which nothing happens.
  if (!telemetry) return { status: 503, body: NOT_STARTED };
  return { status: 200, body: await telemetry.metricsText(), headers: { 'Content-Type': CONTENT_TYPE } };
}
