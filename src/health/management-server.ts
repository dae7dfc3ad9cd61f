import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

/** What a management path answers. */
export interface ManagementReply {
  status: number;
  body: string | object;
}

/**
 * The second listener: health and figures, and what pods say to each other. Plain HTTP of our own, apart from the public
 * application, because it must answer whatever that one is doing, and never goes through the ingress.
 */
export class ManagementServer {
  private readonly server: Server;
  private readonly routes = new Map<string, () => ManagementReply>();

  constructor() {
    this.server = createServer((request, response) => this.answer(request, response));
    this.server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** Answers GET requests for `path`. */
  get(path: string, reply: () => ManagementReply): void {
    this.routes.set(path, reply);
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

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const path = (request.url ?? '/').split('?')[0]?.replace(/\/+$/, '') ?? '';
    const route = this.routes.get(path);
    if (!route) return send(response, { status: 404, body: 'not found\n' });
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return send(response, { status: 405, body: 'method not allowed\n' });
    }
    try {
      send(response, route());
    } catch {
      send(response, { status: 500, body: 'internal error\n' });
    }
  }
}

function send(response: ServerResponse, { status, body }: ManagementReply): void {
  const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'Content-Type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
    'Cache-Control': 'no-store',
  });
  response.end(text);
}
