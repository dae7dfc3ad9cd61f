/**
 * Every 20 ms of benchmark audio (160 bytes of mu-law) begins with a stamp: who sent it, and which of its frames it is. A
 * relay may cut and join frames as it likes; the stamps tell what arrived, when, and what is missing.
 */
export const FRAME_BYTES = 160;
export const FRAME_MS = 20;

const MAGIC = 0x7e504c59;
const STAMP_BYTES = 10;
const MAGIC_BYTES = Buffer.from([0x7e, 0x50, 0x4c, 0x59]);
/** A byte of a quiet sound, that the magic number does not contain. */
const FILLER = 0x6f;

/** Writes a stamped frame into `target`. */
export function writeFrame(target: Buffer, at: number, sender: number, counter: number): void {
  target.fill(FILLER, at, at + FRAME_BYTES);
  target.writeUInt32BE(MAGIC, at);
  target.writeUInt16BE(sender, at + 4);
  target.writeUInt32BE(counter, at + 6);
}

/** Calls back for every stamp in the audio; returns how many bytes belong to no stamped frame (padding of the relay). */
export function readFrames(audio: Buffer, onFrame: (sender: number, counter: number) => void): number {
  let foreignBytes = 0;
  let at = 0;
  while (at < audio.length) {
    // Mostly the next frame follows at once; only a relay that pads or cuts makes the search necessary.
    const next = audio.length - at >= 4 && audio.readUInt32BE(at) === MAGIC ? at : audio.indexOf(MAGIC_BYTES, at);
    if (next < 0 || next + STAMP_BYTES > audio.length) {
      foreignBytes += audio.length - at;
      break;
    }
    foreignBytes += next - at;
    onFrame(audio.readUInt16BE(next + 4), audio.readUInt32BE(next + 6));
    at = next + FRAME_BYTES;
  }
  return foreignBytes;
}

/** 8192 frames are 164 s: longer than any frame is on its way. */
const REMEMBERED = 8192;

/** The frames of one sender: when each was sent, and which arrived. */
export class FrameLedger {
  sent = 0;
  arrived = 0;
  duplicates = 0;
  private readonly sentAtMs = new Float64Array(REMEMBERED);
  private readonly missing = new Uint8Array(REMEMBERED);

  /** Takes the next counter, sent now. */
  send(nowMs: number): number {
    const slot = this.sent % REMEMBERED;
    this.sentAtMs[slot] = nowMs;
    this.missing[slot] = 1;
    return this.sent++;
  }

  /** A frame came through. Returns when it was sent, or undefined for one that was never sent or came before. */
  arrive(counter: number): number | undefined {
    const slot = counter % REMEMBERED;
    if (counter >= this.sent || this.missing[slot] !== 1) {
      this.duplicates++;
      return undefined;
    }
    this.missing[slot] = 0;
    this.arrived++;
    return this.sentAtMs[slot];
  }

  get outstanding(): number {
    return this.sent - this.arrived;
  }
}
