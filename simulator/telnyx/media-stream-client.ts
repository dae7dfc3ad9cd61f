import { type RawData, WebSocket } from 'ws';
import { AppIntake } from './app-intake.js';
import { type CallerVoice } from './caller-voice.js';
import { bytesPerMs, mediaFormat } from './codecs.js';
import { FramePacer } from './frame-pacer.js';
import { type FrameTicker, type Ticked } from './frame-ticker.js';
import * as frames from './frames.js';
import { PlayoutClock } from './playout-clock.js';
import { isAudible, type StreamRequest } from './stream-request.js';
import { type TelnyxCodec, type TelnyxSwitches } from './switches.js';

export interface MediaStreamEvents {
  /** The upgrade succeeded and `connected` was sent. */
  onOpen(stream: MediaStreamClient): void;
  /** The upgrade failed: an HTTP status, or none. */
  onRefused(stream: MediaStreamClient, reason: string): void;
  /** The socket ended. `by` says who began it. */
  onClosed(stream: MediaStreamClient, by: 'telnyx' | 'app', code: number): void;
  /** Audio begins to play after silence. */
  onAudioStart(stream: MediaStreamClient): void;
  onMark(stream: MediaStreamClient, name: string): void;
  onClear(stream: MediaStreamClient): void;
  onAppError(stream: MediaStreamClient, detail: string): void;
}

export interface MediaStreamOptions {
  readonly streamId: string;
  /** Where the socket goes; differs from `request.url` when something terminates TLS in between. */
  readonly socketUrl: string;
  readonly request: StreamRequest;
  /** Codec of Telnyx -> app. */
  readonly codec: TelnyxCodec;
  readonly start: Omit<frames.StartDetails, 'media_format'>;
  /** Payload sizes, taken in turn. */
  readonly frameBytes: readonly number[];
  readonly keepAudio: boolean;
  readonly voice: CallerVoice;
  readonly ticker: FrameTicker;
  readonly switches: TelnyxSwitches;
  readonly events: MediaStreamEvents;
}

/** How long the app has to answer our close frame. */
const CLOSE_LIMIT_MS = 1000;
/** 30 s of 16 kHz L16 in base64 is 1.3 MB. */
const MAX_PAYLOAD_BYTES = 4 * 1024 * 1024;

/** One media socket as Telnyx drives it: real-time frames to the app, and the play-out queue for what comes back. */
export class MediaStreamClient implements Ticked {
  readonly clock: PlayoutClock;
  /** Error frames that were sent to the app. */
  readonly errors: string[] = [];
  /** Marks in the order in which they were echoed. */
  readonly echoedMarks: string[] = [];
  readonly upgradeHeaders: Readonly<Record<string, string>>;
  state: 'connecting' | 'connected' | 'started' | 'closing' | 'closed' = 'connecting';
  closeCode: number | undefined;
  nextDueAtMs = Infinity;

  private readonly socket: WebSocket;
  private readonly pacer: FramePacer;
  private readonly intake: AppIntake;
  private closing: NodeJS.Timeout | undefined;
  private closedBy: 'telnyx' | 'app' = 'app';
  private nextPingAtMs = Infinity;

  constructor(private readonly options: MediaStreamOptions) {
    const { request, switches } = options;
    this.clock = new PlayoutClock({
      rate: bytesPerMs(request.bidirectionalCodec, request.bidirectionalSamplingRateHz),
      keepAudio: options.keepAudio,
    });
    this.pacer = new FramePacer({ ...options, clock: this.clock, write: (text) => this.write(text) });
    this.intake = new AppIntake({
      request,
      switches,
      clock: this.clock,
      onAudioStart: () => options.events.onAudioStart(this),
      onMarks: (names) => this.echo(names),
      onClear: () => options.events.onClear(this),
      onRefused: (error, detail) => this.refuse(error, detail),
    });
    this.upgradeHeaders = {
      ...(request.authToken === undefined ? {} : { 'x-telnyx-streaming-auth-token': request.authToken }),
      ...(switches.userAgent === undefined ? {} : { 'User-Agent': switches.userAgent }),
    };
    this.socket = new WebSocket(options.socketUrl, {
      headers: { ...this.upgradeHeaders },
      handshakeTimeout: switches.connectTimeoutMs,
      perMessageDeflate: switches.offerCompression,
      rejectUnauthorized: switches.validateCertificates,
      autoPong: switches.answersPings,
      maxPayload: MAX_PAYLOAD_BYTES,
    });
    this.listen();
  }

  get streamId(): string {
    return this.options.streamId;
  }

  get request(): StreamRequest {
    return this.options.request;
  }

  get isOpen(): boolean {
    return this.state === 'connected' || this.state === 'started';
  }

  get isAudible(): boolean {
    return isAudible(this.options.request, this.options.switches);
  }

  /** What the app sent, by kind. */
  get received(): Readonly<AppIntake['counts']> {
    return this.intake.counts;
  }

  get framesSent(): number {
    return this.pacer.framesSent;
  }

  get framesLost(): number {
    return this.pacer.framesLost;
  }

  /** Worst delay of a frame behind its schedule: how late this process was. */
  get maxLagMs(): number {
    return this.pacer.maxLagMs;
  }

  /** Starts the measure of `maxLagMs` anew, after a set-up that is not to count. */
  resetLag(): void {
    this.pacer.maxLagMs = 0;
  }

  /** Bytes that the app has not taken off our hands. */
  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  /** Sends `start` and begins with the frames. */
  start(): void {
    if (this.state !== 'connected') return;
    const { streamId, start, codec, ticker } = this.options;
    this.state = 'started';
    const details = { ...start, media_format: mediaFormat(codec) };
    this.write(frames.startFrame(this.pacer.nextSequence(), streamId, details));
    this.pacer.start(ticker.now());
    this.replan();
  }

  /** Called by the ticker. */
  tick(nowMs: number): void {
    this.echo(this.clock.advance(nowMs));
    if (nowMs >= this.nextPingAtMs) {
      this.nextPingAtMs = nowMs + this.options.switches.pingIntervalMs;
      if (this.socket.readyState === WebSocket.OPEN) this.socket.ping();
    }
    this.pacer.tick(nowMs);
    this.replan();
  }

  pressKey(digit: string): void {
    if (this.state !== 'started') return;
    this.write(frames.dtmfFrame(this.pacer.nextSequence(), this.streamId, digit, new Date().toISOString()));
  }

  /** The orderly end: `stop`, then close 1000. */
  stop(): void {
    if (this.state === 'started') {
      const { call_control_id, user_id } = this.options.start;
      this.write(frames.stopFrame(this.pacer.nextSequence(), this.streamId, user_id, call_control_id));
      this.silence();
    }
    this.end('close');
  }

  /**
   * Ends the socket from Telnyx's side without `stop`. `abrupt`: the TCP connection just breaks (1006 for the app).
   * What is queued is no longer heard, unless the switch for lost sockets says so.
   */
  end(how: 'abrupt' | 'close', code = 1000): void {
    if (this.state === 'closed' || this.state === 'closing') return;
    this.closedBy = 'telnyx';
    if (this.isOpen) this.dropQueue();
    this.state = 'closing';
    this.quiet();
    if (how === 'abrupt' || this.socket.readyState === WebSocket.CONNECTING) {
      this.socket.terminate();
      return;
    }
    this.socket.close(code);
    this.closing ??= setTimeout(() => this.socket.terminate(), CLOSE_LIMIT_MS);
  }

  /** The line is dead: nothing of the queue is heard any more. */
  silence(): void {
    this.clock.clear(this.options.ticker.now());
  }

  /** A peer that hangs: nothing is read any more, so the app's writes pile up. */
  stopReading(): void {
    this.socket.pause();
  }

  resumeReading(): void {
    this.socket.resume();
  }

  sendRaw(text: string): void {
    this.write(text);
  }

  sendBinary(data: Buffer): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(data, { binary: true });
  }

  /** See `FramePacer`. */
  swapNextChunks(): void {
    this.pacer.swapNextChunks();
  }

  /** See `FramePacer`. */
  loseChunks(count: number): void {
    this.pacer.loseChunks(count);
  }

  /** See `FramePacer`. */
  stopFrames(durationMs: number): void {
    this.pacer.stopFrames(this.options.ticker.now(), durationMs);
  }

  /** See `FramePacer`. */
  holdFrames(durationMs: number): void {
    this.pacer.holdFrames(this.options.ticker.now(), durationMs);
    this.replan();
  }

  private listen(): void {
    const { events, ticker, request, switches } = this.options;
    let refusal: string | undefined;
    this.socket.on('open', () => {
      this.state = 'connected';
      this.write(frames.connectedFrame(request.authToken, switches.connectedProtocol));
      if (switches.pingIntervalMs > 0) this.nextPingAtMs = ticker.now() + switches.pingIntervalMs;
      ticker.add(this);
      this.replan();
      events.onOpen(this);
    });
    this.socket.on('message', (data: RawData, isBinary: boolean) => {
      if (!this.isOpen) return;
      if (isBinary) this.intake.binary();
      else this.intake.text(ticker.now(), textOf(data), this.state === 'started');
      this.replan();
    });
    this.socket.on('unexpected-response', (_request, response) => {
      refusal = `HTTP ${response.statusCode}`;
      this.socket.terminate();
    });
    this.socket.on('error', (error) => {
      refusal ??= error.message;
    });
    this.socket.on('close', (code) => {
      const opened = this.isOpen;
      clearTimeout(this.closing);
      this.quiet();
      this.state = 'closed';
      this.closeCode = code;
      if (opened) this.dropQueue();
      if (opened || this.closedBy === 'telnyx') events.onClosed(this, this.closedBy, code);
      else events.onRefused(this, refusal ?? 'no answer');
    });
  }

  private dropQueue(): void {
    if (this.options.switches.queueOnSocketLoss === 'dropped') this.silence();
  }

  private quiet(): void {
    this.pacer.stop();
    this.nextPingAtMs = Infinity;
    this.nextDueAtMs = Infinity;
    this.options.ticker.remove(this);
  }

  private replan(): void {
    this.nextDueAtMs = Math.min(this.pacer.nextDueAtMs, this.clock.nextEventAtMs() ?? Infinity, this.nextPingAtMs);
    this.options.ticker.reschedule(this);
  }

  private write(text: string): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(text);
  }

  private echo(names: string[]): void {
    for (const name of names) {
      this.write(frames.markFrame(this.pacer.nextSequence(), this.streamId, name));
      this.echoedMarks.push(name);
      this.options.events.onMark(this, name);
    }
  }

  private refuse(error: frames.StreamErrorName, detail: string): void {
    this.errors.push(`${frames.STREAM_ERRORS[error].code} ${detail}`);
    this.write(frames.errorFrame(this.streamId, error, detail));
    this.options.events.onAppError(this, detail);
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return Buffer.isBuffer(data) ? data.toString() : Buffer.from(data).toString();
}
