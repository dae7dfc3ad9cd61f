import { type Duplex } from 'node:stream';
import { type RawData, type WebSocket } from 'ws';
import { InboundOrder, type InboundCounts, type InboundSink } from './inbound-order.js';
import { type PlayoutOutput } from './playout.js';
import {
  CLEAR_FRAME,
  markFrame,
  type MediaFrame,
  mediaFrame,
  parseFrame,
  scanMediaFrame,
  type TelnyxFrame,
} from './telnyx-frames.js';

/** A frame that is not audio, and the end of the socket. */
export interface ConnectionListener {
  frame(frame: Exclude<TelnyxFrame, { kind: 'media' }>): void;
  /** The peer reads too slowly: this much waits in our memory. */
  overloaded(bufferedBytes: number): void;
  /** A mistake of ours while a frame was handled. */
  failed(error: unknown): void;
}

/** Looks at how long a frame takes, now and then. */
export interface FrameSampler {
  readonly due: boolean;
  read(): void;
}

/** The peer's share of our memory: five seconds of the call's audio, beyond what the kernel holds. */
const MAX_BUFFERED_BYTES = 65_536;

// One scratch frame for all connections: a frame is handled to its end before the next one is read.
const scratch: MediaFrame = { inbound: true, chunk: -1, payload: Buffer.alloc(0), bytes: 0 };
const NO_SAMPLES: FrameSampler = { due: false, read: () => undefined };
const NOWHERE: InboundSink = { audio: () => undefined, silence: () => undefined };

/** A message as it came. */
export interface MediaMessage {
  data: Buffer;
  isBinary: boolean;
}

/** Eight seconds of frames and more: within that it is decided who has the call. */
const MAX_EARLY_BYTES = 524_288;

/**
 * One media stream socket of Telnyx. Audio takes the short way to the sink; everything else is parsed, checked and
 * given to the listener. It knows nothing of calls.
 */
export class MediaConnection implements PlayoutOutput {
  /** Audio before `start` has no law yet and goes nowhere. */
  private order = new InboundOrder(NOWHERE);
  private overloadReported = false;
  /** Everything that has come, while it may yet be for another pod. */
  private early: MediaMessage[] | undefined = [];
  private earlyBytes = 0;
  /** Frames of audio for the caller. */
  framesOut = 0;
  /** How many of them were worked on before the others were kept. */
  private held: number | undefined;

  /**
   * @param transport the TCP or TLS socket below, for putting two frames into one write.
   * @param sampler told of a frame that was read, while it is due.
   */
  constructor(
    private readonly socket: WebSocket,
    private readonly transport: Duplex,
    private readonly listener: ConnectionListener,
    private readonly sampler: FrameSampler = NO_SAMPLES,
  ) {
    socket.on('message', this.take);
  }

  /** From now on what comes is kept, until it is decided who is to have it. */
  hold(): void {
    this.held ??= this.early?.length;
  }

  /** It is for us: what was kept is worked on, and nothing is kept any more. */
  release(): void {
    const { early = [], held = 0 } = this;
    this.early = this.held = undefined;
    for (const { data, isBinary } of early.slice(held)) this.work(data, isBinary);
  }

  /** It is for somebody else. @returns everything that has come so far; what comes from now on is not looked at. */
  surrender(): MediaMessage[] {
    this.socket.off('message', this.take);
    return this.early ?? [];
  }

  get counts(): Readonly<InboundCounts> {
    return this.order.counts;
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  /** From now on the caller's audio goes to `sink`, in order. */
  deliverTo(sink: InboundSink): void {
    this.order = new InboundOrder(sink);
  }

  padByClock(bytes: number): void {
    this.order.padByClock(bytes);
  }

  media(audio: Buffer): void {
    this.framesOut++;
    this.send(mediaFrame(audio));
  }

  mark(name: string): void {
    this.send(markFrame(name));
  }

  clear(): void {
    this.send(CLEAR_FRAME);
  }

  cork(): void {
    this.transport.cork();
  }

  uncork(): void {
    this.transport.uncork();
  }

  /** Ends the socket with a close frame. @param code of RFC 6455; 1000 for a normal end. */
  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  /** Ends the socket at once. */
  terminate(): void {
    this.socket.terminate();
  }

  private readonly take = (data: RawData, isBinary: boolean): void => {
    const message = data as Buffer;
    if (this.early) {
      this.earlyBytes += message.length;
      if (this.earlyBytes > MAX_EARLY_BYTES) {
        this.early = undefined;
        this.socket.close(1008, 'too much before it is known whose it is');
        return;
      }
      this.early.push({ data: message, isBinary });
      if (this.held !== undefined) return;
    }
    this.work(message, isBinary);
  };

  private work(data: Buffer, isBinary: boolean): void {
    try {
      this.receive(data, isBinary);
    } catch (error) {
      this.listener.failed(error);
    }
  }

  private receive(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      this.listener.frame({ kind: 'invalid', reason: 'a binary frame; Telnyx sends text' });
      return;
    }
    if (this.sampler.due) this.sampler.read();
    if (scanMediaFrame(data, scratch)) {
      if (scratch.inbound) this.order.push(scratch);
      return;
    }
    const frame = parseFrame(data);
    if (frame.kind !== 'media') this.listener.frame(frame);
    else if (frame.media.inbound) this.order.push(frame.media);
  }

  private send(frame: Buffer | string): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.socket.send(frame, { binary: false });
    if (this.socket.bufferedAmount > MAX_BUFFERED_BYTES && !this.overloadReported) {
      this.overloadReported = true;
      this.listener.overloaded(this.socket.bufferedAmount);
    }
  }
}
