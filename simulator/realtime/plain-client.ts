import { WebSocket } from 'ws';
import { EventLog, type LoggedEvent } from './event-log.js';

/**
 * The least client of the Realtime API, with no opinion about what is right: it sends what it is told and logs what it
 * gets. For tests of the double.
 */
export class PlainClient {
  readonly socket: WebSocket;
  /** Server events as received, audio included. */
  readonly log = new EventLog('event from the server');
  readonly closed: Promise<{ code: number; reason: string }>;
  /** HTTP status of a refused upgrade. */
  readonly refused: Promise<number>;

  constructor(url: string, headers: Record<string, string> = { Authorization: 'Bearer sk-double' }) {
    this.socket = new WebSocket(url, { headers, perMessageDeflate: false });
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.refused = new Promise((resolve) => {
      this.socket.on('unexpected-response', (request, response) => {
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
    });
    this.socket.on('error', () => undefined);
    this.socket.on('message', (data) => {
      this.log.push(JSON.parse((data as Buffer).toString()) as LoggedEvent);
    });
  }

  /** Connects and waits for `session.created`. */
  static async open(url: string): Promise<PlainClient> {
    const client = new PlainClient(`${url}?model=gpt-realtime-2.1`);
    await client.next('session.created');
    return client;
  }

  /** Connects and sets mu-law both ways; `session` adds to the update, `input` to its `audio.input`. */
  static async phone(
    url: string,
    session: Record<string, unknown> = {},
    input: Record<string, unknown> = {},
  ): Promise<PlainClient> {
    const client = await PlainClient.open(url);
    const format = { type: 'audio/pcmu' };
    client.update({ audio: { input: { format, ...input }, output: { format } }, ...session });
    await client.next('session.updated');
    return client;
  }

  send(event: Record<string, unknown>): void {
    this.socket.send(JSON.stringify(event));
  }

  update(session: Record<string, unknown>): void {
    this.send({ type: 'session.update', session: { type: 'realtime', ...session } });
  }

  /** Appends audio in frames of 20 ms of G.711. */
  hear(audio: Uint8Array): void {
    for (let at = 0; at < audio.length; at += 160) {
      const frame = Buffer.from(audio.subarray(at, at + 160)).toString('base64');
      this.send({ type: 'input_audio_buffer.append', audio: frame });
    }
  }

  next(type: string, predicate?: (event: LoggedEvent) => boolean, timeoutMs?: number): Promise<LoggedEvent> {
    return this.log.next(type, predicate, timeoutMs);
  }

  /** Types received so far, in order. */
  get types(): string[] {
    return this.log.events.map(({ type }) => type);
  }

  close(): void {
    this.socket.close(1000);
  }
}
