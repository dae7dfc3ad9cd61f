import { type Clock } from '../common/clock.js';
import { guardedClock } from '../common/guarded-clock.js';
import { type CallLine } from '../calls/call-line.js';
import { type CutItem, type G711Law, type LineListener } from '../conversation/line.port.js';
import { type InboundCounts, type InboundSink } from './inbound-order.js';
import { type MediaConnection } from './media-connection.js';
import { Playout, type PlayoutOptions } from './playout.js';
import { SpeechGapFiller } from './speech-gap-filler.js';

/** Mu-law and A-law bytes of silence. */
const SILENCE_BYTE: Record<G711Law, number> = { pcmu: 0xff, pcma: 0xd5 };
const BYTES_PER_MS = 8;

/** What a call's line carried, summed over its sockets. */
export type LineTotals = InboundCounts & { codec: G711Law; sockets: number; framesOut: number };

export interface LineOwner {
  /** More audio waits for the caller than one call may hold. */
  overflow(): void;
  /** The socket's peer does not read; the socket is cut off, and counts as lost. */
  stalled(): void;
  /** A mistake of ours in something that the line does by itself. */
  failed(error: unknown): void;
  /** The call is over. @param open the socket it still has, if any. */
  closed(open: MediaConnection | undefined): void;
}

/**
 * A call's line over Telnyx's media stream. It outlives its sockets: a later socket takes the place of the one before,
 * and playout goes on behind what was heard.
 */
export class MediaLine implements CallLine, InboundSink {
  law: G711Law = 'pcmu';
  private listener: LineListener | undefined;
  private connection: MediaConnection | undefined;
  private readonly playout: Playout;
  private readonly gapFiller: SpeechGapFiller;
  private readonly totals = { sockets: 0, frames: 0, framesOut: 0, reordered: 0, late: 0, gaps: 0, paddedBytes: 0 };

  constructor(
    clock: Clock,
    options: PlayoutOptions,
    private readonly owner: LineOwner,
  ) {
    const ownClock = guardedClock(clock, (error) => owner.failed(error));
    this.playout = new Playout(ownClock, options, {
      itemStarted: (itemId) => this.listener?.itemStarted(itemId),
      itemHeard: (itemId, heardMs) => this.listener?.itemHeard(itemId, heardMs),
      overflow: () => owner.overflow(),
      stalled: () => {
        owner.stalled();
        this.connection?.terminate();
      },
    });
    this.gapFiller = new SpeechGapFiller(ownClock, (silenceMs) =>
      this.connection?.padByClock(silenceMs * BYTES_PER_MS),
    );
  }

  get idle(): boolean {
    return this.playout.idle;
  }

  listen(listener: LineListener): void {
    this.listener = listener;
  }

  play(itemId: string, audio: Buffer): void {
    this.playout.play(itemId, audio);
  }

  endItem(itemId: string): void {
    this.playout.endItem(itemId);
  }

  interrupt(): CutItem[] {
    return this.playout.interrupt();
  }

  heardItems(): CutItem[] {
    return this.playout.heardItems();
  }

  setCallerSpeaking(speaking: boolean): void {
    this.gapFiller.setSpeaking(speaking);
  }

  /** Takes over a socket whose stream has started. @returns the socket it replaces, if one was still there. */
  attach(connection: MediaConnection, law: G711Law): MediaConnection | undefined {
    const replaced = this.connection;
    if (replaced) this.leave(replaced);
    this.law = law;
    this.connection = connection;
    this.totals.sockets++;
    connection.deliverTo(this);
    this.playout.attach(connection);
    if (this.totals.sockets > 1) this.listener?.lineBack();
    return replaced;
  }

  /** The socket is gone. @returns false if it was not (or no longer) the one in use. */
  detach(connection: MediaConnection): boolean {
    if (this.connection !== connection) return false;
    this.leave(connection);
    return true;
  }

  markReturned(connection: MediaConnection, name: string): void {
    if (this.connection === connection) this.playout.markReturned(name);
  }

  /** @param occurredAtMs milliseconds since 1970, where Telnyx says so. */
  key(digit: string, occurredAtMs: number | undefined): void {
    this.listener?.key(digit, occurredAtMs);
  }

  /** The call is over: nothing is played or heard any more. */
  close(): LineTotals {
    const open = this.connection;
    if (open) this.leave(open);
    this.listener = undefined;
    this.gapFiller.stop();
    this.playout.close();
    this.owner.closed(open);
    return { codec: this.law, ...this.totals };
  }

  audio(base64: Buffer, bytes: number): void {
    this.gapFiller.frame();
    this.listener?.callerAudio(base64, bytes);
  }

  silence(bytes: number): void {
    const base64 = Buffer.from(Buffer.alloc(bytes, SILENCE_BYTE[this.law]).toString('base64'), 'latin1');
    this.listener?.callerAudio(base64, bytes);
  }

  private leave(connection: MediaConnection): void {
    const { counts } = connection;
    this.totals.framesOut += connection.framesOut;
    this.totals.gaps += counts.gaps;
    this.totals.frames += counts.frames;
    this.totals.reordered += counts.reordered;
    this.totals.late += counts.late;
    this.totals.paddedBytes += counts.paddedBytes;
    this.connection = undefined;
    this.playout.detach();
  }
}
