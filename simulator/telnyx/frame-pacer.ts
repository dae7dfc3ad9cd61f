import { type CallerVoice } from './caller-voice.js';
import { bytesPerMs, mediaFormat, silence } from './codecs.js';
import { mediaFrame } from './frames.js';
import { InboundAudio } from './inbound-audio.js';
import { type PlayoutClock } from './playout-clock.js';
import { isAudible, type StreamRequest } from './stream-request.js';
import { type TelnyxCodec, type TelnyxSwitches } from './switches.js';

export interface FramePacerOptions {
  readonly streamId: string;
  readonly request: StreamRequest;
  readonly codec: TelnyxCodec;
  /** Payload sizes, taken in turn. */
  readonly frameBytes: readonly number[];
  readonly voice: CallerVoice;
  /** For the outbound track: what the caller hears. */
  readonly clock: PlayoutClock;
  readonly switches: TelnyxSwitches;
  readonly write: (text: string) => void;
}

/**
 * The frames from Telnyx to the app, on a schedule that cannot drift: frame n is due when its last sample was spoken,
 * however late the frame before it went out. Also where chunks get lost, swapped or held.
 */
export class FramePacer {
  framesSent = 0;
  framesLost = 0;
  /** Worst delay of a frame behind its schedule: how late this process was. */
  maxLagMs = 0;

  private readonly inbound: InboundAudio;
  private readonly outboundFrame: Buffer;
  private readonly rate: number;
  private sequence = 0;
  private inboundChunk = 0;
  private outboundChunk = 0;
  private frameIndex = 0;
  private startedAtMs = 0;
  private frameStartMs = 0;
  private frameEndMs = Infinity;
  private heldUntilMs = -Infinity;
  private silentFromMs = Infinity;
  private silentUntilMs = -Infinity;
  private chunksToLose = 0;
  private swapWanted = false;
  private swapped: string | undefined;

  constructor(private readonly options: FramePacerOptions) {
    const { codec, voice, switches, frameBytes } = options;
    this.rate = bytesPerMs(codec, mediaFormat(codec).sample_rate);
    this.inbound = new InboundAudio(codec, voice, switches);
    this.outboundFrame = Buffer.alloc(Math.max(...frameBytes));
  }

  /** When `tick` has something to do; `Infinity` before `start` and after `stop`. */
  get nextDueAtMs(): number {
    return Math.max(this.frameEndMs, this.heldUntilMs);
  }

  /** Every frame of a stream but `connected` and `error` is numbered in one row. */
  nextSequence(): number {
    return ++this.sequence;
  }

  start(nowMs: number): void {
    // The number after `start` is not promised to follow on.
    this.sequence = Math.max(this.sequence, this.options.switches.firstMediaSequence - 1);
    this.startedAtMs = nowMs;
    this.frameStartMs = nowMs;
    this.frameEndMs = nowMs + this.frameMs();
  }

  stop(): void {
    this.frameEndMs = Infinity;
  }

  /** Sends every frame that is due. */
  tick(nowMs: number): void {
    if (nowMs < this.heldUntilMs || this.frameEndMs > nowMs) return;
    this.maxLagMs = Math.max(this.maxLagMs, nowMs - this.nextDueAtMs);
    while (this.frameEndMs <= nowMs) this.nextFrame();
  }

  /** The next two chunks go out in the wrong order, with their right numbers. */
  swapNextChunks(): void {
    this.swapWanted = true;
  }

  /** The next `count` chunks never arrive; their numbers are missing. */
  loseChunks(count: number): void {
    this.chunksToLose += count;
  }

  /** The line falls silent: no frames, and no numbers for them, until it goes on. */
  stopFrames(nowMs: number, durationMs: number): void {
    if (nowMs > this.silentUntilMs) this.silentFromMs = nowMs;
    this.silentUntilMs = Math.max(this.silentUntilMs, nowMs) + durationMs;
  }

  /** A stalled network: frames wait and then come all at once. */
  holdFrames(nowMs: number, durationMs: number): void {
    this.heldUntilMs = Math.max(this.heldUntilMs, nowMs) + durationMs;
  }

  private frameBytes(): number {
    return this.options.frameBytes[this.frameIndex % this.options.frameBytes.length] ?? 160;
  }

  private frameMs(): number {
    return this.frameBytes() / this.rate;
  }

  private nextFrame(): void {
    const { request, switches } = this.options;
    const bytes = this.frameBytes();
    const timestamp = Math.round((this.frameStartMs - this.startedAtMs) * (switches.timestampUnit === 'ms' ? 1 : 8));
    if (request.track !== 'outbound_track') this.sendInbound(bytes, timestamp);
    if (request.track !== 'inbound_track') this.sendOutbound(bytes, timestamp);
    this.frameIndex++;
    this.frameStartMs = this.frameEndMs;
    this.frameEndMs += this.frameMs();
  }

  private sendInbound(bytes: number, timestamp: number): void {
    const { streamId, write } = this.options;
    const payload = this.inbound.nextPayload(bytes, bytes / this.rate, this.frameStartMs);
    // A frame that was due before the silence is sent, however late this runs.
    const isSilenced = this.frameEndMs > this.silentFromMs && this.frameEndMs <= this.silentUntilMs;
    if (payload === undefined || isSilenced) return;
    const text = mediaFrame(this.nextSequence(), streamId, 'inbound', ++this.inboundChunk, timestamp, payload);
    if (this.chunksToLose > 0) {
      this.chunksToLose--;
      this.framesLost++;
    } else if (this.swapWanted) {
      this.swapWanted = false;
      this.swapped = text;
    } else {
      write(text);
      this.framesSent++;
      if (this.swapped === undefined) return;
      write(this.swapped);
      this.framesSent++;
      this.swapped = undefined;
    }
  }

  private sendOutbound(bytes: number, timestamp: number): void {
    const { streamId, request, clock, switches, write } = this.options;
    const frame = this.outboundFrame.subarray(0, bytes);
    silence(request.bidirectionalCodec, bytes).copy(frame);
    clock.settle(this.frameEndMs);
    if (isAudible(request, switches)) clock.copyPlayed(this.frameStartMs, frame);
    const payload = frame.toString('base64');
    write(mediaFrame(this.nextSequence(), streamId, 'outbound', ++this.outboundChunk, timestamp, payload));
  }
}
