/**
 * A conversation as it is written down while it goes on: JSON values by key. Small ones, each written again when it
 * changes, so that what was said survives the process. The keys are those of `ConversationState`, one for each entry of
 * the transcript (`entry/7`, kept in order by its number), and one for each turn (`turn/3`).
 */
export type SavedConversation = ReadonlyMap<string, unknown>;

/** Where a conversation is written down; never waits, never throws. */
export interface ConversationKeeper {
  /** @param changes by key; undefined removes. The values are not changed after this. */
  save(changes: ReadonlyMap<string, unknown>): void;
}

/** Takes note of what has to be written down again. */
export interface ChangeLog {
  /** @param value asked for when it is written down, however often it has changed until then; undefined: it is removed. */
  changed(key: string, value: (() => unknown) | undefined): void;
  /** The same of what changes all the time, and of which the latest bit may be lost with the process. */
  grew(key: string, value: () => unknown): void;
}
