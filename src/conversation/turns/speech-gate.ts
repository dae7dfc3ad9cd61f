import { type Clock, type Timer } from '../../common/clock.js';
import { type G711Law } from '../line.port.js';
import { levelDbfs } from './speech-level.js';

/** Louder than this is voice; a phone line's own noise is at -35 dBFS and below. */
const VOICE_DBFS = -30;
/** Voice too soft for the level above still interrupts when the model has heard speech for this long without an end. */
const CERTAIN_SPEECH_MS = 1_200;
const BYTES_PER_MS = 8;

/**
 * Decides whether speech over the assistant is long enough to interrupt it. The model's word that speech has ended comes
 * only after its silence, half a second late, so the length is measured on the audio itself.
 */
export class SpeechGate {
  private itemId: string | undefined;
  private voicedMs = 0;
  private timer: Timer | undefined;

  /**
   * @param leastSpeechMs how much voice interrupts.
   * @param interrupt called once per speech that is long enough.
   */
  constructor(
    private readonly clock: Clock,
    private readonly leastSpeechMs: number,
    private readonly interrupt: () => void,
  ) {}

  /** Speech is being measured: caller audio is wanted. */
  get measuring(): boolean {
    return this.itemId !== undefined;
  }

  begin(itemId: string): void {
    this.cancel();
    this.itemId = itemId;
    this.voicedMs = 0;
    this.timer = this.clock.after(this.leastSpeechMs + CERTAIN_SPEECH_MS, () => this.open());
  }

  /** @param base64 the caller's audio as base64 text. */
  audio(law: G711Law, base64: Buffer): void {
    if (!this.measuring) return;
    const audio = Buffer.from(base64.toString('latin1'), 'base64');
    if (levelDbfs(law, audio) < VOICE_DBFS) return;
    this.voicedMs += audio.length / BYTES_PER_MS;
    if (this.voicedMs >= this.leastSpeechMs) this.open();
  }

  /** The speech is over. @returns true if it was being measured, that is: too short to interrupt. */
  end(itemId: string): boolean {
    const tooShort = this.itemId === itemId;
    if (tooShort) this.cancel();
    return tooShort;
  }

  cancel(): void {
    this.timer?.cancel();
    this.itemId = undefined;
  }

  private open(): void {
    this.cancel();
    this.interrupt();
  }
}
