import * as http from 'node:http';
import { type AddressInfo } from 'node:net';
import { type FaultPlan, type RestFault } from './faults.js';
import { restError, restErrorBody, type RestError } from './rest-errors.js';
import { Timers } from './timers.js';

/** One request to the REST API, as it came in. */
export interface RestRequest {
  readonly method: string;
  readonly path: string;
  /** The command (`answer`, `streaming_start`, ...), `dial`, `retrieve`, or the name of the resource. */
  readonly action: string;
  /** Decoded; `undefined` where the path names no call. */
  readonly callControlId: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: http.IncomingHttpHeaders;
  /** Epoch milliseconds. */
  readonly at: number;
  /** What was answered; `undefined` until then, and for ever when nothing was. */
  status: number | undefined;
}

export interface RestReply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface RestServerOptions {
  readonly host: string;
  readonly port: number;
  /** `undefined` accepts any key. */
  readonly apiKey: string | undefined;
  readonly faults: FaultPlan<RestFault>;
  readonly onRequest: (request: RestRequest) => void;
  /** @param path segments below `/v2`, decoded */
  readonly handle: (request: RestRequest, path: readonly string[], query: URLSearchParams) => RestReply;
}

const MAX_BODY_BYTES = 1024 * 1024;

export function errorReply(error: RestError): RestReply {
  return { status: error.status, body: restErrorBody(error), headers: error.headers };
}

export function okReply(body: object): RestReply {
  return { status: 200, body: JSON.stringify(body) };
}

/** The HTTP side of the Call Control API: key check, JSON, faults. What a command does is not its business. */
export class RestServer {
  private readonly server = http.createServer((request, response) => {
    this.onRequest(request, response).catch((error: unknown) => {
      if (!response.headersSent) send(response, errorReply(restError('10007', { detail: String(error) })));
    });
  });
  private readonly timers = new Timers();

  private constructor(private readonly options: RestServerOptions) {
    // Node's 5 s would close idle connections under clients that are just about to use them.
    this.server.keepAliveTimeout = 60_000;
  }

  static async start(options: RestServerOptions): Promise<RestServer> {
    const server = new RestServer(options);
    await new Promise<void>((resolve, reject) => {
      server.server.once('error', reject);
      server.server.listen(options.port, options.host, () => {
        server.server.off('error', reject);
        server.server.on('error', () => undefined);
        resolve();
      });
    });
    return server;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    this.timers.clear();
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async onRequest(incoming: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    incoming.on('error', () => undefined);
    response.on('error', () => undefined);
    const raw = await readBody(incoming);
    const url = new URL(incoming.url ?? '/', 'http://double');
    const path = pathSegments(url.pathname);
    const body = parseBody(raw);
    const request: RestRequest = {
      method: incoming.method ?? 'GET',
      path: url.pathname,
      action: actionOf(incoming.method ?? 'GET', path ?? []),
      callControlId: path?.[0] === 'calls' ? path[1] : undefined,
      body: body ?? {},
      headers: incoming.headers,
      at: Date.now(),
      status: undefined,
    };
    this.options.onRequest(request);
    const reply = (): RestReply => {
      if (!this.isAuthorised(incoming)) return errorReply(restError('10009'));
      if (path === undefined) return errorReply(restError('10005'));
      if (body === undefined) return errorReply(restError('10015', { status: 400, detail: 'The body is not JSON.' }));
      return this.options.handle(request, path, url.searchParams);
    };
    this.answer(request, response, reply);
  }

  private answer(request: RestRequest, response: http.ServerResponse, reply: () => RestReply): void {
    const respond = (answer: RestReply): void => {
      request.status = answer.status;
      send(response, answer);
    };
    const fault = this.options.faults.take(request.action);
    switch (fault?.kind) {
      case undefined:
        respond(reply());
        break;
      case 'error': {
        const { code, status, detail, headers } = fault;
        respond(
          errorReply(
            restError(code, {
              status,
              ...(detail === undefined ? {} : { detail }),
              ...(headers === undefined ? {} : { headers }),
            }),
          ),
        );
        break;
      }
      case 'delay':
        this.timers.after(fault.delayMs, () => respond(reply()));
        break;
      case 'timeout':
        if (fault.effect) reply();
        break;
      case 'drop':
        if (fault.effect) reply();
        response.socket?.destroy();
        break;
    }
  }

  private isAuthorised(incoming: http.IncomingMessage): boolean {
    const { apiKey } = this.options;
    return apiKey === undefined || incoming.headers.authorization === `Bearer ${apiKey}`;
  }
}

function send(response: http.ServerResponse, reply: RestReply): void {
  response.writeHead(reply.status, { 'Content-Type': 'application/json', ...reply.headers });
  response.end(reply.body);
}

async function readBody(incoming: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    const part = chunk as Buffer;
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) throw new Error('The body is too large.');
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString();
}

function parseBody(raw: string): Record<string, unknown> | undefined {
  if (raw === '') return {};
  try {
    const body: unknown = JSON.parse(raw);
    return typeof body === 'object' && body !== null && !Array.isArray(body)
      ? (body as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The segments below `/v2`, decoded: clients send `/` in an id as `%2F`, but `:` and `=` as they are. */
function pathSegments(pathname: string): string[] | undefined {
  const [empty, version, ...segments] = pathname.replace(/\/$/, '').split('/');
  if (empty !== '' || version !== 'v2') return undefined;
  try {
    return segments.map((segment) => decodeURIComponent(segment));
  } catch {
    return undefined;
  }
}

function actionOf(method: string, path: readonly string[]): string {
  const [resource = '', , verb, action] = path;
  if (resource === 'calls' && verb === 'actions') return action ?? '';
  if (resource === 'calls') return method === 'POST' ? 'dial' : 'retrieve';
  return verb ?? resource;
}
