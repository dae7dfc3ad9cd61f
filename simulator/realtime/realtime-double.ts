import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { type Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { checkConnect, KNOWN_MODELS } from './connect-check.js';
import { DoubleSession } from './double-session.js';
import { RealtimeFaults } from './faults.js';
import { newId } from './ids.js';
import { type McpServers } from './mcp-servers.js';
import { type AssistantScript } from './script.js';
import { DEFAULT_SWITCHES, type RealtimeSwitches } from './switches.js';
import { Timers } from './timers.js';
import { VoiceBox } from './voice-synth.js';
import { closeReasonOf } from './wire-errors.js';

export interface RealtimeDoubleOptions {
  /** 0, the default, takes a free port. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** PEM texts; with them the double speaks `wss:`. */
  tls?: { key: string | Buffer; cert: string | Buffer };
  /** The only key that is let in, as bearer token or `api-key` header. Default `sk-double`. */
  apiKey?: string;
  /** Models that exist; by default the speech models of late 2026. */
  models?: readonly string[];
  switches?: Partial<RealtimeSwitches>;
  script?: AssistantScript;
  /** MCP servers by label; a label that is not here cannot be reached. */
  mcpServers?: McpServers;
  /** Offered compression is accepted, as the service does; false refuses it. */
  perMessageDeflate?: boolean;
}

/** A connection that never became a session. */
export interface Refusal {
  /** HTTP status of the refused upgrade, or 101 when the error came over the socket. */
  status: number;
  /** The close reason, for a 101. */
  reason: string;
}

interface SessionWaiter {
  predicate: (session: DoubleSession) => boolean;
  resolve: (session: DoubleSession) => void;
  reject: (error: Error) => void;
}

const REALTIME_PATH = '/v1/realtime';
/** Room for an append of 15 MiB of audio, which base64 makes a third larger. */
const MAX_FRAME_BYTES = 24 * 1024 * 1024;
const STATUS_TEXT: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/**
 * A server that speaks the OpenAI Realtime API (GA, over WebSocket) as far as a telephone gateway can see: sessions,
 * voice activity detection, responses faster than real time, interruption, truncation, items, functions, usage, errors.
 */
export class RealtimeDouble {
  /** Where clients connect, without the `?model=`. */
  readonly url: string;
  readonly port: number;
  /** Change them at any time; most take effect with the next event, `maxSessionMs` with the next session. */
  readonly switches: RealtimeSwitches;
  readonly faults: RealtimeFaults;
  /** What the assistant says, in every session without a script of its own. */
  script: AssistantScript;
  /** The MCP servers that sessions can reach. Change them at any time; a listing that is over stays as it is. */
  mcpServers: McpServers;

  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #options: RealtimeDoubleOptions;
  readonly #timers = new Timers();
  readonly #voices = new VoiceBox();
  readonly #sessions: DoubleSession[] = [];
  readonly #refusals: Refusal[] = [];
  readonly #notHandedOut = new Set<DoubleSession>();
  readonly #waiters = new Set<SessionWaiter>();
  /** Sockets that wait for their 101: neither the HTTP server nor a session holds on to them. */
  readonly #delayed = new Set<Duplex>();

  private constructor(server: Server, options: RealtimeDoubleOptions) {
    this.#server = server;
    this.#options = options;
    this.port = (server.address() as AddressInfo).port;
    this.url = `${options.tls ? 'wss' : 'ws'}://${options.host ?? '127.0.0.1'}:${this.port}${REALTIME_PATH}`;
    this.switches = { ...DEFAULT_SWITCHES, ...options.switches };
    this.script = options.script ?? {};
    this.mcpServers = options.mcpServers ?? {};
    this.faults = new RealtimeFaults(() => this.#sessions.filter((session) => session.open));
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: MAX_FRAME_BYTES,
      // The session answers PING itself, so that a stalled one can leave it.
      autoPong: false,
      perMessageDeflate: options.perMessageDeflate ?? true,
      // `realtime` is the one that browsers offer; a server-side client offers none.
      handleProtocols: (offered) => (offered.has('realtime') ? 'realtime' : false),
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    server.on('request', (_request, response) => {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"error":{"message":"Only WebSocket upgrades are served here.","type":"invalid_request_error"}}');
    });
    server.on('clientError', (_error, socket) => socket.destroy());
    server.on('error', () => undefined);
  }

  /** Listens, and resolves once connections are taken. Rejects when the port is in use. */
  static async start(options: RealtimeDoubleOptions = {}): Promise<RealtimeDouble> {
    const server = options.tls ? createTlsServer({ key: options.tls.key, cert: options.tls.cert }) : createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port ?? 0, options.host ?? '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
    return new RealtimeDouble(server, options);
  }

  /** Every session ever opened, newest last. */
  get sessions(): readonly DoubleSession[] {
    return this.#sessions;
  }

  /** Connections that never became a session, oldest first. */
  get refusals(): readonly Refusal[] {
    return this.#refusals;
  }

  /** The next session that this method has not handed out yet and that satisfies the predicate, open already or not. */
  nextSession(predicate: (session: DoubleSession) => boolean = () => true, timeoutMs = 10_000): Promise<DoubleSession> {
    for (const session of this.#notHandedOut) {
      if (!predicate(session)) continue;
      this.#notHandedOut.delete(session);
      return Promise.resolve(session);
    }
    return new Promise((resolve, reject) => {
      const settle = (action: () => void) => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        action();
      };
      const waiter: SessionWaiter = {
        predicate,
        resolve: (session) => settle(() => resolve(session)),
        reject: (error) => settle(() => reject(error)),
      };
      const timer = setTimeout(() => waiter.reject(new Error(`no new session within ${timeoutMs} ms`)), timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  /** Ends every session (the clients see 1006) and frees the port. */
  async close(): Promise<void> {
    this.#timers.close();
    for (const waiter of [...this.#waiters]) waiter.reject(new Error('the double was closed'));
    for (const socket of this.#sockets.clients) socket.terminate();
    for (const socket of this.#delayed) socket.destroy();
    this.#sockets.close();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
    await Promise.all(this.#sessions.map(({ closed }) => closed));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const url = new URL(request.url ?? '/', 'http://double');
    if (url.pathname !== REALTIME_PATH) return this.#refuse(socket, 404);
    const refusal = this.faults.take('refuseUpgrade');
    if (refusal) return this.#refuse(socket, refusal.status, refusal.retryAfterSeconds);
    const proceed = () => {
      if (socket.destroyed) return;
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket, request, url));
    };
    const delay = this.faults.take('delayUpgrade');
    if (!delay) return proceed();
    this.#delayed.add(socket);
    this.#timers.after(delay.ms, () => {
      this.#delayed.delete(socket);
      proceed();
    });
  }

  #refuse(socket: Duplex, status: number, retryAfterSeconds?: number): void {
    this.#refusals.push({ status, reason: '' });
    const body = JSON.stringify({
      error: { message: `Refused with ${status}.`, type: status >= 500 ? 'server_error' : 'invalid_request_error' },
    });
    const retryAfter = retryAfterSeconds === undefined ? '' : `Retry-After: ${retryAfterSeconds}\r\n`;
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? 'Refused'}\r\nConnection: close\r\n${retryAfter}` +
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  #accept(socket: WebSocket, request: IncomingMessage, url: URL): void {
    const problem = checkConnect({
      headers: request.headers,
      query: url.searchParams,
      apiKey: this.#options.apiKey ?? 'sk-double',
      models: this.#options.models ?? KNOWN_MODELS,
      failAuth: this.faults.take('failAuth'),
    });
    if (problem) {
      const reason = closeReasonOf(problem.error);
      this.#refusals.push({ status: 101, reason });
      socket.on('error', () => undefined);
      const event = { type: 'error', event_id: newId('event'), error: { ...problem.error, event_id: null } };
      socket.send(JSON.stringify(event), () => undefined);
      socket.close(problem.closeCode, reason);
      return;
    }
    const session = new DoubleSession({
      socket,
      model: url.searchParams.get('model') ?? '',
      headers: request.headers,
      switches: this.switches,
      faults: this.faults,
      voices: this.#voices,
      script: () => this.script,
      mcpServers: () => this.mcpServers,
    });
    this.#sessions.push(session);
    for (const waiter of this.#waiters) {
      if (waiter.predicate(session)) return waiter.resolve(session);
    }
    this.#notHandedOut.add(session);
  }
}
