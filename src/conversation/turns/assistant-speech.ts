import { type CutItem, type Line } from '../line.port.js';
import { type ModelSession } from '../model.port.js';
import { type Floor } from '../record/conversation-state.js';
import { type Transcript } from '../record/transcript.js';
import { type Timekeeper } from '../timeline/timekeeper.js';

/** Less than one frame of an item is not heard as anything: such an item is taken out of the conversation. */
export const LEAST_HEARD_MS = 20;
/** How fast speech is until this call has shown it: about 15 characters a second. */
const CHARACTERS_PER_MS = 0.015;

interface SpokenItem {
  responseId: string;
  receivedMs: number;
  /** Its response's, where all of its audio is added up. */
  total: { audioMs: number };
  /** No more audio will come of it. */
  ended: boolean;
}

/** How a response ended, as far as the caller is concerned. */
export interface SpokenResponse {
  /** It was cut off: what still came of it was not for the caller. */
  dropped: boolean;
  /** Some of it is, or was, on its way to the caller. */
  spoke: boolean;
}

/**
 * What the assistant says, on its way from the model to the line: which responses are for the caller, which are cut off,
 * and what the model is told of those that were cut.
 */
export class AssistantSpeech {
  /** Responses that were interrupted: what still comes of them is not for the caller. */
  private readonly dropped = new Set<string>();
  private readonly spoke = new Set<string>();
  /** Assistant items of the present session. */
  private readonly items = new Map<string, SpokenItem>();
  private charactersPerMs = CHARACTERS_PER_MS;

  /** @param session the present one, if there is one. */
  constructor(
    private readonly line: Line,
    private readonly transcript: Transcript,
    private readonly timekeeper: Timekeeper,
    private readonly session: () => ModelSession | undefined,
  ) {}

  /** The response that an item belongs to; undefined for one of an earlier session. */
  responseOf(itemId: string): string | undefined {
    return this.items.get(itemId)?.responseId;
  }

  /** @param audio raw mu-law bytes. */
  audio(responseId: string, itemId: string, audio: Buffer): void {
    let item = this.items.get(itemId);
    if (this.dropped.has(responseId)) {
      // Audio of an interrupted answer that was on its way: an item nobody has heard a sound of is not part of the talk.
      if (!item) this.takeOut(responseId, itemId);
      return;
    }
    if (!item) {
      item = { responseId, receivedMs: 0, total: this.timekeeper.speaks(responseId, itemId), ended: false };
      this.items.set(itemId, item);
      this.spoke.add(responseId);
      this.transcript.assistantSpeaks(itemId);
    }
    const ms = audio.length / 8;
    item.receivedMs += ms;
    item.total.audioMs += ms;
    this.line.play(itemId, audio);
  }

  audioDone(responseId: string, itemId: string): void {
    const item = this.items.get(itemId);
    if (item && !item.ended) {
      item.ended = true;
      const characters = this.transcript.lengthOf(itemId);
      // Two seconds and more tell how fast this voice speaks.
      if (item.receivedMs > 2_000 && characters > 0) this.charactersPerMs = characters / item.receivedMs;
    }
    if (!this.dropped.has(responseId)) this.line.endItem(itemId);
  }

  words(responseId: string, itemId: string, delta: string): void {
    if (!this.dropped.has(responseId)) this.transcript.assistantWords(itemId, delta);
  }

  /** What still comes of the response is not wanted. */
  drop(responseId: string): void {
    this.dropped.add(responseId);
  }

  isDropped(responseId: string): boolean {
    return this.dropped.has(responseId);
  }

  /** No more will come of the response. */
  done(responseId: string): SpokenResponse {
    for (const [itemId, item] of this.items) if (item.responseId === responseId) this.line.endItem(itemId);
    return { dropped: this.dropped.delete(responseId), spoke: this.spoke.delete(responseId) };
  }

  /**
   * Silences the assistant and tells the model what was heard: each item is truncated there, deleted where nothing was
   * heard, and left alone where all of it was.
   */
  cut(): CutItem[] {
    const cut = this.line.interrupt();
    for (const item of cut) {
      if (item.complete) continue;
      const { itemId, heardMs } = item;
      const responseId = this.responseOf(itemId);
      if (heardMs < LEAST_HEARD_MS) {
        if (responseId !== undefined) this.takeOut(responseId, itemId);
        continue;
      }
      this.transcript.assistantHeard(itemId, this.heardShare(item));
      if (responseId !== undefined) this.session()?.truncateItem(itemId, Math.floor(heardMs));
    }
    return cut;
  }

  /** The call is over in the middle of what is being played: notes how far it was heard. */
  noteHeard(): void {
    for (const item of this.line.heardItems()) {
      if (!item.complete) this.transcript.assistantHeard(item.itemId, this.heardShare(item));
    }
  }

  /** What the caller is hearing, as entries of the transcript, as far as they have heard it. */
  heardSoFar(): Floor['heard'] {
    return this.line.heardItems().flatMap((item) => {
      const entry = this.transcript.numberOf(item.itemId);
      if (entry === undefined || item.complete) return [];
      return [{ entry, heardMs: Math.floor(item.heardMs), heardShare: this.heardShare(item) }];
    });
  }

  /** The session is gone: what came of it is played to its end, and the next session knows none of its items. */
  sessionLost(): void {
    for (const itemId of this.items.keys()) this.line.endItem(itemId);
    this.items.clear();
    this.dropped.clear();
    this.spoke.clear();
  }

  /**
   * Share of an item's words that was heard. The words run ahead of the audio: of an item that is still being written, the
   * words so far are more than the audio so far, and speech as fast as this voice's tells by how much.
   */
  private heardShare({ itemId, heardMs, receivedMs }: CutItem): number {
    const ended = this.items.get(itemId)?.ended ?? true;
    const wordsMs = ended ? 0 : this.transcript.lengthOf(itemId) / this.charactersPerMs;
    const wholeMs = Math.max(receivedMs, wordsMs);
    return wholeMs > 0 ? Math.min(1, heardMs / wholeMs) : 0;
  }

  private takeOut(responseId: string, itemId: string): void {
    this.items.set(itemId, { responseId, receivedMs: 0, total: { audioMs: 0 }, ended: true });
    this.transcript.forget(itemId);
    this.session()?.deleteItem(itemId);
  }
}
