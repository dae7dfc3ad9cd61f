/** Half a minute of G.711: longer than any reconnect that is worth waiting for. */
const MAX_HELD_BYTES = 240_000;
/** Held audio is handed over one second at a time. */
const PIECE_BYTES = 8_000;

/** Keeps the caller's audio while there is no session to hear it; the oldest goes first when it gets too much. */
export class AudioHold {
  private pieces: Buffer[] = [];
  private heldBytes = 0;

  /** @param base64 G.711 as base64 text. */
  keep(base64: Buffer): void {
    const audio = Buffer.from(base64.toString('latin1'), 'base64');
    this.pieces.push(audio);
    this.heldBytes += audio.length;
    while (this.heldBytes > MAX_HELD_BYTES) this.heldBytes -= this.pieces.shift()?.length ?? this.heldBytes;
  }

  /** Hands over everything kept, as base64 text in pieces of up to a second. */
  release(give: (base64: Buffer) => void): void {
    const audio = Buffer.concat(this.pieces);
    this.pieces = [];
    this.heldBytes = 0;
    for (let at = 0; at < audio.length; at += PIECE_BYTES) {
      give(Buffer.from(audio.toString('base64', at, Math.min(at + PIECE_BYTES, audio.length)), 'latin1'));
    }
  }
}
