import { type Clock, type Timer } from '../../common/clock.js';
import { type Line } from '../line.port.js';
import { SpeechGate } from './speech-gate.js';

export interface CallerTurnActions {
  /** The caller speaks over the assistant, and for long enough to be let through. */
  interrupts(): void;
  /** The caller has stopped, and the model never said that it has their turn. */
  cameToNothing(): void;
}

/** The model's word that a turn is complete follows its word that the caller has stopped at once; if ever. */
const COMMITTED_WITHIN_MS = 2_000;

/** Whether the caller speaks, and whether what they say is a turn: over the assistant, speech can be too short for one. */
export class CallerTurn {
  private readonly gate: SpeechGate;
  /** Caller items that were too short to interrupt and are no turn. */
  private readonly ignored = new Set<string>();
  private spokenItemId: string | undefined;
  private ending: Timer | undefined;
  private quietSinceMs = -Infinity;

  /** @param leastSpeechMs speech shorter than this does not interrupt; 0: any does. */
  constructor(
    private readonly clock: Clock,
    private readonly line: Line,
    private readonly leastSpeechMs: number,
    private readonly actions: CallerTurnActions,
  ) {
    this.gate = new SpeechGate(clock, leastSpeechMs, () => actions.interrupts());
  }

  get speaking(): boolean {
    return this.spokenItemId !== undefined;
  }

  /** They speak, or have just stopped and the model has yet to say that it has their turn. */
  get open(): boolean {
    return this.speaking || this.ending !== undefined;
  }

  /** Since they last said something. */
  get quietMs(): number {
    return this.speaking ? 0 : this.clock.nowMs() - this.quietSinceMs;
  }

  /** This item is being spoken. */
  isSpeaking(itemId: string): boolean {
    return this.spokenItemId === itemId;
  }

  /** @param base64 the caller's audio as base64 text. */
  audio(base64: Buffer): void {
    if (this.gate.measuring) this.gate.audio(this.line.law, base64);
  }

  /** @param overAssistant the assistant speaks, and may be interrupted. */
  started(itemId: string, overAssistant: boolean): void {
    this.spokenItemId = itemId;
    this.gate.cancel();
    this.settled();
    this.line.setCallerSpeaking(true);
    if (!overAssistant) return;
    if (this.leastSpeechMs > 0) this.gate.begin(itemId);
    else this.actions.interrupts();
  }

  /**
   * @param assistantSpeaks the assistant was not interrupted, and has not finished.
   * @returns whether this will be a turn.
   */
  stopped(itemId: string, assistantSpeaks: boolean): boolean {
    this.spokenItemId = undefined;
    this.quietSinceMs = this.clock.nowMs();
    this.line.setCallerSpeaking(false);
    this.settled();
    this.ending = this.clock.after(COMMITTED_WITHIN_MS, () => {
      this.ending = undefined;
      this.actions.cameToNothing();
    });
    // Too short to interrupt; but an answer to an assistant that has finished meanwhile is a turn, however short.
    const noise = this.gate.end(itemId) && assistantSpeaks;
    if (noise) this.ignored.add(itemId);
    return !noise;
  }

  /** The model has it in the conversation. @returns whether it is a turn. */
  committed(itemId: string): boolean {
    this.settled();
    return !this.ignored.delete(itemId);
  }

  /** A response begins: whatever was said before it is complete. */
  settled(): void {
    this.ending?.cancel();
    this.ending = undefined;
  }

  /** Nobody listens to the caller any more, or somebody else does. */
  reset(): void {
    this.settled();
    this.gate.cancel();
    this.ignored.clear();
    this.spokenItemId = undefined;
    this.line.setCallerSpeaking(false);
  }
}
