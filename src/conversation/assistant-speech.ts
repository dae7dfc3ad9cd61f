import { type ConversationLog } from './conversation-log.js';
import { type CutItem, type Line } from './line.port.js';
import { type ModelSession } from './model.port.js';

/** Less than one frame of an item is not heard as anything: such an item is taken out of the conversation. */
const LEAST_HEARD_MS = 20;

/**
 * What the assistant says, on its way from the model to the line: which responses are for the caller, which are cut off,
 * and what the model is told of those that were cut.
 */
export class AssistantSpeech {
  /** Responses that were interrupted: what still comes of them is not for the caller. */
  private readonly dropped = new Set<string>();
  /** Assistant items of the present session, and the response each belongs to. */
  private readonly items = new Map<string, string>();

  /** @param session the present one, if there is one. */
  constructor(
    private readonly line: Line,
    private readonly said: ConversationLog,
    private readonly session: () => ModelSession | undefined,
  ) {}

  /** The response that an item belongs to; undefined for one of an earlier session. */
  responseOf(itemId: string): string | undefined {
    return this.items.get(itemId);
  }

  /** @param audio raw mu-law bytes. */
  audio(responseId: string, itemId: string, audio: Buffer): void {
    const isNew = !this.items.has(itemId);
    if (this.dropped.has(responseId)) {
      // Audio of an interrupted answer that was on its way: an item nobody has heard a sound of is not part of the talk.
      if (isNew) this.takeOut(responseId, itemId);
      return;
    }
    if (isNew) {
      this.items.set(itemId, responseId);
      this.said.assistantSpeaks(itemId);
    }
    this.line.play(itemId, audio);
  }

  audioDone(responseId: string, itemId: string): void {
    if (!this.dropped.has(responseId)) this.line.endItem(itemId);
  }

  words(responseId: string, itemId: string, delta: string): void {
    if (!this.dropped.has(responseId)) this.said.assistantWords(itemId, delta);
  }

  /** What still comes of the response is not wanted. */
  drop(responseId: string): void {
    this.dropped.add(responseId);
  }

  /** No more will come of the response. @returns whether it had been dropped. */
  done(responseId: string): boolean {
    for (const [itemId, ofResponse] of this.items) if (ofResponse === responseId) this.line.endItem(itemId);
    return this.dropped.delete(responseId);
  }

  /**
   * Silences the assistant and tells the model what was heard: each item is truncated there, deleted where nothing was
   * heard, and left alone where all of it was.
   */
  cut(): CutItem[] {
    const cut = this.line.interrupt();
    for (const { itemId, heardMs, receivedMs, complete } of cut) {
      if (complete) continue;
      const responseId = this.items.get(itemId);
      if (heardMs < LEAST_HEARD_MS) {
        if (responseId !== undefined) this.takeOut(responseId, itemId);
        continue;
      }
      this.said.assistantHeard(itemId, receivedMs > 0 ? heardMs / receivedMs : 0);
      if (responseId !== undefined) this.session()?.truncateItem(itemId, Math.floor(heardMs));
    }
    return cut;
  }

  /** The session is gone: what came of it is played to its end, and the next session knows none of its items. */
  sessionLost(): void {
    for (const itemId of this.items.keys()) this.line.endItem(itemId);
    this.items.clear();
    this.dropped.clear();
  }

  private takeOut(responseId: string, itemId: string): void {
    this.items.set(itemId, responseId);
    this.said.forget(itemId);
    this.session()?.deleteItem(itemId);
  }
}
