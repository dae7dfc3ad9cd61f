import { type Clock, type Timer } from '../common/clock.js';

/** Frames come every 20 ms and a busy network bunches them; 300 ms without one is a sender that has stopped. */
const STOPPED_AFTER_MS = 300;
/** Silence is put in this much at a time. */
const STEP_MS = 100;
/** Long enough for any end-of-speech setting; after that nobody is speaking any more. */
const LONGEST_FILL_MS = 10_000;

/**
 * Puts in silence by the clock when frames stop in the middle of speech (a carrier that sends nothing for silence, a
 * stalled network): the model counts time by the audio it gets, and would wait for the end of the speech for ever.
 */
export class SpeechGapFiller {
  private speaking = false;
  private lastFrameMs = 0;
  private filledMs = 0;
  private timer: Timer | undefined;

  /** @param fill puts in that many milliseconds of silence. */
  constructor(
    private readonly clock: Clock,
    private readonly fill: (silenceMs: number) => void,
  ) {}

  /** A frame arrived. */
  frame(): void {
    if (!this.speaking) return;
    this.lastFrameMs = this.clock.nowMs();
    this.filledMs = 0;
  }

  setSpeaking(speaking: boolean): void {
    if (speaking && !this.speaking) {
      this.lastFrameMs = this.clock.nowMs();
      this.filledMs = 0;
    }
    this.speaking = speaking;
    if (!speaking) this.stop();
    else if (!this.timer) this.watch();
  }

  stop(): void {
    this.speaking = false;
    this.timer?.cancel();
    this.timer = undefined;
  }

  private watch(): void {
    this.timer = this.clock.after(STEP_MS, () => {
      this.timer = undefined;
      if (!this.speaking) return;
      const silentMs = this.clock.nowMs() - this.lastFrameMs;
      // The limit holds for what is put in, too: after a pause of this process the timer comes any time later.
      const missingMs = Math.min(Math.floor(silentMs), LONGEST_FILL_MS) - this.filledMs;
      if (silentMs >= STOPPED_AFTER_MS && missingMs > 0) {
        this.filledMs += missingMs;
        this.fill(missingMs);
      }
      this.watch();
    });
  }
}
