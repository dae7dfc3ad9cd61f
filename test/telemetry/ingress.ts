import { createServer, request } from 'node:http';
import { type AddressInfo } from 'node:net';

/** An ingress that adds a trace context of its own to every request, as many do. */
export interface TracingIngress {
  readonly port: number;
  /** What it has added, in order. */
  readonly traceparents: readonly string[];
  close(): Promise<void>;
}

/** @param targetPort where requests are passed on to, on this machine. */
export async function startTracingIngress(targetPort: () => number): Promise<TracingIngress> {
  const traceparents: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const number = String(traceparents.length + 1).padStart(16, '0');
    const traceparent = `00-${'1a'.repeat(16)}-${number}-01`;
    traceparents.push(traceparent);
    const { method, url, headers } = incoming;
    const onward = request(
      {
        host: '127.0.0.1',
        port: targetPort(),
        method,
        path: url,
        headers: { ...headers, traceparent, tracestate: 'ingress=1' },
      },
      (reply) => {
        outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    incoming.on('error', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    traceparents,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
