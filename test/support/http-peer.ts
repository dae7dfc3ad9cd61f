import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

export interface PeerRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What is answered, `afterMs` later; undefined: nothing, ever. */
export type PeerAnswer = { status?: number; body?: string; afterMs?: number } | undefined;

/** Somebody else's HTTP server that the gateway is configured with: a tool's, or the receiver of reports. */
export class HttpPeer {
  readonly requests: PeerRequest[] = [];
  private readonly watchers = new Set<() => void>();

  private constructor(
    private readonly server: Server,
    private readonly answer: (request: PeerRequest) => PeerAnswer,
  ) {}

  static async start(answer: (request: PeerRequest) => PeerAnswer): Promise<HttpPeer> {
    const server = createServer();
    const peer = new HttpPeer(server, answer);
    server.on('request', (incoming, outgoing) => {
      let body = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (piece: string) => (body += piece));
      incoming.on('error', () => undefined);
      incoming.on('end', () => {
        const { method = '', url = '', headers } = incoming;
        const {
          status = 200,
          body: text = '',
          afterMs = 0,
        } = peer.take({ method, path: url, headers, body }) ?? {
          afterMs: Infinity,
        };
        const reply = (): void => void outgoing.writeHead(status, { 'content-type': 'application/json' }).end(text);
        if (afterMs === 0) reply();
        else if (afterMs < Infinity) setTimeout(reply, afterMs);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return peer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resolves when there were so many requests. */
  async waitFor(count: number): Promise<void> {
    while (this.requests.length < count) await new Promise<void>((resolve) => this.watchers.add(resolve));
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private take(request: PeerRequest): PeerAnswer {
    this.requests.push(request);
    for (const watcher of this.watchers) watcher();
    this.watchers.clear();
    return this.answer(request);
  }
}
