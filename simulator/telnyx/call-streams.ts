import { randomUUID } from 'node:crypto';
import { type MediaStreamEvents, MediaStreamClient, type MediaStreamOptions } from './media-stream-client.js';
import { type StreamRequest } from './stream-request.js';
import { type TelnyxCodec, type TelnyxSwitches } from './switches.js';
import { type Timers } from './timers.js';

/** What the streams of a call tell it. */
export interface StreamListener {
  streamConnected(stream: MediaStreamClient): void;
  streamStarted(stream: MediaStreamClient): void;
  /** The socket is gone; a re-dial may follow. */
  streamLost(stream: MediaStreamClient, detail: string): void;
  /** Telnyx gave up on it and says so by webhook. */
  streamFailed(stream: { id: string; request: StreamRequest }, detail: string): void;
  streamStopped(request: StreamRequest): void;
}

type PerStream = 'streamId' | 'socketUrl' | 'request' | 'codec' | 'start' | 'events';

export interface CallStreamsOptions extends Omit<MediaStreamOptions, PerStream> {
  readonly legCodec: TelnyxCodec;
  readonly timers: Timers;
  readonly listener: StreamListener;
  readonly playout: Pick<MediaStreamEvents, 'onAudioStart' | 'onMark' | 'onClear' | 'onAppError'>;
  readonly socketUrl: (streamUrl: string) => string;
  readonly startDetails: (request: StreamRequest) => MediaStreamOptions['start'];
  readonly onCreated: (stream: MediaStreamClient) => void;
}

/** One media socket of a call. Times are of the double's clock; undefined: not (yet). */
export interface SocketRecord {
  readonly streamId: string;
  readonly url: string;
  readonly dialledAtMs: number;
  openedAtMs: number | undefined;
  startedAtMs: number | undefined;
  closedAtMs: number | undefined;
  /** Who ended it; `refused`: it never opened. */
  endedBy: 'telnyx' | 'app' | 'refused' | undefined;
  closeCode: number | undefined;
}

export type AfterLoss = 'redial' | 'webhook' | 'nothing';

/** The one media stream that a call may have at a time, over all the sockets it takes. */
export class CallStreams {
  /** Every socket of the call, newest last. */
  readonly all: MediaStreamClient[] = [];
  /** The life of each of them, in the same order. */
  readonly records: SocketRecord[] = [];
  private live: { id: string; readonly request: StreamRequest } | undefined;
  private mayStart = false;
  private redials = 0;
  private cancelRedial: (() => void) | undefined;

  constructor(private readonly options: CallStreamsOptions) {}

  /** A stream lives from the command until it is stopped, failed or lost for good; also while it is re-dialled. */
  get request(): StreamRequest | undefined {
    return this.live?.request;
  }

  get newest(): MediaStreamClient | undefined {
    return this.all.at(-1);
  }

  /** Dials the app. `start` follows at once, or when the call is answered. */
  open(request: StreamRequest): void {
    this.live = { id: randomUUID(), request };
    this.redials = 0;
    this.connect(this.live);
  }

  answered(): void {
    this.mayStart = true;
    const stream = this.newest;
    if (stream?.state === 'connected') this.start(stream);
  }

  /** The orderly end: by `streaming_stop` or because the call is over. */
  stop(): void {
    const { live, newest } = this;
    if (live === undefined) return;
    this.forget();
    const started = newest?.state === 'started';
    if (newest !== undefined && newest.state !== 'closed') {
      // Dialled and never answered: no `start`, so no `stop` either, the socket just breaks.
      if (newest.state === 'connected') newest.end('abrupt');
      else newest.stop();
      newest.silence();
    }
    if (started || this.all.some((stream) => stream.closeCode !== undefined)) {
      this.options.listener.streamStopped(live.request);
    }
  }

  /** A fault: Telnyx or the network loses the socket. */
  drop(how: 'abrupt' | 'close', then: AfterLoss, delayMs: number): void {
    const { live, newest } = this;
    if (live === undefined || newest === undefined || !newest.isOpen) return;
    newest.end(how);
    this.options.listener.streamLost(newest, `dropped, then ${then}`);
    if (then === 'redial') {
      this.redialAfter(delayMs);
      return;
    }
    if (then === 'nothing') {
      this.forgetSilently();
      return;
    }
    this.forget();
    const { lossWebhook } = this.options.switches;
    this.tellOfLoss(live, lossWebhook === 'none' ? 'streaming.failed' : lossWebhook, 'dropped', delayMs);
  }

  private connect(live: { id: string; readonly request: StreamRequest }): void {
    const { options } = this;
    const { request } = live;
    const record = this.newRecord(live.id, request);
    const stream = new MediaStreamClient({
      ...options,
      request,
      streamId: live.id,
      socketUrl: options.socketUrl(request.url),
      codec: streamCodec(request, options.legCodec, options.switches),
      start: options.startDetails(request),
      events: {
        ...options.playout,
        onAppError: (erring, detail) => {
          options.playout.onAppError(erring, detail);
          if (options.switches.afterErrorFrame === 'closes') this.drop('close', 'webhook', 0);
        },
        onOpen: (opened) => {
          record.openedAtMs = options.ticker.now();
          options.listener.streamConnected(opened);
          if (this.mayStart) this.start(opened);
        },
        onRefused: (refused, reason) => {
          this.recordEnd(record, 'refused', undefined);
          this.onRefused(refused, reason);
        },
        onClosed: (closed, by, code) => {
          this.recordEnd(record, by, code);
          if (by === 'app') this.onLost(closed, code);
        },
      },
    });
    this.all.push(stream);
    options.onCreated(stream);
  }

  private start(stream: MediaStreamClient): void {
    this.redials = 0;
    stream.start();
    const record = this.records[this.all.indexOf(stream)];
    if (record) record.startedAtMs = this.options.ticker.now();
    this.options.listener.streamStarted(stream);
  }

  private onRefused(stream: MediaStreamClient, reason: string): void {
    const { live } = this;
    if (live === undefined || stream !== this.newest) return;
    if (this.options.switches.reconnect === 'redial' && this.redials < this.options.switches.reconnectMaxAttempts) {
      this.redialAfter(this.options.switches.reconnectDelayMs);
      return;
    }
    this.forget();
    this.options.listener.streamFailed(live, reason);
  }

  private onLost(stream: MediaStreamClient, code: number): void {
    const { live } = this;
    const { switches, listener } = this.options;
    if (live === undefined || stream !== this.newest) return;
    listener.streamLost(stream, `closed by the app, ${code}`);
    if (switches.reconnect === 'redial' && !switches.reconnectStopCodes.includes(code)) {
      this.redialAfter(switches.reconnectDelayMs);
      return;
    }
    if (switches.lossWebhook === 'none') {
      this.forgetSilently();
      return;
    }
    this.forget();
    this.tellOfLoss(live, switches.lossWebhook, `closed ${code}`, switches.lossWebhookDelayMs);
  }

  private tellOfLoss(
    stream: { id: string; readonly request: StreamRequest },
    webhook: 'streaming.failed' | 'streaming.stopped',
    detail: string,
    delayMs: number,
  ): void {
    const { timers, listener } = this.options;
    timers.after(delayMs, () => {
      if (webhook === 'streaming.stopped') listener.streamStopped(stream.request);
      else listener.streamFailed(stream, detail);
    });
  }

  private redialAfter(delayMs: number): void {
    this.redials++;
    this.cancelRedial = this.options.timers.after(delayMs, () => {
      const { live } = this;
      if (live === undefined) return;
      if (this.options.switches.reconnectStreamId === 'new') live.id = randomUUID();
      this.connect(live);
    });
  }

  private newRecord(streamId: string, { url }: StreamRequest): SocketRecord {
    const open = { openedAtMs: undefined, startedAtMs: undefined };
    const closed = { closedAtMs: undefined, endedBy: undefined, closeCode: undefined };
    const record = { streamId, url, dialledAtMs: this.options.ticker.now(), ...open, ...closed };
    this.records.push(record);
    return record;
  }

  private recordEnd(record: SocketRecord, endedBy: SocketRecord['endedBy'], closeCode: number | undefined): void {
    Object.assign(record, { endedBy, closeCode, closedAtMs: this.options.ticker.now() });
  }

  /** Nobody is told of the loss; whether Telnyx itself has noticed is a switch. */
  private forgetSilently(): void {
    if (this.options.switches.lostStream === 'over') this.forget();
  }

  private forget(): void {
    this.live = undefined;
    this.cancelRedial?.();
    this.cancelRedial = undefined;
  }
}

/** Telnyx transcodes between the two G.711 laws only; everything else is the codec of the phone leg. */
function streamCodec(request: StreamRequest, legCodec: TelnyxCodec, switches: TelnyxSwitches): TelnyxCodec {
  const isG711 = (codec: string): boolean => codec === 'PCMU' || codec === 'PCMA';
  const wanted = request.codec;
  if (switches.transcoding === 'leg-codec' || wanted === 'default') return legCodec;
  return isG711(wanted) && isG711(legCodec) ? wanted : legCodec;
}
