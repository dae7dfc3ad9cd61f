import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

export type WireEvent = Record<string, unknown> & { type: string };

interface Arrival {
  there: () => WireEvent | undefined;
  resolve: (event: WireEvent) => void;
}

/** For tests: a realtime service that says just what a test has it say. By default it greets and confirms updates. */
export class ScriptedService {
  /** Upgrade requests so far. */
  readonly requests: IncomingMessage[] = [];
  /** Client events so far. */
  readonly received: WireEvent[] = [];
  /** Answers upgrades with this status instead. */
  refuseWith: number | undefined;
  refusalHeaders = '';
  greeting: object | undefined = { id: 'sess_1' };
  /** What it does with an event. */
  answer: (event: WireEvent, socket: WebSocket) => void = (event, socket) => this.confirmUpdates(event, socket);
  readonly http: Server = createServer();
  readonly sockets = new WebSocketServer({ noServer: true });
  private arrivals: Arrival[] = [];
  private connections: Duplex[] = [];

  static async start(): Promise<ScriptedService> {
    const service = new ScriptedService();
    service.http.on('upgrade', (request, socket, head) => {
      service.requests.push(request);
      service.connections.push(socket);
      socket.on('error', () => undefined);
      if (service.refuseWith === undefined) {
        service.sockets.handleUpgrade(request, socket, head, (webSocket) => service.accept(webSocket));
      } else {
        socket.end(`HTTP/1.1 ${service.refuseWith} No\r\n${service.refusalHeaders}Content-Length: 2\r\n\r\nno`);
      }
    });
    await new Promise<void>((resolve) => service.http.listen(0, '127.0.0.1', resolve));
    return service;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.http.address() as AddressInfo).port}/v1/realtime`;
  }

  /** The socket of the first session that is still connected. */
  get peer(): WebSocket {
    const [socket] = this.sockets.clients;
    if (!socket) throw new Error('nobody is connected');
    return socket;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets.clients) socket.terminate();
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  say(event: object, socket = this.peer): void {
    socket.send(JSON.stringify({ event_id: 'event_x', ...event }));
  }

  /** Bytes as they are, beside the protocol, to the last who connected. */
  write(bytes: Buffer): void {
    this.connections.at(-1)?.write(bytes);
  }

  confirmUpdates(event: WireEvent, socket: WebSocket): void {
    if (event.type !== 'session.update') return;
    // The formats as they stand after it: an update of the input alone leaves the output as it was.
    const { audio } = event['session'] as { audio: { input: object; output?: object } };
    this.say(
      { type: 'session.updated', session: { audio: { output: { format: { type: 'audio/pcmu' } }, ...audio } } },
      socket,
    );
  }

  /** The nth event of this type, arrived already or to come. */
  arrival(type: string, nth = 1): Promise<WireEvent> {
    const there = (): WireEvent | undefined => this.received.filter((event) => event.type === type)[nth - 1];
    return new Promise((resolve) => {
      this.arrivals.push({ there, resolve });
      this.serve();
    });
  }

  private accept(socket: WebSocket): void {
    socket.on('error', () => undefined);
    socket.on('message', (message: Buffer) => {
      const event = JSON.parse(message.toString()) as WireEvent;
      this.received.push(event);
      this.serve();
      this.answer(event, socket);
    });
    if (this.greeting) this.say({ type: 'session.created', session: this.greeting }, socket);
  }

  private serve(): void {
    this.arrivals = this.arrivals.filter(({ there, resolve }) => {
      const event = there();
      if (event) resolve(event);
      return !event;
    });
  }
}
