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

/** What is lost of a conversation with its process, at most; words come in pieces, some twenty a second. */
const WRITTEN_WITHIN_MS = 100;
/** How far the assistant was heard, while it speaks: about half a word. */
const HEARD_EVERY_MS = 200;

/**
 * Writes a conversation down while it goes on. To be told of a change costs next to nothing: the values are made when they
 * are written, ten times a second at most, and the state is compared with what was written last.
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
    if (this.around.assistantHeard()) this.within(HEARD_EVERY_MS);
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
