import { type WebSocket } from 'ws';
import { type Clock } from '../common/clock.js';
import { type ModelFailure } from '../conversation/model.port.js';
import { AppendWriter } from './append-writer.js';
import { failureOfClose, failureOfStatus } from './failures.js';
import { LifeSigns } from './life-signs.js';

export interface WireSurroundings {
  clock: Clock;
  lateness: { readonly late: boolean };
  /** Told of audio that was written, while a frame is looked at. */
  sampler: { readonly open: boolean; written(): void };
  message(message: Buffer, isBinary: boolean): void;
  /** The connection is over, or was ended; told once. */
  over(failure: ModelFailure): void;
}

/** Ten seconds of audio that OpenAI has not read: it has stopped listening. */
const MAX_BUFFERED_BYTES = 131_072;

/** One socket to the Realtime API: events out in order, messages in, and the one end it has, whatever ends it. */
export class EventWire {
  /** Why it is over; undefined while it is not. */
  ending: ModelFailure | undefined;
  /** What the last `error` event said: the reason for a close that follows. */
  lastError: ModelFailure | undefined;
  private opened = false;
  private events = 0;
  private readonly audio: AppendWriter;
  private readonly life: LifeSigns;

  constructor(
    private readonly socket: WebSocket,
    private readonly around: WireSurroundings,
  ) {
    const { lateness, sampler } = around;
    this.audio = new AppendWriter((event) => {
      this.write(event);
      if (sampler.open) sampler.written();
    }, lateness);
    this.life = new LifeSigns(
      around.clock,
      () => this.ping(),
      () => this.abandon({ kind: 'retryable', code: 'model-silent', message: 'OpenAI sends nothing any more' }),
    );
    this.attend();
  }

  /** @param base64 audio as base64 text; not kept beyond the call. */
  append(base64: Buffer): void {
    this.audio.append(base64);
  }

  /** Sends an event. @returns its id. */
  send(type: string, fields: object): string {
    // What was said before comes before: the order of audio and events is the caller's and ours.
    this.audio.flush();
    const eventId = `parley_${++this.events}`;
    this.write(JSON.stringify({ type, event_id: eventId, ...fields }));
    return eventId;
  }

  close(failure: ModelFailure): void {
    this.end(failure);
    this.socket.close(1000);
  }

  private write(event: Buffer | string): void {
    if (this.ending || this.socket.readyState !== this.socket.OPEN) return;
    this.socket.send(event, { binary: false });
    if (this.socket.bufferedAmount <= MAX_BUFFERED_BYTES) return;
    const message = 'OpenAI does not take the audio it is sent';
    this.abandon({ kind: 'retryable', code: 'model-not-reading', message });
  }

  private ping(): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.ping();
  }

  private attend(): void {
    const { socket, life } = this;
    socket.on('open', () => (this.opened = true));
    socket.on('message', (data, isBinary) => {
      if (this.ending) return;
      life.heard = true;
      this.around.message(data as Buffer, isBinary);
    });
    socket.on('ping', () => (life.heard = true));
    socket.on('pong', () => (life.heard = true));
    socket.on('close', (code, reason) => this.end(failureOfClose(code, reason.toString('utf8'), this.lastError)));
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      this.abandon(failureOfStatus(response.statusCode ?? 0, response.headers['retry-after']));
    });
    // Also what breaks the protocol: frames that are compressed, too big or no UTF-8.
    socket.on('error', ({ code = 'socket-error' }: NodeJS.ErrnoException) => {
      const message = this.opened ? 'the connection to OpenAI broke' : 'no connection to OPENAI_REALTIME_URL';
      this.end({ kind: 'retryable', code, message });
    });
  }

  /** The peer is not there to say goodbye to. */
  private abandon(failure: ModelFailure): void {
    this.end(failure);
    this.socket.terminate();
  }

  private end(failure: ModelFailure): void {
    if (this.ending) return;
    this.ending = failure;
    this.life.stop();
    this.around.over(failure);
  }
}
