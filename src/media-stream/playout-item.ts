/** RTP mode takes pieces of 20 ms and more; one frame is 160 bytes. */
const FRAME_BYTES = 160;
/** Mu-law silence fills up the last frame of an item. */
const SILENCE = 0xff;

/** Frames taken from an item, and how many of their bytes are the item's own (the rest is silence at its end). */
export interface TakenFrames {
  frames: Buffer;
  ownBytes: number;
}

/** The audio of one assistant item on its way to the caller: what has come, what has been sent, what was heard. */
export class PlayoutItem {
  receivedBytes = 0;
  /** Received and not sent yet. */
  pendingBytes = 0;
  ended = false;
  private pending: Buffer[] = [];
  /** Heard on sockets before the present one. */
  private settledBytes = 0;
  /** Where the item's audio stands in the present account; -1 before any of it was sent there. */
  private startBytes = -1;
  private sentBytes = 0;
  private started = false;

  constructor(readonly id: string) {}

  /** Whether a whole frame can be sent now. */
  get hasFrame(): boolean {
    return this.pendingBytes >= FRAME_BYTES || (this.ended && this.pendingBytes > 0);
  }

  receive(audio: Buffer): void {
    this.pending.push(audio);
    this.pendingBytes += audio.length;
    this.receivedBytes += audio.length;
  }

  /** Gives back audio that was sent but never heard; it comes next. */
  putBack(audio: Buffer): void {
    this.pending.unshift(audio);
    this.pendingBytes += audio.length;
  }

  /**
   * Takes up to `maxBytes` (a whole number of frames) off the front. A part of a frame stays until more comes or the
   * item has ended; then silence makes it whole.
   */
  take(maxBytes: number): TakenFrames | undefined {
    const wholeBytes = this.ended ? this.pendingBytes : this.pendingBytes - (this.pendingBytes % FRAME_BYTES);
    const ownBytes = Math.min(maxBytes, wholeBytes);
    if (ownBytes <= 0) return undefined;
    const padBytes = (FRAME_BYTES - (ownBytes % FRAME_BYTES)) % FRAME_BYTES;
    const head = this.pending[0];
    this.pendingBytes -= ownBytes;
    if (head && padBytes === 0 && head.length >= ownBytes) {
      // All from one piece, as a rule: nothing is copied.
      if (head.length === ownBytes) {
        this.pending.shift();
        return { frames: head, ownBytes };
      }
      this.pending[0] = head.subarray(ownBytes);
      return { frames: head.subarray(0, ownBytes), ownBytes };
    }
    const frames = Buffer.allocUnsafe(ownBytes + padBytes);
    let filledBytes = 0;
    while (filledBytes < ownBytes) {
      const piece = this.pending[0];
      if (!piece) break;
      const copied = piece.copy(frames, filledBytes, 0, Math.min(piece.length, ownBytes - filledBytes));
      filledBytes += copied;
      if (copied === piece.length) this.pending.shift();
      else this.pending[0] = piece.subarray(copied);
    }
    frames.fill(SILENCE, filledBytes);
    return { frames, ownBytes };
  }

  /** Enters audio that is being sent at `positionBytes` of the account. @returns true the first time ever. */
  begin(positionBytes: number, ownBytes: number): boolean {
    if (this.startBytes === -1) this.startBytes = positionBytes;
    this.sentBytes += ownBytes;
    const first = !this.started;
    this.started = true;
    return first;
  }

  /** How much of the item had been heard when the account stood at `heardBytes`. */
  heardBytes(heardBytes: number): number {
    const here = this.startBytes === -1 ? 0 : Math.max(0, Math.min(heardBytes - this.startBytes, this.sentBytes));
    return this.settledBytes + here;
  }

  /** How much of what has been received was not heard when the account stood at `heardBytes`. */
  unheardBytes(heardBytes: number): number {
    return this.receivedBytes - this.heardBytes(heardBytes);
  }

  /** The account ends here; what was heard stays heard. */
  settle(heardBytes: number): void {
    this.settledBytes = this.heardBytes(heardBytes);
    this.startBytes = -1;
    this.sentBytes = 0;
  }
}
