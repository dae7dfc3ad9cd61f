import * as http from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { EventLog } from './event-log.js';

export interface ReceivedWebhook {
  readonly headers: http.IncomingHttpHeaders;
  readonly raw: string;
  readonly body: unknown;
}

export interface AppSocket {
  readonly socket: WebSocket;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  /** Frames from the double, parsed. */
  readonly frames: AppSocketFrame[];
  closeCode: number | undefined;
}

export interface AppSocketFrame {
  readonly event: string;
  readonly sequence_number?: string;
  readonly stream_id?: string;
  readonly [field: string]: unknown;
}

/** The least app that can stand at the other end of the double in its own tests: it records, and answers as told. */
export class StubApp {
  readonly webhooks: ReceivedWebhook[] = [];
  readonly sockets: AppSocket[] = [];
  /** Entries: `webhook <type>`, `socket`, `<frame event>`, `close`. */
  readonly log = new EventLog<string>('stub app', () => performance.now());
  /** Status of the next webhook reply; `undefined` never replies. */
  replyStatus: (webhook: ReceivedWebhook, index: number) => number | undefined = () => 200;
  /** Status with which upgrades are refused, or 101; `undefined` never answers. */
  upgradeStatus: () => number | undefined = () => 101;

  private readonly server = http.createServer((request, response) => this.onRequest(request, response));
  private readonly upgrades = new Set<Duplex>();
  private readonly webSockets = new WebSocketServer({ noServer: true });

  static async start(): Promise<StubApp> {
    const app = new StubApp();
    app.server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => undefined);
      socket.on('close', () => app.upgrades.delete(socket));
      app.upgrades.add(socket);
      const status = app.upgradeStatus();
      if (status === undefined) return;
      if (status !== 101) {
        socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
        return;
      }
      app.webSockets.handleUpgrade(request, socket, head, (webSocket) => app.onSocket(webSocket, request));
    });
    await new Promise<void>((resolve) => app.server.listen(0, '127.0.0.1', resolve));
    return app;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get webhookUrl(): string {
    return `http://127.0.0.1:${this.port}/webhooks/`;
  }

  /** As an app would build it: always `wss`. */
  get streamUrl(): string {
    return `wss://127.0.0.1:${this.port}/media-stream/token`;
  }

  /** The newest media socket. */
  get socket(): AppSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('stub app: no media socket yet');
    return socket;
  }

  send(frame: object): void {
    this.socket.socket.send(JSON.stringify(frame));
  }

  sendMedia(payload: Buffer): void {
    this.send({ event: 'media', media: { payload: payload.toString('base64') } });
  }

  /** Resolves with the `count`th frame of this kind on the newest socket. */
  frame(event: string, count = 1, timeoutMs = 10_000): Promise<AppSocketFrame> {
    const find = (): AppSocketFrame | undefined =>
      this.sockets.at(-1)?.frames.filter((frame) => frame.event === event)[count - 1];
    return this.log.waitUntil(find, timeoutMs, `frame ${event} (${count})`);
  }

  async close(): Promise<void> {
    for (const { socket } of this.sockets) socket.terminate();
    for (const socket of this.upgrades) socket.destroy();
    this.webSockets.close();
    this.log.close();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private onRequest(request: http.IncomingMessage, response: http.ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString();
      const webhook = { headers: request.headers, raw, body: parse(raw) };
      this.webhooks.push(webhook);
      const status = this.replyStatus(webhook, this.webhooks.length - 1);
      if (status !== undefined) response.writeHead(status).end();
      this.log.add(`webhook ${eventTypeOf(webhook.body)}`);
    });
  }

  private onSocket(socket: WebSocket, request: http.IncomingMessage): void {
    const entry: AppSocket = {
      socket,
      path: request.url ?? '',
      headers: request.headers,
      frames: [],
      closeCode: undefined,
    };
    this.sockets.push(entry);
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const frame = parse(data.toString()) as AppSocketFrame | undefined;
      if (frame === undefined) return;
      entry.frames.push(frame);
      this.log.add(frame.event);
    });
    socket.on('close', (code) => {
      entry.closeCode = code;
      this.log.add('close', String(code));
    });
    this.log.add('socket');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function eventTypeOf(body: unknown): string {
  const { data, event_type } = (body ?? {}) as { data?: { event_type?: string }; event_type?: string };
  return data?.event_type ?? event_type ?? 'unknown';
}
