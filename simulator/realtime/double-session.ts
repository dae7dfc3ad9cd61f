import { type RawData, type WebSocket } from 'ws';
import { readClientFrame } from './client-frame.js';
import {
  type Approval,
  approvalsIn,
  type FunctionOutput,
  functionOutputsIn,
  responseCreatesIn,
} from './client-record.js';
import { type Item } from './conversation.js';
import { EventLog, type LoggedEvent } from './event-log.js';
import { type LiveSession, type RealtimeFaults } from './faults.js';
import { newId } from './ids.js';
import { type McpServers } from './mcp-servers.js';
import { type AssistantScript, type ScriptedReply } from './script.js';
import { type SessionConfig } from './session-config.js';
import { SessionCore, type Violation } from './session-core.js';
import { SessionWire } from './session-wire.js';
import { type RealtimeSwitches } from './switches.js';
import { Timers } from './timers.js';
import { type VoiceBox } from './voice-synth.js';
import { closeReasonOf, invalidRequest, sessionExpired } from './wire-errors.js';
import { type WireError } from './wire-types.js';

export interface DoubleSessionOptions {
  socket: WebSocket;
  model: string;
  /** Headers of the upgrade request, names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  switches: RealtimeSwitches;
  faults: RealtimeFaults;
  voices: VoiceBox;
  script: () => AssistantScript;
  mcpServers: () => McpServers;
}

/** Short names that `waitFor` also takes. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  speech_started: 'input_audio_buffer.speech_started',
  speech_stopped: 'input_audio_buffer.speech_stopped',
  committed: 'input_audio_buffer.committed',
  audio_delta: 'response.output_audio.delta',
};

/** One realtime session: the server's side of a socket, and a window on everything that happens in it. */
export class DoubleSession implements LiveSession {
  readonly id = newId('sess');
  /** How the socket ended: 1006 without a close frame. */
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Headers of the upgrade request, names in lower case. */
  readonly headers: DoubleSessionOptions['headers'];
  /** Overrides the double's script for this session. */
  script: AssistantScript | undefined;

  readonly #options: DoubleSessionOptions;
  readonly #socket: WebSocket;
  readonly #timers = new Timers();
  readonly #wire: SessionWire;
  readonly #clientLog = new EventLog('client event');
  readonly #core: SessionCore;

  constructor(options: DoubleSessionOptions) {
    const { socket, switches, faults } = options;
    this.#options = options;
    this.#socket = socket;
    this.headers = options.headers;
    this.#wire = new SessionWire({ socket, switches, faults, timers: this.#timers });
    this.#core = new SessionCore({
      ...options,
      id: this.id,
      wire: this.#wire,
      timers: this.#timers,
      script: () => this.script ?? options.script(),
    });

    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#timers.close();
        resolve({ code, reason: reason.toString() });
      });
    });
    // A reset connection is followed by 'close'; a frame that breaks the protocol too.
    socket.on('error', () => undefined);
    socket.on('message', (data, isBinary) => this.#onFrame(data, isBinary));
    this.#timers.after(switches.maxSessionMs, () => this.expire());
    const delay = faults.take('delaySessionCreated');
    if (delay) this.#timers.after(delay.ms, () => this.#core.greet());
    else this.#core.greet();
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** The effective configuration, as the last `session.updated` showed it. */
  get config(): SessionConfig {
    return this.#core.config;
  }

  /** Client events as parsed, oldest first (the last 10,000). Appends are only counted: `appendCount`. */
  get clientEvents(): readonly LoggedEvent[] {
    return this.#clientLog.events;
  }

  /** What the client answered to function calls, as sent, refused ones too. */
  get functionOutputs(): readonly FunctionOutput[] {
    return functionOutputsIn(this.clientEvents);
  }

  /** How the client decided on approval requests of MCP, as sent, refused ones too. */
  get approvals(): readonly Approval[] {
    return approvalsIn(this.clientEvents);
  }

  /** The options of every `response.create`, `{}` where there were none; refused ones too. */
  get responseCreates(): readonly Record<string, unknown>[] {
    return responseCreatesIn(this.clientEvents);
  }

  /** Server events as sent, oldest first (the last 10,000); audio deltas have `audioMs` in place of the audio. */
  get serverEvents(): readonly LoggedEvent[] {
    return this.#wire.log.events;
  }

  get errorsSent(): readonly WireError[] {
    return this.#wire.errors;
  }

  get violations(): readonly Violation[] {
    return this.#core.violations;
  }

  /** `input_audio_buffer.append` events so far. */
  get appendCount(): number {
    return this.#core.appendCount;
  }

  /** Every item of the conversation in order, deleted ones too (marked). */
  get items(): readonly Item[] {
    return this.#core.conversation.all;
  }

  /** Caller audio as appended since the input format was last changed (the first ten minutes of it). */
  get inputAudio(): Buffer {
    return this.#core.input.recorded;
  }

  /** Audio time: ms of caller audio appended since the session began. */
  get inputMs(): number {
    return this.#core.input.nowMs;
  }

  get activeResponseId(): string | undefined {
    return this.#core.responses.activeId;
  }

  /** The next client event of this type that was not handed out yet; see `EventLog`. */
  waitForClientEvent(
    type: string,
    predicate?: (event: LoggedEvent) => boolean,
    timeoutMs?: number,
  ): Promise<LoggedEvent> {
    return this.#clientLog.next(type, predicate, timeoutMs);
  }

  /** The next event of this type sent to the client that was not handed out yet. `speech_started` etc. will do. */
  waitFor(type: string, timeoutMs?: number, predicate?: (event: LoggedEvent) => boolean): Promise<LoggedEvent> {
    return this.#wire.log.next(SHORT_NAMES[type] ?? type, predicate, timeoutMs);
  }

  /** Makes the assistant speak unasked. Returns the response's id; throws while another response is active. */
  speak(text = 'Something unasked.', durationMs?: number): string {
    return this.respond({ text, ...(durationMs === undefined ? {} : { durationMs }) });
  }

  /** Like `speak`, with any reply. */
  respond(reply: ScriptedReply): string {
    return this.#core.respond(reply);
  }

  /** Sends an `error` event; the session goes on. */
  sendError(error: Partial<WireError> & { message: string }): void {
    this.#wire.fail({ type: 'server_error', code: null, param: null, ...error });
  }

  /** `session_expired` and close 1001, as at the end of the 60 minutes. */
  expire(): void {
    this.#wire.failAndClose(sessionExpired(), 1001, sessionExpired().message);
  }

  /** An `error` event and a close; by default 4000 with the reason made of the error. */
  failAndClose(error: WireError, code = 4000, reason = closeReasonOf(error)): void {
    this.#wire.failAndClose(error, code, reason);
  }

  /** Destroys the TCP connection. */
  drop(): void {
    this.#socket.terminate();
  }

  /** Sends nothing any more and keeps the socket; what would have been sent is lost. */
  stall(): void {
    this.#wire.stall();
  }

  resume(): void {
    this.#wire.resume();
  }

  stopReading(): void {
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#socket.resume();
  }

  close(code = 1000, reason = ''): void {
    this.#socket.close(code, reason);
  }

  #onFrame(data: RawData, isBinary: boolean): void {
    if (isBinary) {
      this.#core.violations.push({ kind: 'binary_frame', detail: 'the service takes text frames only' });
      this.#wire.fail(invalidRequest('invalid_event', 'Binary frames are not supported; send JSON in text frames.'));
      return;
    }
    const bytes = Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
    const frame = readClientFrame(bytes);
    if (frame.kind === 'append') return this.#core.append(frame.audio);
    if (frame.kind === 'bad') {
      if (frame.error.code === 'invalid_json')
        this.#core.violations.push({ kind: 'not_json', detail: frame.error.message });
      return this.#wire.fail(frame.error, frame.eventId);
    }
    const { event } = frame;
    this.#clientLog.push(event);
    const concerns = (detail: { type: string }) => detail.type === '*' || detail.type === event.type;
    if (this.#options.faults.take('ignore', concerns)) return;
    const rejection = this.#options.faults.take('reject', concerns);
    const error = rejection
      ? { ...invalidRequest('invalid_value', 'Rejected on demand.', 'session'), ...rejection.error }
      : this.#core.handle(event);
    if (error) this.#wire.fail(error, event.event_id ?? null);
  }
}
