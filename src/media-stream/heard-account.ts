/** Bytes of G.711 in a millisecond. */
export const BYTES_PER_MS = 8;

/**
 * What the caller has heard of the audio sent to Telnyx: pure bookkeeping, the time is passed in.
 *
 * Positions count the bytes sent since the account began. Telnyx plays what it is sent in order and in real time, so the
 * position heard follows from the clock; each mark that returns says exactly where playing was, and moves the clock's
 * line to there; a mark that has not returned yet (once any has) bounds it. So the answer is right between marks, and no
 * further off than one mark when the network is late.
 */
export class HeardAccount {
  sentBytes = 0;
  /** At `anchorMs` the caller had heard `anchorBytes`, and has been hearing on since. */
  private anchorMs = 0;
  private anchorBytes = 0;
  /** The same line without the marks' way back: what the sender paces by. */
  private paceMs = 0;
  private paceBytes = 0;
  private returnedBytes = 0;
  private marksReturn = false;
  private readonly pendingMarks: number[] = [];

  /** Audio was handed to the socket. */
  sent(bytes: number, nowMs: number): void {
    if (this.heardBytes(nowMs) >= this.sentBytes) {
      this.anchorMs = nowMs;
      this.anchorBytes = this.sentBytes;
    }
    if (this.aheadBytes(nowMs) <= 0) {
      this.paceMs = nowMs;
      this.paceBytes = this.sentBytes;
    }
    this.sentBytes += bytes;
  }

  /** A mark was sent behind all that has been sent so far. @returns the position it stands for. */
  marked(): number {
    this.pendingMarks.push(this.sentBytes);
    return this.sentBytes;
  }

  /** The mark for `position` came back: everything before it has been played. */
  markReturned(position: number, nowMs: number): void {
    if (position > this.sentBytes || position <= this.returnedBytes) return;
    this.marksReturn = true;
    this.returnedBytes = position;
    while (this.pendingMarks[0] !== undefined && this.pendingMarks[0] <= position) this.pendingMarks.shift();
    this.anchorMs = nowMs;
    this.anchorBytes = position;
    if (this.sentBytes - position < this.aheadBytes(nowMs)) {
      this.paceMs = nowMs;
      this.paceBytes = position;
    }
  }

  /** How many of the sent bytes the caller has heard. */
  heardBytes(nowMs: number): number {
    const byClock = this.anchorBytes + Math.floor((nowMs - this.anchorMs) * BYTES_PER_MS);
    const bound = (this.marksReturn ? this.pendingMarks[0] : undefined) ?? this.sentBytes;
    return Math.max(this.returnedBytes, Math.min(byClock, bound, this.sentBytes));
  }

  /** How many bytes Telnyx still has to play, by the clock alone. */
  aheadBytes(nowMs: number): number {
    return Math.max(0, this.sentBytes - this.paceBytes - Math.floor((nowMs - this.paceMs) * BYTES_PER_MS));
  }

  /** Whether a mark is on its way and marks are known to come back on this stream. */
  get awaitsMark(): boolean {
    return this.marksReturn && this.pendingMarks.length > 0;
  }

  /** When the next mark on its way would come back if the network took no time, by the clock alone. */
  get markDueMs(): number {
    return this.paceMs + ((this.pendingMarks[0] ?? this.sentBytes) - this.paceBytes) / BYTES_PER_MS;
  }

  /** The marks on their way are taken for lost: the clock alone counts until one returns again. */
  giveUpMarks(): void {
    this.pendingMarks.length = 0;
  }
}
