import { type INestApplicationContext } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { type MessageMappingProperties } from '@nestjs/websockets';
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { type Duplex } from 'node:stream';
import { type Observable } from 'rxjs';
import { type WebSocket, type WebSocketServer } from 'ws';
import { type UpgradePolicy } from './upgrade-policy.js';

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** How long peers get to answer a close frame when the server goes down. */
const CLOSE_GRACE_MS = 200;

/**
 * Nest's `ws` adapter with three differences: an upgrade is refused with a real HTTP status (the stock one destroys the
 * socket), a gateway's path may be followed by a token, and a gateway without message handlers has no rxjs on the way of
 * its frames. Built against @nestjs/platform-ws 12.1.
 */
export class MediaStreamAdapter extends WsAdapter {
  private readonly upgradeListeners: [Server, UpgradeListener][] = [];

  constructor(
    app: INestApplicationContext,
    private readonly policy: UpgradePolicy,
  ) {
    super(app);
  }

  override bindMessageHandlers(
    client: WebSocket,
    handlers: MessageMappingProperties[],
    transform: (data: unknown) => Observable<unknown>,
  ): void {
    if (handlers.length > 0) super.bindMessageHandlers(client, handlers, transform);
  }

  override async close(server: WebSocketServer): Promise<void> {
    for (const client of server.clients) client.close(1001, 'shutting down');
    if (server.clients.size > 0) await new Promise((resolve) => setTimeout(resolve, CLOSE_GRACE_MS));
    await super.close(server);
  }

  override async dispose(): Promise<void> {
    for (const [server, listener] of this.upgradeListeners) server.off('upgrade', listener);
    await super.dispose();
  }

  protected override ensureHttpServerExists(port: number, httpServer: Server = createServer()): Server | undefined {
    if (this.httpServersRegistry.has(port)) return undefined;
    this.httpServersRegistry.set(port, httpServer);
    const listener: UpgradeListener = (request, socket, head) => this.upgrade(port, request, socket, head);
    httpServer.on('upgrade', listener);
    this.upgradeListeners.push([httpServer, listener]);
    return httpServer;
  }

  private upgrade(port: number, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node took its own handler off before this event: without one, a peer that leaves now would end the process.
    socket.on('error', () => socket.destroy());
    const path = pathOf(request);
    if (path === undefined) return refuse(socket, 400);
    const gateways = (this.wsServersRegistry.get(port) ?? []) as (WebSocketServer & { path: string })[];
    const gateway = gateways.find((server) => path === server.path || path.startsWith(`${server.path}/`));
    if (!gateway) return refuse(socket, 404);
    try {
      const verdict = this.policy.check(request, path.slice(gateway.path.length + 1));
      if (!verdict.accept) return refuse(socket, verdict.status);
      gateway.handleUpgrade(request, socket, head, (client) => gateway.emit('connection', client, request));
    } catch {
      refuse(socket, 500);
    }
  }
}

/** The path without slashes at its end; undefined for a URL that is none. */
function pathOf(request: IncomingMessage): string | undefined {
  const url = request.url ?? '/';
  if (!URL.canParse(url, 'http://localhost')) return undefined;
  return new URL(url, 'http://localhost').pathname.replace(/\/+$/, '') || '/';
}

function refuse(socket: Duplex, status: number): void {
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
