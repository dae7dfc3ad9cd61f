import { CLIP_TEXTS, loadClip } from '../audio/clips.js';
import { heardOfClip } from '../audio/locate.js';
import { type CallerEvent } from '../caller/index.js';
import { decodeAudio } from '../realtime/audio-format.js';
import { type DoubleSession, type RealtimeDouble } from '../realtime/index.js';
import { CALLER_CLIPS, type KnownItem, skipTurns } from './cast.js';
import { type DemoEvent } from './demo-event.js';

/** The caller's sentence in which the connection is lost: the last one. */
export const LOST_IN = CALLER_CLIPS[2];
/** About the middle of that sentence, which takes three seconds. */
const LOST_AFTER_MS = 1400;

/** A connection to the model that was cut, and the session in which the gateway went on. */
export interface Loss {
  /** Epoch milliseconds. */
  at: number;
  /** Sessions that have heard the caller, the lost one among them. */
  sessionsUsed: number;
  /** The session that went on had been connected before. */
  wasWarm: boolean;
  /** The conversation as the lost session knew it. */
  known: readonly KnownItem[];
  /** What the session that went on was told of it. */
  told: readonly KnownItem[];
  /** How much of the caller's sentence it has heard, and how long the sentence is. */
  heardMs: number;
  sentenceMs: number;
  /** What it said itself. */
  said: readonly string[];
}

/** Cuts the gateway's connection to the simulated model once, while the caller says the last sentence. */
export class ConnectionLoss {
  private timer: NodeJS.Timeout | undefined;
  private lost: { at: number; session: DoubleSession; sessionsBefore: readonly DoubleSession[] } | undefined;

  /** @param tell with times since the caller dialled, `dialledAt` in epoch milliseconds. */
  constructor(
    private readonly model: RealtimeDouble,
    private readonly dialledAt: number,
    private readonly tell: (event: DemoEvent) => void,
  ) {}

  /** Waits for its moment. */
  observe(event: CallerEvent): void {
    if (event.kind !== 'caller-speaks' || event.words !== CLIP_TEXTS[LOST_IN]) return;
    this.timer = setTimeout(() => this.cut(), LOST_AFTER_MS);
  }

  close(): void {
    clearTimeout(this.timer);
  }

  /** What came of it; undefined when it did not happen, or nobody went on. */
  get outcome(): Loss | undefined {
    if (this.lost === undefined) return undefined;
    const { at, session: before, sessionsBefore } = this.lost;
    const used = this.model.sessions.filter(heardCaller);
    const after = used.find((session) => session !== before);
    if (after === undefined) return undefined;
    const { items, inputAudio, config } = after;
    // What a session hears and says itself is sound, what it was told of is text.
    const ownFrom = items.findIndex(({ medium }) => medium === 'audio');
    const sentence = loadClip(LOST_IN);
    return {
      at,
      sessionsUsed: used.length,
      known: before.items,
      wasWarm: sessionsBefore.includes(after),
      told: items.slice(0, ownFrom === -1 ? items.length : ownFrom),
      heardMs: heardOfClip(decodeAudio(config.audio.input.format, inputAudio), sentence)?.heardMs ?? 0,
      sentenceMs: sentence.length / 8,
      said: items.filter(({ role, medium }) => role === 'assistant' && medium === 'audio').map(({ text }) => text),
    };
  }

  private cut(): void {
    const session = this.model.sessions.findLast((each) => each.open && heardCaller(each));
    if (session === undefined) return;
    const at = Date.now();
    this.lost = { at, session, sessionsBefore: [...this.model.sessions] };
    skipTurns(this.model, CALLER_CLIPS.indexOf(LOST_IN));
    session.drop();
    this.tell({
      atMs: at - this.dialledAt,
      lane: 'model',
      text: 'CONNECTION LOST while the caller speaks',
      tone: 'mark',
    });
  }
}

function heardCaller({ appendCount }: DoubleSession): boolean {
  return appendCount > 0;
}
