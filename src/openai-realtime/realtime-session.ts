import { type PinoLogger } from 'nestjs-pino';
import { type WebSocket } from 'ws';
import { type Clock, type Timer } from '../common/clock.js';
import { type G711Law } from '../conversation/line.port.js';
import {
  type HistoryItem,
  type ModelFailure,
  type ModelListener,
  type ModelSession,
} from '../conversation/model.port.js';
import { type Counters } from '../telemetry/counters.js';
import { AppendWriter } from './append-writer.js';
import { type ApiError, failureOfClose, failureOfConfiguration, failureOfError, failureOfStatus } from './failures.js';
import { parseServerEvent, scanAudioDelta, type ServerEvent } from './server-events.js';
import { audioFormat, inputFormatUpdate } from './session-config.js';
import { tellListener } from './tell-listener.js';

export interface SessionSurroundings {
  clock: Clock;
  log: PinoLogger;
  counters: Counters;
  lateness: { readonly late: boolean };
  /** How long the model may take from the dial to the confirmed configuration, and for each later confirmation. */
  timeoutMs: number;
  takesTurnsItself: boolean;
}

/** Ten seconds of audio that OpenAI has not read: it has stopped listening. */
const MAX_BUFFERED_BYTES = 131_072;

const CLOSED: ModelFailure = { kind: 'retryable', code: 'closed', message: 'the session was closed' };

interface Confirmation {
  law: G711Law;
  /** The `session.update` that is to be confirmed; undefined for the first, which nothing else can be taken for. */
  updateId: string | undefined;
  timer: Timer;
  resolve(): void;
  reject(failure: ModelFailure): void;
}

/**
 * One session with OpenAI's Realtime API (GA) on one socket. Ready once `session.updated` has echoed the formats that
 * were asked for; audio before that would be taken for something else.
 */
export class RealtimeSession implements ModelSession {
  id = '';
  readonly takesTurnsItself: boolean;
  /** When it was dialled, on the app's clock. */
  readonly openedMs: number;
  /** The law the model has confirmed. */
  law: G711Law;
  private listener: ModelListener | undefined;
  private readonly audio: AppendWriter;
  private confirmation: Confirmation | undefined;
  /** Resolves when the last confirmation has come, or never will. */
  private settled: Promise<void> = Promise.resolve();
  private configured = false;
  private lastError: ModelFailure | undefined;
  private over = false;
  private events = 0;

  private constructor(
    private readonly socket: WebSocket,
    private readonly around: SessionSurroundings,
    private readonly config: object,
    law: G711Law,
  ) {
    this.takesTurnsItself = around.takesTurnsItself;
    this.openedMs = around.clock.nowMs();
    this.law = law;
    this.audio = new AppendWriter((event) => this.write(event), around.lateness);
    socket.on('message', (data, isBinary) => this.guarded(() => this.receive(data as Buffer, isBinary)));
    socket.on('close', (code, reason) => this.end(failureOfClose(code, reason.toString('utf8'), this.lastError)));
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      this.end(failureOfStatus(response.statusCode ?? 0));
      socket.terminate();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.end({
        kind: 'retryable',
        code: error.code ?? 'socket-error',
        message: 'no connection to OPENAI_REALTIME_URL',
      });
    });
  }

  /**
   * Resolves when the session is configured and its formats are confirmed.
   * Rejects with a {@link ModelFailure}.
   */
  static open(socket: WebSocket, config: object, law: G711Law, around: SessionSurroundings): Promise<RealtimeSession> {
    const session = new RealtimeSession(socket, around, config, law);
    return session.confirmed(law, undefined).then(() => session);
  }

  /** Still connected. */
  get alive(): boolean {
    return !this.over;
  }

  listen(listener: ModelListener): void {
    this.listener = listener;
  }

  appendAudio(base64: Buffer): void {
    this.audio.append(base64);
  }

  async setInputLaw(law: G711Law): Promise<void> {
    // One change at a time: the echo does not say which update it answers.
    while (this.confirmation) await this.settled;
    if (law === this.law) return;
    await this.confirmed(law, this.send('session.update', { session: inputFormatUpdate(law) }));
  }

  remember({ role, text }: HistoryItem): void {
    const item =
      role === 'assistant'
        ? { type: 'message', role, content: [{ type: 'output_text', text }] }
        : { type: 'message', role: role === 'caller' ? 'user' : role, content: [{ type: 'input_text', text }] };
    this.send('conversation.item.create', { item });
  }

  createResponse(): string {
    return this.send('response.create', {});
  }

  cancelResponse(responseId: string): void {
    this.send('response.cancel', { response_id: responseId });
  }

  truncateItem(itemId: string, heardMs: number): void {
    this.send('conversation.item.truncate', { item_id: itemId, content_index: 0, audio_end_ms: heardMs });
  }

  deleteItem(itemId: string): void {
    this.send('conversation.item.delete', { item_id: itemId });
  }

  close(): void {
    this.listener = undefined;
    this.fail(CLOSED);
  }

  /** Sends an event. @returns its id. */
  private send(type: string, fields: object): string {
    // What was said before comes before: the order of audio and events is the caller's and ours.
    this.audio.flush();
    const eventId = `parley_${++this.events}`;
    this.write(JSON.stringify({ type, event_id: eventId, ...fields }));
    return eventId;
  }

  private write(event: Buffer | string): void {
    if (this.over || this.socket.readyState !== this.socket.OPEN) return;
    this.socket.send(event, { binary: false });
    if (this.socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.end({ kind: 'retryable', code: 'model-not-reading', message: 'OpenAI does not take the audio it is sent' });
      this.socket.terminate();
    }
  }

  private confirmed(law: G711Law, updateId: string | undefined): Promise<void> {
    const confirmed = new Promise<void>((resolve, reject) => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a failure is a value on this port
      if (this.over) return reject(CLOSED);
      const timer = this.around.clock.after(this.around.timeoutMs, () => {
        this.fail({
          kind: 'retryable',
          code: 'timeout',
          message: 'OpenAI did not confirm the session in time (OPENAI_CONNECT_TIMEOUT_MS)',
        });
      });
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a failure is a value on this port
      this.confirmation = { law, updateId, timer, resolve, reject: (failure) => reject(failure) };
    });
    this.settled = confirmed.catch(() => undefined);
    return confirmed;
  }

  private receive(message: Buffer, isBinary: boolean): void {
    if (this.over) return;
    const delta = isBinary ? undefined : scanAudioDelta(message);
    if (delta) {
      this.listener?.audio(delta.responseId, delta.itemId, delta.audio);
      return;
    }
    const parsed = parseServerEvent(message);
    if (parsed.kind === 'event') this.handle(parsed.event);
    else if (parsed.kind === 'other') this.around.counters.modelEventsUnused++;
    else {
      this.around.counters.modelEventsInvalid++;
      this.around.log.warn({ reason: parsed.reason }, 'event from OpenAI that cannot be read, passed over');
    }
  }

  private handle(event: ServerEvent): void {
    switch (event.type) {
      case 'session.created':
        this.id = event.session.id ?? '';
        this.send('session.update', { session: this.config });
        return;
      case 'session.updated':
        this.checkFormats(event.session.audio?.input?.format?.type, event.session.audio?.output?.format?.type);
        return;
      case 'error':
        this.refused(event.error);
        return;
      default:
        if (this.listener) tellListener(event, this.listener);
    }
  }

  private checkFormats(input: string | undefined, output: string | undefined): void {
    const { confirmation } = this;
    if (!confirmation) return;
    if (input === audioFormat(confirmation.law).type && output === audioFormat('pcmu').type) {
      confirmation.timer.cancel();
      this.confirmation = undefined;
      this.configured = true;
      this.law = confirmation.law;
      confirmation.resolve();
      return;
    }
    this.fail({
      kind: 'fatal',
      code: 'formats-not-echoed',
      message: `OpenAI confirmed other audio formats than asked for (${input ?? 'none'} in, ${output ?? 'none'} out): the caller would hear noise`,
    });
  }

  /** An `error` event: never the end by itself, unless the session is not configured yet or a close follows. */
  private refused(error: ApiError & { event_id?: string | null | undefined }): void {
    this.lastError = failureOfError(error);
    if (this.confirmation && this.concernsUpdate(error, this.confirmation)) {
      this.fail(failureOfConfiguration(error));
      return;
    }
    this.listener?.refused(this.lastError.code, error.event_id ?? undefined);
  }

  /** Before the first configuration nothing else was sent; later, errors of other requests may come in between. */
  private concernsUpdate(error: ApiError & { event_id?: string | null | undefined }, { updateId }: Confirmation) {
    if (!this.configured) return true;
    return error.event_id == null ? (error.param ?? '').startsWith('session') : error.event_id === updateId;
  }

  private fail(failure: ModelFailure): void {
    this.end(failure);
    this.socket.close(1000);
  }

  /** The session is over; whoever waits for it or listens to it is told, once. */
  private end(failure: ModelFailure): void {
    if (this.over) return;
    this.over = true;
    const { confirmation, listener } = this;
    this.listener = undefined;
    if (confirmation) {
      confirmation.timer.cancel();
      this.confirmation = undefined;
      confirmation.reject(failure);
    }
    listener?.lost(failure);
  }

  /** A mistake of ours while handling an event ends this session, not the process. */
  private guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.around.log.error({ err: error }, 'event from OpenAI could not be handled');
      this.fail({ kind: 'retryable', code: 'internal-error', message: 'an event could not be handled' });
    }
  }
}
