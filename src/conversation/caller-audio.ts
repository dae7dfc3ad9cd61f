/** Half a minute of G.711: longer than any reconnect, or any sentence, that is worth saying again. */
const MAX_HELD_BYTES = 240_000;
/** Kept at all times: the model tells of speech up to half a second after it began. */
const PREROLL_BYTES = 8_000;
/** What came before a gap as long as this is no beginning of what comes after it: some lines are mute in silence. */
const GAP_MS = 500;
/** Held audio is handed over one second at a time. */
const PIECE_BYTES = 8_000;
/** Base64 text of three quarters of a second, in frames of 20 ms or longer. */
const CHUNK_BYTES = 8_192;
/** Ends the text of each frame, which is complete in itself, with its own padding. */
const FRAME_END = 0x0a;
/** Four characters for three bytes, and the end of each frame of 20 ms. */
const TEXT_PER_BYTE = 1.34;
const NO_CHUNK: Buffer = Buffer.alloc(0);

/**
 * The caller's last words as audio, for a session that has not heard them: everything while there is no session, and
 * while there is one, what the caller said since their last turn was answered or written down. At other times only the
 * last second is kept. A frame costs one copy.
 */
export class CallerAudio {
  /** Chunks that are full, oldest first. */
  private full: Buffer[] = [];
  private fullBytes = 0;
  private chunk: Buffer = NO_CHUNK;
  private usedBytes = 0;
  private spare: Buffer | undefined;
  private isPinned = true;
  private keptMs = 0;

  /** @param nowMs the app's clock. */
  constructor(private readonly nowMs: () => number) {}

  /** Everything from now on, and the second before, is being kept. */
  get pinned(): boolean {
    return this.isPinned;
  }

  /** @param base64 G.711 as base64 text. */
  keep(base64: Buffer): void {
    const nowMs = this.nowMs();
    if (!this.isPinned && nowMs - this.keptMs > GAP_MS) this.clear();
    this.keptMs = nowMs;
    const { length } = base64;
    if (this.usedBytes + length >= this.chunk.length) this.turnOver(length + 1);
    this.chunk.set(base64, this.usedBytes);
    this.usedBytes += length;
    this.chunk[this.usedBytes++] = FRAME_END;
  }

  pin(): void {
    this.isPinned = true;
  }

  unpin(): void {
    this.isPinned = false;
    this.trim();
  }

  /** What was kept has been heard: only what comes from now on matters. */
  clear(): void {
    this.full = [];
    this.fullBytes = 0;
    this.usedBytes = 0;
  }

  /** Hands over everything kept, as base64 text in pieces of up to a second, and keeps it no longer. */
  release(give: (base64: Buffer) => void): void {
    const audio = Buffer.concat([...this.full, this.chunk.subarray(0, this.usedBytes)].flatMap(decoded));
    this.clear();
    this.isPinned = false;
    for (let at = 0; at < audio.length; at += PIECE_BYTES) {
      give(Buffer.from(audio.toString('base64', at, Math.min(at + PIECE_BYTES, audio.length)), 'latin1'));
    }
  }

  /** The next chunk, for a frame of so many bytes. */
  private turnOver(leastBytes: number): void {
    if (this.usedBytes > 0) {
      this.full.push(this.chunk.subarray(0, this.usedBytes));
      this.fullBytes += this.usedBytes;
      this.chunk = NO_CHUNK;
      this.trim();
    }
    this.usedBytes = 0;
    if (this.chunk.length >= leastBytes) return;
    const { spare } = this;
    this.spare = undefined;
    const fits = spare && spare.length >= leastBytes;
    this.chunk = fits ? spare : Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, leastBytes));
  }

  /** The oldest goes first. */
  private trim(): void {
    const mostBytes = (this.isPinned ? MAX_HELD_BYTES : PREROLL_BYTES) * TEXT_PER_BYTE;
    let oldest = this.full[0];
    while (oldest && this.fullBytes - oldest.length >= mostBytes) {
      this.fullBytes -= oldest.length;
      this.full.shift();
      this.spare = Buffer.from(oldest.buffer);
      oldest = this.full[0];
    }
  }
}

function decoded(chunk: Buffer): Buffer[] {
  const frames = chunk.toString('latin1').split('\n');
  return frames.map((base64) => Buffer.from(base64, 'base64'));
}
