import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo } from 'node:net';
import { startTelemetry } from '../../sdk/start-telemetry.js';

/** Every header by which a trace is known to travel. */
const CARRIERS = ['traceparent', 'tracestate', 'baggage', 'b3', 'x-b3-traceid', 'uber-trace-id', 'x-amzn-trace-id'];

/**
 * For tests: does this within a span, in a process that sends its traces just as the gateway does, and sees that the
 * span was there to be given away. The process is left as it was before.
 */
export async function withTracingOn<T>(work: () => Promise<T>): Promise<T> {
  const collector = createServer((request, response) => {
    request.resume().on('end', () => response.end());
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_NODE_RESOURCE_DETECTORS: 'env' };
  const before = { ...process.env };
  const telemetry = await startTelemetry(env, process.env);
  try {
    return await trace.getTracer('test').startActiveSpan('active', async (span) => {
      const carrier: Record<string, string> = {};
      propagation.inject(context.active(), carrier);
      if (carrier['traceparent'] === undefined) throw new Error('nothing is traced here');
      try {
        return await work();
      } finally {
        span.end();
      }
    });
  } finally {
    await telemetry?.shutdown();
    for (const api of [trace, context, propagation, metrics]) api.disable();
    for (const name of Object.keys(process.env)) if (!(name in before)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before);
    collector.closeAllConnections();
    collector.close();
    await once(collector, 'close');
  }
}

/** For tests: what of a trace is in these headers. */
export function traceContextIn(headers: IncomingHttpHeaders | undefined): string[] {
  if (!headers) throw new Error('no headers came');
  return CARRIERS.filter((name) => headers[name] !== undefined);
}
