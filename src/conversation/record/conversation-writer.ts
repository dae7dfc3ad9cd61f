import { type Clock, type Timer } from '../../common/clock.js';
import { type ConversationState } from './conversation-state.js';
import { type ChangeLog, type ConversationKeeper } from './saved-conversation.js';

export interface ConversationWriterSurroundings {
  /** Its timers go on whatever else stands still. */
  clock: Clock;
  keeper: ConversationKeeper;
  state(): ConversationState;
  /** The assistant is being heard: the state changes without anything being told. */
  assistantHeard(): boolean;
}

/** What the caller said, and what was done, may not be lost; what happens together is told within this. */
const WRITTEN_WITHIN_MS = 20;
/**
 * The assistant's words, some twenty pieces a second, and how far they were heard: at a kill its last third of a second is
 * lost, a word of its own that it says again. More often, a speaking assistant would cost more than all the rest.
 */
const GROWING_WITHIN_MS = 300;

/**
 * Writes a conversation down while it goes on. To be told of a change costs next to nothing: the values are made when they
 * are written, and the state is compared with what was written last. All is written together, whatever was the reason to:
 * what the caller hears is never told without the entry it belongs to.
 */
export class ConversationWriter implements ChangeLog {
  private readonly dirty = new Map<string, (() => unknown) | undefined>();
  private readonly written = new Map<string, string>();
  private timer: Timer | undefined;
  private dueMs = Infinity;
  private stopped = false;

  constructor(private readonly around: ConversationWriterSurroundings) {}

  changed(key: string, value: (() => unknown) | undefined): void {
    this.dirty.set(key, value);
    this.look();
  }

  grew(key: string, value: () => unknown): void {
    this.dirty.set(key, value);
    this.within(GROWING_WITHIN_MS);
  }

  /** The state may have changed. Told as often as it is looked at. */
  look(): void {
    this.within(WRITTEN_WITHIN_MS);
  }

  /** Writes what has changed now: before something that must not be done twice. */
  write(): void {
    if (this.stopped) return;
    this.rest();
    const changes = new Map<string, unknown>();
    for (const [key, value] of this.dirty) changes.set(key, value?.());
    this.dirty.clear();
    for (const [key, value] of Object.entries(this.around.state())) {
      const text = JSON.stringify(value);
      if (this.written.get(key) === text) continue;
      this.written.set(key, text);
      changes.set(key, value);
    }
    if (changes.size > 0) this.around.keeper.save(changes);
    if (this.around.assistantHeard()) this.within(GROWING_WITHIN_MS);
  }

  /** The conversation is over here: nothing is written any more. */
  stop(): void {
    this.stopped = true;
    this.rest();
  }

  private within(ms: number): void {
    if (this.stopped) return;
    const dueMs = this.around.clock.nowMs() + ms;
    if (this.dueMs <= dueMs) return;
    this.timer?.cancel();
    this.dueMs = dueMs;
    this.timer = this.around.clock.after(ms, () => this.write());
  }

  private rest(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.dueMs = Infinity;
  }
}
