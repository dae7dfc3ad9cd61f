import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';
import { readBody } from './read-body.js';
import { refuseUpgrade } from './refuse-upgrade.js';

/** What a management path answers. */
export interface ManagementReply {
  status: number;
  body: string | object;
  headers?: Readonly<Record<string, string>>;
}

/** A POST request that has come to its end. */
export interface ManagementPost {
  /** Without query, and without slashes at its end. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Takes the socket over, or refuses it (`refuseUpgrade`). */
export type UpgradeHandler = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

type Get = () => ManagementReply | Promise<ManagementReply>;
type Post = (request: ManagementPost) => Promise<ManagementReply>;

/** Longer bodies are refused with 413. The longest is a forwarded webhook: up to 256 KiB, and half as much again as JSON text. */
export const MAX_BODY_BYTES = 524_288;
/** A whole request has to be here within this time; pods are a millisecond away from each other. */
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * The second listener: health and figures, and what pods say to each other. Plain HTTP of our own, apart from the public
 * application, because it must answer whatever that one is doing, and never goes through the ingress.
 */
export class ManagementServer {
  private readonly server: Server;
  private readonly gets = new Map<string, Get>();
  private readonly posts = new Map<string, Post>();
  private readonly upgrades = new Map<string, UpgradeHandler>();
  /** Upgraded sockets: the HTTP server knows them no more, and yet waits for them when it closes. */
  private readonly upgraded = new Set<Socket>();

  constructor({ requestTimeoutMs = REQUEST_TIMEOUT_MS } = {}) {
    this.server = createServer(
      {
        requestTimeout: requestTimeoutMs,
        connectionsCheckingInterval: Math.min(1_000, requestTimeoutMs),
        // Asks to upgrade what cannot be upgraded: answered as if it had not asked (RFC 9110, 7.8).
        shouldUpgradeCallback: (request) => this.upgrades.has(pathOf(request)),
      },
      (request, response) => this.answer(request, response),
    );
    this.server.on('upgrade', (request, _socket, head) => this.upgradeTo(request, head));
    this.server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.writable) refuseUpgrade(socket, 408);
      else socket.destroy();
    });
    // A connection that could not be accepted (no file descriptors left) is no reason to end the process.
    this.server.on('error', () => undefined);
  }

  /** Answers GET requests for `path`. */
  get(path: string, reply: Get): void {
    this.gets.set(path, reply);
  }

  /** Answers POST requests for `path`, or for the paths right below it where it ends with a slash. */
  post(path: string, reply: Post): void {
    this.posts.set(path, reply);
  }

  /** Hands over the sockets of upgrade requests for `path`. */
  upgrade(path: string, handler: UpgradeHandler): void {
    this.upgrades.set(path, handler);
  }

  /** Rejects when the port cannot be had. @returns the port in use. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  /** Ends every connection, upgraded ones too. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
      for (const socket of this.upgraded) socket.destroy();
    });
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    const path = pathOf(request);
    const get = this.gets.get(path);
    const post = this.postFor(path);
    if (post && request.method === 'POST') {
      void answerPost(post, path, request, response);
      return;
    }
    request.resume();
    if (get && (request.method === 'GET' || request.method === 'HEAD')) {
      void answerGet(get, response);
      return;
    }
    if (!get && !post) return send(response, { status: 404, body: 'not found\n' });
    const allow = [...(get ? ['GET', 'HEAD'] : []), ...(post ? ['POST'] : [])].join(', ');
    send(response, { status: 405, body: 'method not allowed\n', headers: { Allow: allow } });
  }

  private postFor(path: string): Post | undefined {
    const prefix = path.slice(0, path.lastIndexOf('/') + 1);
    return this.posts.get(path) ?? this.posts.get(prefix);
  }

  private upgradeTo(request: IncomingMessage, head: Buffer): void {
    const { socket } = request;
    // Node took its own handler off before this event: without one, a peer that leaves now would end the process.
    socket.on('error', () => socket.destroy());
    this.upgraded.add(socket);
    socket.once('close', () => this.upgraded.delete(socket));
    const writtenBytes = socket.bytesWritten;
    try {
      const handler = this.upgrades.get(pathOf(request));
      if (handler) handler(request, socket, head);
      else refuseUpgrade(socket, 404);
    } catch {
      if (socket.bytesWritten === writtenBytes) refuseUpgrade(socket, 500);
      else socket.destroy();
    }
  }
}

async function answerGet(get: Get, response: ServerResponse): Promise<void> {
  try {
    const reply = get();
    // What need not wait is answered at once: a probe of a busy pod is late enough.
    send(response, reply instanceof Promise ? await reply : reply);
  } catch {
    if (!response.headersSent) send(response, { status: 500, body: 'internal error\n' });
  }
}

async function answerPost(post: Post, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const body = await readBody(request, MAX_BODY_BYTES);
    if (body) send(response, await post({ path, query: queryOf(request), headers: request.headers, body }));
    else send(response, { status: 413, body: 'too much\n', headers: { Connection: 'close' } });
  } catch {
    if (!response.headersSent) send(response, { status: 500, body: 'internal error\n' });
  }
}

/** Without query, and without slashes at its end. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?')[0]?.replace(/\/+$/, '') ?? '';
}

/** Nothing where the URL has none. */
function queryOf(request: IncomingMessage): URLSearchParams {
  return new URLSearchParams((request.url ?? '').split('?')[1] ?? '');
}

function send(response: ServerResponse, { status, body, headers }: ManagementReply): void {
  const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'Content-Type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    ...headers,
  });
  response.end(text);
}
