import { decodeG711 } from '../audio/g711.js';
import { type AudioFormat, lawOf } from './audio-format.js';

/** The stretch over which loudness is measured: one usual telephone frame. */
export const METER_FRAME_MS = 20;

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const SQUARES = {
  PCMU: Float64Array.from(decodeG711('PCMU', everyByte), (sample) => sample * sample),
  PCMA: Float64Array.from(decodeG711('PCMA', everyByte), (sample) => sample * sample),
};

/**
 * Turns appended audio, in pieces of any size, into one loudness value per 20 ms of audio.
 * It keeps sums, not audio, so that it costs a table look-up per byte and no memory.
 */
export class LevelMeter {
  readonly #squares: Float64Array | undefined;
  readonly #samplesPerFrame: number;
  #sumOfSquares = 0;
  #samples = 0;
  /** The low byte of a PCM sample that was cut in two by the end of an append. */
  #cutByte: number | undefined;

  constructor(format: AudioFormat) {
    const law = lawOf(format);
    this.#squares = law && SQUARES[law];
    this.#samplesPerFrame = METER_FRAME_MS * (law ? 8 : 24);
  }

  /** Calls `onFrame` with the root mean square (0 to 32768) of each 20 ms that `bytes` completes. */
  feed(bytes: Buffer, onFrame: (rms: number) => void): void {
    if (this.#squares) {
      for (let i = 0; i < bytes.length; i++) this.#add(this.#squares[bytes[i] ?? 0] ?? 0, onFrame);
      return;
    }
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] ?? 0;
      if (this.#cutByte === undefined) {
        this.#cutByte = byte;
      } else {
        const sample = ((byte << 24) >> 16) | this.#cutByte;
        this.#cutByte = undefined;
        this.#add(sample * sample, onFrame);
      }
    }
  }

  #add(square: number, onFrame: (rms: number) => void): void {
    this.#sumOfSquares += square;
    if (++this.#samples < this.#samplesPerFrame) return;
    const rms = Math.sqrt(this.#sumOfSquares / this.#samples);
    this.#sumOfSquares = 0;
    this.#samples = 0;
    onFrame(rms);
  }
}
