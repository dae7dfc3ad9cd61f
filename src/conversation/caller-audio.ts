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
const CHUNK_FRAMES = 64;

interface Chunk {
  text: Buffer;
  usedBytes: number;
  /** The base64 text of each frame is complete in itself, with its own padding. */
  frameBytes: Uint32Array;
  frames: number;
}

/**
 * The caller's last words as audio, for a session that has not heard them: everything while there is no session, and
 * while there is one, what the caller said since their last turn was answered or written down. At other times only the
 * last second is kept. A frame costs one copy.
 */
export class CallerAudio {
  private chunks: Chunk[] = [];
  private spare: Chunk | undefined;
  private heldBytes = 0;
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
    let chunk = this.chunks.at(-1);
    if (!chunk || chunk.frames === CHUNK_FRAMES || chunk.usedBytes + base64.length > chunk.text.length) {
      chunk = this.newChunk(base64.length);
      this.chunks.push(chunk);
      this.trim();
    }
    base64.copy(chunk.text, chunk.usedBytes);
    chunk.usedBytes += base64.length;
    chunk.frameBytes[chunk.frames++] = base64.length;
    this.heldBytes += base64.length;
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
    this.chunks = [];
    this.heldBytes = 0;
  }

  /** Hands over everything kept, as base64 text in pieces of up to a second, and keeps it no longer. */
  release(give: (base64: Buffer) => void): void {
    const audio = Buffer.concat(this.chunks.flatMap(decoded));
    this.clear();
    this.isPinned = false;
    for (let at = 0; at < audio.length; at += PIECE_BYTES) {
      give(Buffer.from(audio.toString('base64', at, Math.min(at + PIECE_BYTES, audio.length)), 'latin1'));
    }
  }

  private newChunk(leastBytes: number): Chunk {
    const { spare } = this;
    this.spare = undefined;
    if (spare && spare.text.length >= leastBytes) return Object.assign(spare, { usedBytes: 0, frames: 0 });
    const text = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, leastBytes));
    return { text, usedBytes: 0, frameBytes: new Uint32Array(CHUNK_FRAMES), frames: 0 };
  }

  /** The oldest goes first. Base64 is four characters for three bytes. */
  private trim(): void {
    const mostBytes = ((this.isPinned ? MAX_HELD_BYTES : PREROLL_BYTES) * 4) / 3;
    let oldest = this.chunks[0];
    while (oldest && this.chunks.length > 1 && this.heldBytes - oldest.usedBytes >= mostBytes) {
      this.heldBytes -= oldest.usedBytes;
      this.chunks.shift();
      this.spare = oldest;
      oldest = this.chunks[0];
    }
  }
}

function decoded({ text, frameBytes, frames }: Chunk): Buffer[] {
  let at = 0;
  return Array.from(frameBytes.subarray(0, frames), (bytes) =>
    Buffer.from(text.toString('latin1', at, (at += bytes)), 'base64'),
  );
}
