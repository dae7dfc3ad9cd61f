import { z } from 'zod';
import { type SavedConversation } from './saved-conversation.js';

const number = z.number().int().nonnegative();
const atMs = z.number();

const callerEntry = z.object({
  kind: z.literal('caller'),
  number,
  atMs,
  /** Undefined: they may still be written down. */
  text: z.string().optional(),
});

const assistantEntry = z.object({
  kind: z.literal('assistant'),
  number,
  atMs,
  text: z.string(),
  /** How much of its audio was heard, 0 to 1. */
  heardShare: z.number().min(0).max(1),
  cut: z.boolean(),
});

const toolEntry = z.object({
  kind: z.literal('tool'),
  number,
  atMs,
  toolCallId: z.string(),
  name: z.string(),
  argumentsText: z.string(),
  output: z.string().optional(),
  /** What came of it is not known yet, whatever the model was given to go on with. */
  running: z.boolean(),
});

const keysEntry = z.object({ kind: z.literal('keys'), number, atMs, keys: z.string() });

const savedEntrySchema = z.discriminatedUnion('kind', [callerEntry, assistantEntry, toolEntry, keysEntry]);

/** The item of a session. */
interface OfItem {
  itemId: string;
}

export type CallerEntry = z.infer<typeof callerEntry> & OfItem;
export type AssistantEntry = z.infer<typeof assistantEntry> & OfItem;
export type ToolEntry = z.infer<typeof toolEntry>;
/** Something that was said or done in a call. `number`: its place among the others. */
export type Entry = CallerEntry | AssistantEntry | ToolEntry | z.infer<typeof keysEntry>;
type SavedEntry = z.infer<typeof savedEntrySchema>;

const PREFIX = 'entry/';

export function entryKey(entryNumber: number): string {
  return `${PREFIX}${entryNumber}`;
}

/** @returns what is written down of an entry. */
export function savedEntry(entry: Entry): SavedEntry {
  if (!('itemId' in entry)) return { ...entry };
  // Items are a session's own, and no session outlives its process.
  const { itemId: _itemId, ...saved } = entry;
  return saved;
}

/**
 * @returns the entries that can be read, in order, as another process goes on with them: what ran there has an unknown
 * outcome, and nobody writes down words any more.
 */
export function readEntries(saved: SavedConversation): Entry[] {
  const entries: Entry[] = [];
  for (const [key, value] of saved) {
    if (!key.startsWith(PREFIX)) continue;
    const entry = savedEntrySchema.safeParse(value).data;
    if (!entry || entryKey(entry.number) !== key) continue;
    if (entry.kind === 'caller' || entry.kind === 'assistant') entries.push({ ...entry, itemId: '' });
    else entries.push(entry);
  }
  return entries.sort((a, b) => a.number - b.number);
}
