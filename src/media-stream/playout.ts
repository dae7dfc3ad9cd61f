import { type Clock, type Timer } from '../common/clock.js';
import { BYTES_PER_MS, HeardAccount } from './heard-account.js';
import { PlayoutItem } from './playout-item.js';

/** The socket side of playout. */
export interface PlayoutOutput {
  /** Sends audio to the caller: a whole number of 20 ms frames of mu-law. */
  media(audio: Buffer): void;
  mark(name: string): void;
  clear(): void;
  /** From here to `uncork` what is sent is gathered, and leaves in one write. */
  cork(): void;
  uncork(): void;
  /** Bytes written to the socket that the network has not taken yet. */
  readonly bufferedBytes: number;
}

/** Told what the caller gets to hear. */
export interface PlayoutListener {
  /** The first audio of an item was sent. */
  itemStarted(itemId: string): void;
  /** An item was heard to its end. */
  itemHeard(itemId: string, heardMs: number): void;
  /** More audio is waiting than one call may hold. */
  overflow(): void;
  /** The socket has not taken any audio for seconds: its peer has stopped reading. */
  stalled(): void;
}

/** How much of an item the caller heard when playout was interrupted. */
export interface HeardItem {
  itemId: string;
  heardMs: number;
  /** All the audio received for the item so far. */
  receivedMs: number;
  /** Whether all of it will come no more and all of it was heard. */
  complete: boolean;
}

export interface PlayoutOptions {
  /**
   * How far ahead of the caller's ear audio is sent. It hides the lateness of timers and network; it costs nothing at an
   * interruption, because `clear` empties Telnyx's queue as well as ours.
   */
  leadMs: number;
  /** Audio is sent in pieces of about this length while more is waiting: fewer, larger writes. */
  chunkMs: number;
}

/** RTP mode takes pieces of 20 ms and more; one frame is 160 bytes. */
const FRAME_BYTES = 160;
/** A mark about five times a second keeps what was heard exact to a frame and costs a tenth of the writes. */
const MARK_EVERY_BYTES = 1_600;
/** Ten minutes of audio: no answer is longer, and a model gone wild must not eat the pod's memory. */
const MAX_QUEUED_BYTES = 4_800_000;
/** Above this the network is not taking audio as fast as it is spoken: hold back, the queue here can still be flushed. */
const SOCKET_FULL_BYTES = 16_384;
/** A socket that stays full for this long has a peer that does not read; a slow network recovers sooner. */
const STALLED_AFTER_MS = 5_000;
/** A full socket is looked at this often; and a timer that fired a touch early comes again soon. */
const LEAST_WAIT_MS = 2;
/** Telnyx returns a mark within a round trip; an item counts as heard this long after the clock says so without it. */
const MARK_PATIENCE_MS = 1_500;

/**
 * Plays the assistant's audio to the caller: queues it per item, sends it in real time with a small lead, and knows at
 * any time what has been heard. One per call; it outlives the sockets it plays to.
 */
export class Playout {
  /** Grows with every interruption and every new socket, so that marks from before mean nothing. */
  private generation = 0;
  private account = new HeardAccount();
  private items: PlayoutItem[] = [];
  private queuedBytes = 0;
  private lastMarkBytes = 0;
  private output: PlayoutOutput | undefined;
  private pumpTimer: Timer | undefined;
  private heardTimer: Timer | undefined;
  private fullSinceMs: number | undefined;
  /** Sent and not heard yet, kept so that a new socket can take it up. */
  private inFlight: { item: PlayoutItem; audio: Buffer; endBytes: number }[] = [];
  /** Up to here it was taken for heard and is kept no more, even if a mark then says that it was a little less. */
  private forgottenBytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly options: PlayoutOptions,
    private readonly listener: PlayoutListener,
  ) {}

  /** True when there is nothing more to hear of what has come so far. */
  get idle(): boolean {
    return this.items.length === 0;
  }

  /** Adds audio to an item; items play in the order in which they first appear. @param audio raw mu-law bytes. */
  play(itemId: string, audio: Buffer): void {
    let item = this.items[0]?.id === itemId ? this.items[0] : this.items.find((other) => other.id === itemId);
    if (!item) {
      item = new PlayoutItem(itemId);
      this.items.push(item);
    }
    item.receive(audio);
    this.queuedBytes += audio.length;
    if (this.queuedBytes > MAX_QUEUED_BYTES) {
      this.listener.overflow();
      return;
    }
    if (!this.pumpTimer) this.pump();
  }

  /** No more audio will come for the item. */
  endItem(itemId: string): void {
    const item = this.items.find((other) => other.id === itemId);
    if (!item || item.ended) return;
    item.ended = true;
    if (!this.pumpTimer) this.pump();
    if (item.pendingBytes === 0) this.markEnd();
    this.settleHeard();
  }

  /** Stops the assistant: drops what waits here and at Telnyx. @returns what was heard of each item it cut. */
  interrupt(): HeardItem[] {
    const heard = this.heardItems();
    if (this.items.length > 0 && this.account.sentBytes > 0) this.output?.clear();
    this.items = [];
    this.queuedBytes = 0;
    this.startGeneration();
    return heard;
  }

  /** What has been heard, as of now, of every item not yet heard to its end. */
  heardItems(): HeardItem[] {
    const heardBytes = this.account.heardBytes(this.clock.nowMs());
    return this.items.map((item) => {
      const itemHeardBytes = item.heardBytes(heardBytes);
      return {
        itemId: item.id,
        heardMs: itemHeardBytes / BYTES_PER_MS,
        receivedMs: item.receivedBytes / BYTES_PER_MS,
        complete: item.ended && itemHeardBytes === item.receivedBytes,
      };
    });
  }

  /** Plays to this socket from now on, going on behind what was heard on the one before. */
  attach(output: PlayoutOutput): void {
    if (this.output) this.detach();
    this.output = output;
    this.pump();
  }

  /** The socket is gone: keep everything that was not heard. */
  detach(): void {
    if (!this.output) return;
    this.output = undefined;
    const heardBytes = Math.max(this.account.heardBytes(this.clock.nowMs()), this.forgottenBytes);
    for (const item of this.items) item.settle(heardBytes);
    for (const { item, audio, endBytes } of this.inFlight.reverse()) {
      const unheardBytes = Math.min(audio.length, endBytes - heardBytes);
      if (unheardBytes <= 0) continue;
      item.putBack(audio.subarray(audio.length - unheardBytes));
      this.queuedBytes += unheardBytes;
    }
    this.startGeneration();
  }

  /** A mark came back. Those of an earlier generation, or not ours, are ignored. */
  markReturned(name: string): void {
    const [generation, position] = name.split(':').map(Number);
    if (generation !== this.generation || position === undefined || !Number.isSafeInteger(position)) return;
    this.account.markReturned(position, this.clock.nowMs());
    this.settleHeard();
  }

  close(): void {
    this.output = undefined;
    this.items = [];
    this.startGeneration();
  }

  private startGeneration(): void {
    this.generation++;
    this.account = new HeardAccount();
    this.lastMarkBytes = 0;
    this.inFlight = [];
    this.forgottenBytes = 0;
    this.fullSinceMs = undefined;
    this.pumpTimer?.cancel();
    this.pumpTimer = undefined;
    this.heardTimer?.cancel();
    this.heardTimer = undefined;
  }

  /** Sends what is due and sets the timer for what is next. */
  private pump(): void {
    this.pumpTimer = undefined;
    const { output } = this;
    if (!output) return;
    const nowMs = this.clock.nowMs();
    const leadBytes = this.options.leadMs * BYTES_PER_MS;
    const startBelowBytes = leadBytes - this.options.chunkMs * BYTES_PER_MS;
    let aheadBytes = this.account.aheadBytes(nowMs);
    if (this.isFull(output, nowMs)) {
      // Nothing more goes in; the timer below looks again.
    } else if (aheadBytes <= startBelowBytes) {
      output.cork();
      for (
        let audio = this.take(leadBytes - aheadBytes, nowMs);
        audio;
        audio = this.take(leadBytes - aheadBytes, nowMs)
      ) {
        output.media(audio);
        aheadBytes = this.account.aheadBytes(nowMs);
        if (this.account.sentBytes - this.lastMarkBytes >= MARK_EVERY_BYTES) this.sendMark();
      }
      this.markEnd();
      output.uncork();
    }
    if (this.queuedBytes > 0 && this.items.some((item) => item.hasFrame)) {
      const waitMs = Math.max(LEAST_WAIT_MS, (aheadBytes - startBelowBytes) / BYTES_PER_MS);
      this.pumpTimer = this.clock.after(waitMs, () => this.pump());
    }
    this.settleHeard();
  }

  /** Whether the socket holds so much already that more would only wait there. */
  private isFull(output: PlayoutOutput, nowMs: number): boolean {
    if (output.bufferedBytes < SOCKET_FULL_BYTES) {
      this.fullSinceMs = undefined;
      return false;
    }
    this.fullSinceMs ??= nowMs;
    if (nowMs - this.fullSinceMs >= STALLED_AFTER_MS) this.listener.stalled();
    return true;
  }

  /** Takes up to `roomBytes` of the next item, as whole frames, and enters it into the account. */
  private take(roomBytes: number, nowMs: number): Buffer | undefined {
    if (roomBytes < FRAME_BYTES) return undefined;
    const item = this.items.find((other) => other.pendingBytes > 0 || !other.ended);
    if (!item) return undefined;
    const audio = item.take(Math.floor(roomBytes / FRAME_BYTES) * FRAME_BYTES);
    if (!audio) return undefined;
    const ownBytes = audio.ownBytes;
    this.queuedBytes -= ownBytes;
    if (item.begin(this.account.sentBytes, ownBytes)) this.listener.itemStarted(item.id);
    this.account.sent(audio.frames.length, nowMs);
    this.inFlight.push({
      item,
      audio: ownBytes === audio.frames.length ? audio.frames : audio.frames.subarray(0, ownBytes),
      endBytes: this.account.sentBytes - (audio.frames.length - ownBytes),
    });
    return audio.frames;
  }

  /** A mark behind the last audio there is, so that its end is known to have been heard. */
  private markEnd(): void {
    const everythingSent = this.items.every((item) => item.pendingBytes === 0 && item.ended);
    if (everythingSent && this.account.sentBytes > this.lastMarkBytes) this.sendMark();
  }

  private sendMark(): void {
    this.lastMarkBytes = this.account.marked();
    this.output?.mark(`${this.generation}:${this.lastMarkBytes}`);
  }

  /** Reports and forgets the items that have been heard to their end; looks again when the next one should be. */
  private settleHeard(): void {
    this.heardTimer?.cancel();
    this.heardTimer = undefined;
    const nowMs = this.clock.nowMs();
    const heardBytes = this.account.heardBytes(nowMs);
    for (let sent = this.inFlight[0]; sent && sent.endBytes <= heardBytes; sent = this.inFlight[0]) {
      this.forgottenBytes = sent.endBytes;
      this.inFlight.shift();
    }
    const item = this.items[0];
    if (!item?.ended || item.pendingBytes > 0) return;
    const missingBytes = item.unheardBytes(heardBytes);
    if (missingBytes > 0) {
      if (!this.output) return;
      const byClockMs = Math.max(missingBytes, this.account.aheadBytes(nowMs)) / BYTES_PER_MS;
      // A moment, not a time from now: this is looked at again with every chunk of the items behind.
      const waitMs = this.account.awaitsMark ? this.account.markDueMs + MARK_PATIENCE_MS - nowMs : byClockMs;
      this.heardTimer = this.clock.after(Math.max(1, waitMs), () => {
        this.heardTimer = undefined;
        if (this.account.awaitsMark) this.account.giveUpMarks();
        this.settleHeard();
      });
      return;
    }
    this.items.shift();
    this.listener.itemHeard(item.id, item.receivedBytes / BYTES_PER_MS);
    // From the start again: whoever was told may have interrupted, and nothing from above holds any more.
    this.settleHeard();
  }
}
