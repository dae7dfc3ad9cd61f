import { type MediaFrame } from './telnyx-frames.js';

/** Where the caller's audio goes once it is in order. */
export interface InboundSink {
  /** @param base64 G.711 bytes, base64-encoded, in the law of the stream. @param bytes how many bytes that is. */
  audio(base64: Buffer, bytes: number): void;
  /** Silence of that many bytes, in place of audio that never came. */
  silence(bytes: number): void;
}

/** What happened to the order of a stream. */
export interface InboundCounts {
  frames: number;
  /** Frames that came after a later one, in time to be put right. */
  reordered: number;
  /** Frames that came after their place had been given up, or twice. */
  late: number;
  /** Times that frames never came. */
  gaps: number;
  /** Bytes of silence put in for frames that never came. */
  paddedBytes: number;
}

/** How many later chunks may arrive before a missing one is given up: three are 60 ms of usual frames. */
const WINDOW_CHUNKS = 3;
/** A jump back by more than this is a sender that counts anew, not a late frame. */
const RESTART_CHUNKS = 100;
/** The longest silence put in for one gap: 10 s of G.711. More would only delay the conversation. */
const MAX_PAD_BYTES = 80_000;

/**
 * Puts the frames of one media stream in order. Telnyx does not promise order; the model's clock counts the audio it is
 * given, so what is missing must be there as silence. In order (nearly always) a frame passes straight through.
 */
export class InboundOrder {
  readonly counts: InboundCounts = { frames: 0, reordered: 0, late: 0, gaps: 0, paddedBytes: 0 };
  private nextChunk = -1;
  private frameBytes = 160;
  private held: { chunk: number; payload: Buffer; bytes: number }[] = [];
  /** Silence put in by the clock while frames were missing; the frames' own gap is shorter by that. */
  private padCreditBytes = 0;

  constructor(private readonly sink: InboundSink) {}

  push(frame: MediaFrame): void {
    this.counts.frames++;
    const { chunk } = frame;
    if (chunk === this.nextChunk || this.nextChunk === -1 || chunk === -1) {
      if (chunk !== -1) this.nextChunk = chunk + 1;
      // Nothing is missing after all: the pause was the sender's, and the silence put in is part of it.
      this.padCreditBytes = 0;
      this.emit(frame.payload, frame.bytes);
      if (this.held.length > 0) {
        if (chunk !== -1) this.counts.reordered++;
        this.releaseHeld(false);
      }
      return;
    }
    if (chunk < this.nextChunk) {
      if (chunk + RESTART_CHUNKS > this.nextChunk) {
        this.counts.late++;
        return;
      }
      this.releaseHeld(true);
      this.nextChunk = chunk + 1;
      this.emit(frame.payload, frame.bytes);
      return;
    }
    this.hold(frame);
  }

  /** Audio has stopped coming while it is needed: give up waiting, then put in silence by the clock. */
  padByClock(bytes: number): void {
    this.releaseHeld(true);
    this.padCreditBytes += bytes;
    this.pad(bytes);
  }

  private hold(frame: MediaFrame): void {
    const before = this.held.findIndex((other) => other.chunk >= frame.chunk);
    if (before !== -1 && this.held[before]?.chunk === frame.chunk) {
      this.counts.late++;
      return;
    }
    const copy = { chunk: frame.chunk, payload: frame.payload, bytes: frame.bytes };
    if (before === -1) this.held.push(copy);
    else {
      this.counts.reordered++;
      this.held.splice(before, 0, copy);
    }
    if (this.held.length >= WINDOW_CHUNKS) this.releaseHeld(true);
  }

  /** Emits held frames from the front; across gaps only when `giveUp`. */
  private releaseHeld(giveUp: boolean): void {
    for (let frame = this.held[0]; frame; frame = this.held[0]) {
      if (frame.chunk > this.nextChunk) {
        if (!giveUp) return;
        const gapBytes = Math.min((frame.chunk - this.nextChunk) * this.frameBytes, MAX_PAD_BYTES);
        const alreadyPadded = Math.min(this.padCreditBytes, gapBytes);
        this.padCreditBytes -= alreadyPadded;
        this.counts.gaps++;
        if (gapBytes > alreadyPadded) this.pad(gapBytes - alreadyPadded);
      }
      this.held.shift();
      this.nextChunk = frame.chunk + 1;
      this.emit(frame.payload, frame.bytes);
    }
  }

  private emit(payload: Buffer, bytes: number): void {
    this.frameBytes = bytes;
    this.sink.audio(payload, bytes);
  }

  private pad(bytes: number): void {
    this.counts.paddedBytes += bytes;
    this.sink.silence(bytes);
  }
}
