import { type VadConfig } from '../config/config.js';
import { decodedBytes } from './base64-bytes.js';

const BYTES_PER_MS = 8;
/** The service's default, which it does not say of semantic detection, and does not let anybody change there. */
const SEMANTIC_PADDING_MS = 300;

/**
 * The time in which the service tells of the caller: milliseconds of audio that the session was given. What was given last
 * was said just now, so that the moment of a word is known without the way that the news of it has come.
 */
export class InputClock {
  private givenBytes = 0;
  private readonly paddingMs: number;

  constructor(vad: VadConfig) {
    this.paddingMs = vad.type === 'server_vad' ? vad.prefixPaddingMs : SEMANTIC_PADDING_MS;
  }

  /** @param base64 G.711 as base64 text that the session is given. */
  given(base64: Buffer): void {
    this.givenBytes += decodedBytes(base64);
  }

  /**
   * Milliseconds since the caller began to speak.
   * @param audioStartMs as `speech_started` has it: where the turn begins, with the audio before the speech that belongs to
   * it. There is less of that right after another turn; what follows from it is too short then, and never too long.
   * @returns undefined where the service does not say.
   */
  speechAgoMs(audioStartMs: number | null | undefined): number | undefined {
    if (audioStartMs === undefined || audioStartMs === null) return undefined;
    return Math.max(0, this.givenBytes / BYTES_PER_MS - audioStartMs - this.paddingMs);
  }
}
