import { type CutItem, type G711Law, type Line, type LineListener } from '../line.port.js';
import { WAIT_TONE } from './wait-tone.js';

const TONE_ITEM = 'wait-tone-';

/**
 * A line on which tones are played between what the assistant says. Nobody else knows of them: a tone is not the assistant
 * speaking, and to talk over one is no interruption.
 */
export class TonedLine implements Line {
  private tones = 0;
  /** A tone is playing, and nothing behind it. */
  private onlyTone = false;

  constructor(private readonly line: Line) {}

  get law(): G711Law {
    return this.line.law;
  }

  /** The caller has nothing more to hear of what the assistant said. */
  get idle(): boolean {
    return this.onlyTone || this.line.idle;
  }

  /** Nothing at all is being heard. */
  get silent(): boolean {
    return this.line.idle;
  }

  listen(listener: LineListener): void {
    this.line.listen(listener);
  }

  play(itemId: string, audio: Buffer): void {
    this.onlyTone = false;
    this.line.play(itemId, audio);
  }

  endItem(itemId: string): void {
    this.line.endItem(itemId);
  }

  interrupt(): CutItem[] {
    this.onlyTone = false;
    return this.line.interrupt().filter(({ itemId }) => !isTone(itemId));
  }

  heardItems(): CutItem[] {
    return this.line.heardItems().filter(({ itemId }) => !isTone(itemId));
  }

  setCallerSpeaking(speaking: boolean): void {
    this.line.setCallerSpeaking(speaking);
  }

  /** Plays one tone, behind whatever is playing. */
  playTone(): void {
    const itemId = `${TONE_ITEM}${++this.tones}`;
    this.onlyTone = this.idle;
    this.line.play(itemId, WAIT_TONE);
    this.line.endItem(itemId);
  }

  /** The line has told of an item. @returns whether it is a tone, and nobody else's concern. */
  isTone(itemId: string): boolean {
    return isTone(itemId);
  }

  toneHeard(): void {
    if (this.line.idle) this.onlyTone = false;
  }
}

function isTone(itemId: string): boolean {
  return itemId.startsWith(TONE_ITEM);
}
