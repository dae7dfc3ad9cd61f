import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { spansIn } from './otlp-json.js';
import { type TraceSpan } from './span.js';

export type Signal = 'traces' | 'metrics' | 'logs';

/** One export as it came, its content not compressed. */
export interface ReceivedExport {
  readonly signal: Signal;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** `hang`: takes requests and never answers. A number: refuses with that status. */
export type ReceiverMode = 'take' | 'hang' | number;

/** An exporter's queue of 2048 spans is about 2 MB of JSON. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const PATHS: Readonly<Record<string, Signal>> = {
  '/v1/traces': 'traces',
  '/v1/metrics': 'metrics',
  '/v1/logs': 'logs',
};

/** A small collector: takes OTLP over HTTP in its JSON form on a port of 127.0.0.1, and keeps every span. */
export class OtlpReceiver {
  /** In order of arrival. */
  readonly spans: TraceSpan[] = [];
  /** In order of arrival, whatever signal, and those that were refused or never answered too. */
  readonly exports: ReceivedExport[] = [];
  mode: ReceiverMode = 'take';
  private readonly watchers = new Set<() => void>();

  private constructor(private readonly server: Server) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.answer(request, response).catch(() => response.destroy());
    });
    // What is wrong with one connection is no reason to end a program.
    server.on('error', () => undefined);
    server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** @param port 0: any free one. Rejects where it cannot be had. */
  static async start(port = 0): Promise<OtlpReceiver> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
    return new OtlpReceiver(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** For OTEL_EXPORTER_OTLP_ENDPOINT; the exporter adds the signal's path. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Settings with which a gateway sends its spans here, soon after they are over, and no metrics. */
  get traceSettings(): Record<string, string> {
    return {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${this.endpoint}/v1/traces`,
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    };
  }

  /** The spans of a trace, in order of arrival. */
  trace(traceId: string): TraceSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  /** Resolves with the first span, past or future, that satisfies the predicate; with undefined after `timeoutMs`. */
  waitFor(predicate: (span: TraceSpan) => boolean, timeoutMs: number): Promise<TraceSpan | undefined> {
    return new Promise((resolve) => {
      const end = (found: TraceSpan | undefined): void => {
        clearTimeout(timer);
        this.watchers.delete(look);
        resolve(found);
      };
      const look = (): void => {
        const found = this.spans.find(predicate);
        if (found) end(found);
      };
      const timer = setTimeout(() => end(undefined), timeoutMs);
      this.watchers.add(look);
      look();
    });
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const signal = PATHS[path];
    const sent = await bodyOf(request);
    if (!signal)
      return reply(response, 404, `There is nothing at ${path}: OTLP goes to ${Object.keys(PATHS).join(', ')}.`);
    if (request.method !== 'POST') return reply(response, 405, 'OTLP is sent by POST.');
    if (!sent) return reply(response, 413, `More than ${MAX_BODY_BYTES} bytes at once.`);
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
      return reply(response, 415, 'Only OTLP as JSON is taken here: set OTEL_EXPORTER_OTLP_PROTOCOL=http/json.');
    const body = request.headers['content-encoding'] === 'gzip' ? unzipped(sent) : sent;
    if (!body) return reply(response, 400, 'The body is not the gzip that its header says.');
    this.exports.push({ signal, headers: request.headers, body });
    if (this.mode === 'hang') return;
    if (this.mode !== 'take') return reply(response, this.mode, 'Told to refuse.');
    if (signal === 'traces') {
      try {
        this.spans.push(...spansIn(JSON.parse(body.toString('utf8'))));
      } catch {
        return reply(response, 400, 'The body is no OTLP trace request in JSON.');
      }
      for (const look of [...this.watchers]) look();
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }
}

function reply(response: ServerResponse, status: number, message: string): void {
  // The form of OTLP/HTTP's errors: a google.rpc.Status.
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ code: status, message }));
}

function unzipped(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_BODY_BYTES });
  } catch {
    return undefined;
  }
}

/** @returns undefined for more than is taken. Rejects when the sender leaves. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes <= MAX_BODY_BYTES) pieces.push(piece);
  }
  return bytes <= MAX_BODY_BYTES ? Buffer.concat(pieces) : undefined;
}
