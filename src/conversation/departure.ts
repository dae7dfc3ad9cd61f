import { CallerMeanwhile } from './caller-meanwhile.js';
import { type ConversationParts } from './conversation-parts.js';
import { heldEvents } from './held-events.js';
import { lineInterrupted } from './notes.js';
import { QuietMoment } from './quiet-moment.js';

export interface DepartureSurroundings {
  parts: ConversationParts;
  /** The caller's turns are written down by the model. */
  transcribes: boolean;
  /** The call is not over, not in other hands, and does not stand still. */
  talking(): boolean;
  /** Nobody speaks and nothing is under way. */
  callersTurn(): boolean;
  /** Tells the model something, and has it speak about it. */
  note(text: string): void;
  /** Nothing is done for being due, or for taking too long. */
  restWatching(): void;
}

/** The last second of the caller is kept when it stands still: this much of it before was silence. */
const CALLER_QUIET_MS = 1_500;

/**
 * A conversation that may go on in another process: the moment at which nobody would notice, standing still, and going on
 * here after all. How it goes on there is in `Resumption`.
 */
export class Departure {
  private readonly quietMoment: QuietMoment;
  private readonly caller: CallerMeanwhile;

  constructor(private readonly around: DepartureSurroundings) {
    const { guard, sessions } = around.parts;
    this.quietMoment = new QuietMoment(guard.clock, () => this.unnoticed);
    this.caller = new CallerMeanwhile(sessions.heldAudio);
  }

  /** Resolves at a moment when nobody speaks and nothing is under way, or when the time is over. */
  whenQuiet(atMostMs: number): Promise<void> {
    return this.quietMoment.within(atMostMs);
  }

  /** Something may have become quiet. */
  settle(): void {
    this.quietMoment.settle();
  }

  /** From now on nothing is said or done here. */
  freeze(): void {
    const { turnTaking, keys, sessions, events, standstill, record, ending, writer } = this.around.parts;
    if (standstill.on) return;
    turnTaking.freeze();
    keys.flush();
    this.around.restWatching();
    this.caller.begin();
    sessions.freeze(heldEvents(events, standstill, record.ledger));
    standstill.begin();
    // What was left of a goodbye is said by the call itself.
    ending.cutShort();
    writer?.write();
  }

  /** It goes on here, on a line that may have been away: the assistant says what was cut off. */
  thaw(): void {
    const { turnTaking, sessions, standstill, ending, closing, limits } = this.around.parts;
    if (!standstill.on) return;
    this.caller.letGo();
    standstill.end();
    closing.sessionLost();
    if (this.around.talking() && !ending.begun) {
      const { cutOff, callerTurnOpen: lostWords } = turnTaking.floor;
      if (cutOff || lostWords) this.around.note(lineInterrupted({ cutOff, lostWords, nothingKnown: false }));
      limits.start();
      sessions.thaw();
    }
    turnTaking.thaw();
  }

  /** @param base64 what the caller says while it stands still, as base64 text. */
  keepAudio(base64: Buffer): void {
    if (this.around.parts.standstill.on) this.caller.keep(base64);
  }

  /** What the caller said since it stands still, and just before, as G.711: nobody has answered it. Empty otherwise. */
  takeUnheard(): Buffer {
    return this.around.parts.standstill.on ? this.caller.take() : Buffer.alloc(0);
  }

  /** Nobody would notice if the conversation went on elsewhere, and nothing would be lost. */
  private get unnoticed(): boolean {
    const { ending, record, turnTaking, keys } = this.around.parts;
    if (!this.around.talking() || ending.over) return true;
    const written = !this.around.transcribes || !record.transcript.unwritten;
    // Speech is noticed some 300 ms after it began; what is kept of it must not reach back to what was answered.
    const settled = turnTaking.callerQuietMs >= CALLER_QUIET_MS;
    return this.around.callersTurn() && written && settled && !keys.pending;
  }
}
