import { Agent, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { type Clock } from '../../common/clock.js';
import { MAX_BODY_BYTES } from '../../health/management-server.js';
import { codeOf, connectionError } from './connection-error.js';
import { MAX_FRAME_BYTES } from './peer-wire.js';

export interface Answered {
  kind: 'answered';
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** No answer, and what follows from that. */
export interface NoAnswer {
  kind: 'dead' | 'silent' | 'failed';
  detail: string;
}

/** An upgrade that was answered with 101; the socket is paused. */
export interface Opened {
  kind: 'opened';
  headers: IncomingHttpHeaders;
  socket: WebSocket;
  transport: Socket;
}

/** Idle connections kept for each pod. */
const IDLE_CONNECTIONS = 4;
/** Shorter than the five seconds after which Node's server ends an idle connection, so that we are the first. */
const IDLE_MS = 4_000;

/**
 * How long after a cut the same request is sent again. A kernel that takes a killed process away may cut its connections
 * a moment before it closes the listener, so that the first one can still be let in, to be cut as well.
 */
const AGAIN_AFTER_MS = [0, 50];

/**
 * HTTP to other pods, and what can be known of a pod from the way it fails. A connection that is cut before the answer
 * is no news: it may have lain idle too long, or its process may have been killed a moment ago. So the same request is
 * sent again, on a connection of its own; a dead process refuses that. The receiver knows the request by its nonce, and
 * does nothing twice.
 */
export class PeerHttp {
  private readonly agent = new Agent({
    keepAlive: true,
    maxFreeSockets: IDLE_CONNECTIONS,
    scheduling: 'lifo',
    timeout: IDLE_MS,
  });

  constructor(private readonly clock: Clock) {}

  /** Ends idle connections. */
  close(): void {
    this.agent.destroy();
  }

  /** Never rejects. @param timeoutMs for the whole of it. */
  post(
    address: string,
    path: string,
    headers: Record<string, string>,
    body: Buffer,
    timeoutMs: number,
  ): Promise<Answered | NoAnswer> {
    return this.attempt(timeoutMs, (again, settle, failed) => {
      const sent = request({
        ...hostAndPort(address),
        method: 'POST',
        path,
        agent: again ? false : this.agent,
        headers: { 'Content-Type': 'application/json', 'Content-Length': body.length, ...headers },
      });
      sent.on('error', failed);
      sent.on('response', (response) => readAnswer(response, settle, failed));
      sent.end(body);
      return () => sent.destroy();
    });
  }

  /** Opens a WebSocket. Never rejects. @param timeoutMs for the whole of it. */
  dial(
    address: string,
    path: string,
    headers: Record<string, string>,
    timeoutMs: number,
  ): Promise<Answered | NoAnswer | Opened> {
    return this.attempt<Answered | NoAnswer | Opened>(timeoutMs, (_again, settle, failed) => {
      const { host, port } = hostAndPort(address);
      const socket = new WebSocket(`ws://${host.includes(':') ? `[${host}]` : host}:${port}${path}`, {
        headers,
        agent: false,
        perMessageDeflate: false,
        maxPayload: MAX_FRAME_BYTES,
      });
      let upgrade: IncomingMessage | undefined;
      socket.on('error', failed);
      socket.on('upgrade', (response) => (upgrade = response));
      socket.on('unexpected-response', (sent: ClientRequest, response: IncomingMessage) => {
        readAnswer(response, settle, failed);
        response.once('close', () => sent.destroy());
      });
      socket.on('open', () => {
        if (!upgrade) return;
        // Frames may have come along with the answer: they wait until somebody listens.
        socket.pause();
        settle({ kind: 'opened', headers: upgrade.headers, socket, transport: upgrade.socket });
      });
      return () => socket.terminate();
    });
  }

  /**
   * Tries once, and again on other connections where that was cut.
   * @param start begins a try; returns how to give it up.
   */
  private attempt<T extends { kind: string }>(
    timeoutMs: number,
    start: (again: boolean, settle: (result: T | NoAnswer) => void, failed: (error: unknown) => void) => () => void,
  ): Promise<T | NoAnswer> {
    return new Promise((resolve) => {
      let over = false;
      let giveUp: () => void = () => undefined;
      const settle = (result: T | NoAnswer): void => {
        if (over) return;
        over = true;
        timer.cancel();
        resolve(result);
      };
      const timer = this.clock.after(timeoutMs, () => {
        settle({ kind: 'silent', detail: `no answer within ${timeoutMs} ms` });
        giveUp();
      });
      const attempt = (tries: number): void => {
        if (over) return;
        let failedOnce = false;
        try {
          giveUp = start(tries > 0, settle, (error) => {
            if (over || failedOnce) return;
            failedOnce = true;
            const againAfterMs = connectionError(error) === 'cut' ? AGAIN_AFTER_MS[tries] : undefined;
            if (againAfterMs === undefined) settle(verdictOn(error));
            else this.clock.after(againAfterMs, () => attempt(tries + 1));
          });
        } catch (error) {
          settle({ kind: 'failed', detail: String(error) });
        }
      };
      attempt(0);
    });
  }
}

function readAnswer(
  response: IncomingMessage,
  settle: (answer: Answered | NoAnswer) => void,
  failed: (error: unknown) => void,
): void {
  const pieces: Buffer[] = [];
  let bytes = 0;
  response.on('error', failed);
  response.on('data', (piece: Buffer) => {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes <= MAX_BODY_BYTES) return;
    settle({ kind: 'failed', detail: 'the answer is too long' });
    response.destroy();
  });
  response.on('end', () => {
    const { statusCode: status = 0, headers } = response;
    settle({ kind: 'answered', status, headers, body: Buffer.concat(pieces, bytes) });
  });
}

function verdictOn(error: unknown): NoAnswer {
  const detail = codeOf(error) ?? String(error);
  switch (connectionError(error)) {
    case 'refused':
      return { kind: 'dead', detail };
    case 'cut':
    case 'unreachable':
      return { kind: 'silent', detail };
    case 'garbled':
      return { kind: 'failed', detail };
  }
}

/** @throws where an address is none. */
function hostAndPort(address: string): { host: string; port: number } {
  const { host, port } = /^\[?(?<host>[^[\]/?#@]+?)\]?:(?<port>\d{1,5})$/.exec(address)?.groups ?? {};
  if (!host || !port) throw new Error('the address is not host:port');
  return { host, port: Number(port) };
}
