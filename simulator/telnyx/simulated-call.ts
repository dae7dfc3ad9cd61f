import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Announcements } from './announcements.js';
import { type CallHost, type CallRequest } from './call-host.js';
import { type CallFacts, type Hangup, type HangupCause } from './call-payloads.js';
import { CallReporter } from './call-reporter.js';
import { type AfterLoss, CallStreams, type SocketRecord } from './call-streams.js';
import { CallerVoice } from './caller-voice.js';
import { bytesPerMs, mediaFormat } from './codecs.js';
import { EventLog, type LogEntry } from './event-log.js';
import { HeardRecorder } from './heard-recorder.js';
import { newCallControlId } from './ids.js';
import { type MediaStreamClient } from './media-stream-client.js';
import { type StreamRequest } from './stream-request.js';
import { type TelnyxCodec } from './switches.js';

export type CallEventName =
  | 'initiated'
  | 'answered'
  | 'rejected'
  | 'stream-connected'
  | 'stream-started'
  | 'stream-lost'
  | 'stream-failed'
  | 'stream-stopped'
  | 'heard-audio'
  | 'mark'
  | 'clear'
  | 'app-error'
  | 'spoken'
  | 'digits'
  | 'bridged'
  | 'ended';

const DEFAULT_WAIT_MS = 10_000;

/** One call leg in the double: the caller's end of it, what the app does to it, and a record of both. */
export class SimulatedCall {
  readonly callControlId = newCallControlId();
  readonly callLegId = randomUUID();
  readonly callSessionId: string;
  readonly connectionId: string;
  readonly from: string;
  readonly to: string;
  readonly codec: TelnyxCodec;
  /** What the caller heard. */
  readonly heard: HeardRecorder;
  /** What the caller says. */
  readonly voice = new CallerVoice();
  /** Digits that the app sent with `send_dtmf`. */
  readonly digits: string[] = [];
  /** Everything that happened, in order. */
  readonly log: EventLog<CallEventName>;
  readonly announcements: Announcements;
  readonly mediaStreams: CallStreams;
  readonly reporter: CallReporter;
  state: 'ringing' | 'answered' | 'ended' = 'ringing';
  hangup: Hangup | undefined;
  clientState: string | undefined;
  webhookUrl: string | undefined;
  readonly webhookRetryDelaysMs: Record<string, readonly number[]>;
  /** Called once each, for what else hangs on this leg. */
  readonly onAnswered: (() => void)[] = [];
  readonly onEnded: (() => void)[] = [];
  /** An `answer` was accepted and takes effect in a moment. */
  answering = false;
  /** A `streaming_start` was accepted and takes effect in a moment. */
  streamStarting = false;
  /** The other leg after a transfer or bridge. */
  partner: SimulatedCall | undefined;
  /** The leg stays when its partner hangs up. */
  parkAfterUnbridge = false;
  answeredAtMs: number | undefined;
  endedAtMs: number | undefined;
  readonly startTime = new Date().toISOString();

  constructor(
    private readonly host: CallHost,
    readonly direction: 'incoming' | 'outgoing',
    readonly request: CallRequest,
  ) {
    this.callSessionId = request.callSessionId ?? randomUUID();
    this.connectionId = request.connectionId ?? '2811212257810187875';
    this.from = request.from ?? '+15550100001';
    this.to = request.to ?? '+15550100002';
    this.codec = request.codec ?? 'PCMU';
    this.clientState = request.clientState;
    this.webhookUrl = request.webhookUrl;
    this.webhookRetryDelaysMs = { ...request.webhookRetryDelaysMs };
    const { ticker, timers, switches } = host;
    const now = (): number => ticker.now();
    this.heard = new HeardRecorder(now);
    this.log = new EventLog(`call from ${this.from}`, now);
    this.reporter = new CallReporter(host, this);
    this.announcements = new Announcements({
      switches,
      timers,
      heard: this.heard,
      emit: (type, more) => this.reporter.common(type, more),
      onSpoken: (text) => this.log.add('spoken', text),
    });
    this.mediaStreams = new CallStreams({
      ticker,
      timers,
      switches,
      voice: this.voice,
      legCodec: this.codec,
      frameBytes: this.frameBytes(),
      keepAudio: request.keepAudio ?? true,
      listener: this.reporter,
      socketUrl: (url) => host.socketUrl(url),
      startDetails: (stream) => this.startDetails(stream),
      onCreated: (stream) => {
        if (stream.isAudible) this.heard.add(stream.clock, stream.request.bidirectionalCodec);
      },
      playout: {
        onAudioStart: () => this.log.add('heard-audio'),
        onMark: (_, name) => this.log.add('mark', name),
        onClear: () => this.log.add('clear'),
        onAppError: (_, detail) => this.log.add('app-error', detail),
      },
    });
  }

  /** Every media socket of the call, newest last. */
  get streams(): readonly MediaStreamClient[] {
    return this.mediaStreams.all;
  }

  /** The life of every media socket: when each was dialled, opened, closed, and by whom. */
  get sockets(): readonly SocketRecord[] {
    return this.mediaStreams.records;
  }

  /** The call as webhooks describe it. */
  get facts(): CallFacts {
    const { callControlId, callLegId, callSessionId, connectionId, direction, from, to, codec, clientState } = this;
    const customHeaders = this.request.customHeaders ?? [];
    const ids = { callControlId, callLegId, callSessionId, connectionId };
    return { ...ids, direction, from, to, codec, clientState, startTime: this.startTime, customHeaders };
  }

  // What the caller does.

  /** Queues speech (8 kHz PCM). Resolves when its last frame was sent, or when the call has ended. */
  say(audio: Int16Array): Promise<void> {
    return this.voice.say(audio);
  }

  pressKey(digit: string): void {
    if (this.host.switches.dtmfFrame) this.mediaStreams.newest?.pressKey(digit);
    this.reporter.dtmf(digit);
  }

  /** The far end hangs up: the caller of an incoming call, the called party of an outgoing one. */
  hangUp(): void {
    const answered = this.state === 'answered';
    const source = this.direction === 'incoming' ? 'caller' : 'callee';
    this.end({ cause: answered ? 'normal_clearing' : 'originator_cancel', source, sipCause: answered ? '200' : '487' });
  }

  /** The called party of an outgoing leg answers. */
  pickUp(): void {
    if (this.direction === 'outgoing') this.answer(undefined);
  }

  /** The called party of an outgoing leg does not take the call. */
  decline(cause: HangupCause): void {
    if (this.state === 'ringing')
      this.end({ cause, source: 'callee', sipCause: cause === 'user_busy' ? '486' : '480' });
  }

  // What goes wrong on the way.

  /** Loses the media socket; `then` is what Telnyx makes of it after `delayMs`. */
  dropMediaSocket(how: 'abrupt' | 'close', then: AfterLoss, delayMs = 0): void {
    this.mediaStreams.drop(how, then, delayMs);
  }

  stopReading(): void {
    this.mediaStreams.newest?.stopReading();
  }

  resumeReading(): void {
    this.mediaStreams.newest?.resumeReading();
  }

  sendRaw(text: string): void {
    this.mediaStreams.newest?.sendRaw(text);
  }

  sendBinary(data: Buffer): void {
    this.mediaStreams.newest?.sendBinary(data);
  }

  /** The next two chunks arrive in the wrong order. */
  swapNextChunks(): void {
    this.mediaStreams.newest?.swapNextChunks();
  }

  /** The next `count` chunks are missing, numbers included. */
  loseChunks(count: number): void {
    this.mediaStreams.newest?.loseChunks(count);
  }

  /** No frames for a while, and no numbers missing. */
  stopFrames(durationMs: number): void {
    this.mediaStreams.newest?.stopFrames(durationMs);
  }

  /** Frames wait for a while and then arrive all at once. */
  holdFrames(durationMs: number): void {
    this.mediaStreams.newest?.holdFrames(durationMs);
  }

  // What a test waits for.

  /** Resolves with the `count`th (1) occurrence of the event, at once when it is past; rejects after `timeoutMs`. */
  waitFor(event: CallEventName, timeoutMs = DEFAULT_WAIT_MS, count = 1): Promise<LogEntry<CallEventName>> {
    return this.log.waitFor(event, timeoutMs, count);
  }

  /** Resolves when audio was heard and then nothing for `quietMs`; rejects after `timeoutMs` or when the call ends. */
  async waitForQuiet(quietMs: number, timeoutMs = DEFAULT_WAIT_MS): Promise<void> {
    const deadlineMs = this.host.ticker.now() + timeoutMs;
    await this.waitFor('heard-audio', timeoutMs);
    for (;;) {
      if (this.state === 'ended') throw new Error(`call from ${this.from}: ended before it was quiet`);
      const waitMs = (this.heard.idleAtMs ?? 0) + quietMs - this.heard.elapsedMs;
      if (waitMs <= 0) return;
      if (this.host.ticker.now() > deadlineMs) throw new Error(`call from ${this.from}: not quiet in ${timeoutMs} ms`);
      await setTimeout(Math.min(waitMs, 100) + 1);
    }
  }

  // What commands do. All of it may come when the call is already over.

  /** The call is up, by the app's `answer` or because the called party picked up. */
  answer(stream: StreamRequest | undefined): void {
    if (this.state !== 'ringing') return;
    this.state = 'answered';
    this.answeredAtMs = this.host.ticker.now();
    this.heard.answered(this.answeredAtMs);
    this.reporter.answered(stream ?? this.mediaStreams.request);
    this.mediaStreams.answered();
    if (stream !== undefined) this.mediaStreams.open(stream);
    for (const action of this.onAnswered) action();
  }

  reject(cause: 'CALL_REJECTED' | 'USER_BUSY'): void {
    if (this.state !== 'ringing') return;
    this.log.add('rejected', cause);
    const busy = cause === 'USER_BUSY';
    this.end({ cause: busy ? 'user_busy' : 'call_rejected', source: 'callee', sipCause: busy ? '486' : '603' });
  }

  sendDigits(digits: string): void {
    this.digits.push(digits);
    this.log.add('digits', digits);
  }

  bridge(other: SimulatedCall): void {
    if (this.state === 'ended' || other.state === 'ended') return;
    this.partner = other;
    other.partner = this;
    for (const leg of [this, other]) {
      // The two hear each other from now on, and nothing else.
      leg.announcements.stop('cancelled');
      leg.reporter.bridged();
      if (this.host.switches.streamAfterBridge === 'stops') leg.mediaStreams.stop();
    }
  }

  /** The partner has hung up. */
  private unbridge(): void {
    this.partner = undefined;
    if (!this.parkAfterUnbridge) this.end({ cause: 'normal_clearing', source: 'unknown', sipCause: '200' });
  }

  /** Ends the leg for whatever reason: the socket gets `stop` and 1000, then the webhooks go out. */
  end(hangup: Hangup): void {
    if (this.state === 'ended') return;
    this.announcements.stop('call_hangup');
    this.state = 'ended';
    this.hangup = hangup;
    this.mediaStreams.stop();
    this.endedAtMs = this.host.ticker.now();
    this.heard.ended(this.endedAtMs);
    this.voice.end();
    const { answeredAtMs } = this;
    this.reporter.ended(hangup, answeredAtMs === undefined ? undefined : this.endedAtMs - answeredAtMs);
    this.partner?.unbridge();
    for (const action of this.onEnded) action();
  }

  /** The double goes away: sockets are cut, waiters are told, no webhook is sent. */
  dispose(): void {
    this.state = 'ended';
    for (const stream of this.streams) stream.end('abrupt');
    this.voice.end();
    this.log.close();
  }

  private frameBytes(): readonly number[] {
    const { frameBytes, frameMs } = this.request;
    const rate = bytesPerMs(this.codec, mediaFormat(this.codec).sample_rate);
    const sizes = typeof frameBytes === 'number' ? [frameBytes] : (frameBytes ?? [Math.round((frameMs ?? 20) * rate)]);
    if (sizes.length === 0 || sizes.some((size) => !Number.isInteger(size) || size < 1)) {
      throw new RangeError('frameBytes must be whole numbers of at least 1.');
    }
    return sizes;
  }

  private startDetails(stream: StreamRequest) {
    return {
      user_id: this.host.userId,
      call_control_id: this.callControlId,
      call_session_id: this.callSessionId,
      from: this.from,
      to: this.to,
      tags: [],
      client_state: this.clientState ?? null,
      custom_parameters: stream.customParameters,
    };
  }
}
