import { type CallerAudio } from './caller-audio.js';

/** A second: speech is noticed some 300 ms after it began. */
const BEFORE_BYTES = 8_000;

/** What the caller says while a conversation stands still, and just before, for the process that goes on with it. */
export class CallerMeanwhile {
  /** They were saying something before, and nobody had answered it. */
  private pinnedBefore = false;
  private keptBytes = 0;

  constructor(private readonly heldAudio: CallerAudio) {}

  begin(): void {
    this.pinnedBefore = this.heldAudio.pinned;
    this.keptBytes = 0;
    this.heldAudio.pin();
  }

  /** @param base64 the caller's audio as base64 text. */
  keep(base64: Buffer): void {
    this.keptBytes += (base64.length * 3) / 4;
    this.heldAudio.keep(base64);
  }

  /** What no session has heard to its end, as G.711; it is kept no longer. */
  take(): Buffer {
    const pieces: Buffer[] = [];
    this.heldAudio.release((base64) => pieces.push(Buffer.from(base64.toString('latin1'), 'base64')));
    const audio = Buffer.concat(pieces);
    // Of what was answered nothing is heard again; more than the second before may be held.
    return this.pinnedBefore ? audio : audio.subarray(-(BEFORE_BYTES + this.keptBytes));
  }

  /** No other process goes on with it. The line was away meanwhile: what was kept has a hole in it. */
  letGo(): void {
    if (this.pinnedBefore) return;
    this.heldAudio.clear();
    this.heldAudio.unpin();
  }
}
