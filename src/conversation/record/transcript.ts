import { keyNote } from '../keys/key-note.js';
import { type HistoryItem } from '../model.port.js';
import { type TranscriptEntry } from './conversation-report.js';

interface CallerEntry {
  kind: 'caller';
  itemId: string;
  atMs: number;
  text: string | undefined;
}

interface AssistantEntry {
  kind: 'assistant';
  itemId: string;
  atMs: number;
  text: string;
  /** How much of its audio was heard, 0 to 1. */
  heardShare: number;
  cut: boolean;
}

interface ToolEntry {
  kind: 'tool';
  toolCallId: string;
  atMs: number;
  name: string;
  argumentsText: string;
  output: string | undefined;
}

type Entry = CallerEntry | AssistantEntry | ToolEntry | { kind: 'keys'; atMs: number; keys: string };

/** More than this is not replayed: the last part of a long call says what it is about. */
const MAX_REPLAYED_CHARACTERS = 24_000;
/** Entries kept; an hour of quick talk has a few hundred turns. */
const MAX_ENTRIES = 2_000;

/** A tool that was running when its session was lost: it may have had its effect, so nobody runs it again unasked. */
export const OUTCOME_UNKNOWN =
  '{"status":"outcome unknown","note":"The connection was renewed while this ran. It may have taken effect. Do not call it again unless the caller asks."}';

/** What was said and done in a call, in order, as it was heard. Outlives any one session with the model. */
export class Transcript {
  private list: Entry[] = [];
  /** A turn whose words the next session is to hear and write down. */
  private heardAgain: CallerEntry | undefined;

  /** @param now milliseconds since 1970. */
  constructor(private readonly now: () => number) {}

  /** The caller's turn has its place in the conversation; its words come later. */
  callerTurn(itemId: string): void {
    const { heardAgain } = this;
    this.heardAgain = undefined;
    if (heardAgain && this.list.includes(heardAgain)) heardAgain.itemId = itemId;
    else if (!this.callerEntry(itemId)) this.add({ kind: 'caller', itemId, atMs: this.now(), text: undefined });
  }

  /** The words of a turn; those of a noise that was taken out again are not kept. */
  callerWords(itemId: string, text: string): void {
    const entry = this.callerEntry(itemId);
    if (entry) entry.text = text;
  }

  /** Audio of an assistant item has come; until then its words are a plan, and nothing that was said. */
  assistantSpeaks(itemId: string): void {
    const entry = this.assistantEntry(itemId);
    if (entry) entry.heardShare = 1;
    else this.addAssistant(itemId, 1);
  }

  assistantWords(itemId: string, delta: string): void {
    (this.assistantEntry(itemId) ?? this.addAssistant(itemId, 0)).text += delta;
  }

  /** @param heardShare of the item's audio that the caller heard, 0 to 1; below 1 it was cut there. */
  assistantHeard(itemId: string, heardShare: number): void {
    const entry = this.assistantEntry(itemId);
    if (!entry) return;
    entry.heardShare = heardShare;
    entry.cut = heardShare < 1;
  }

  /** Characters of what the assistant says in this item, as far as they have come. */
  lengthOf(itemId: string): number {
    return this.assistantEntry(itemId)?.text.length ?? 0;
  }

  keysPressed(keys: string): void {
    this.add({ kind: 'keys', atMs: this.now(), keys });
  }

  toolCalled(toolCallId: string, name: string, argumentsText: string): void {
    this.add({ kind: 'tool', toolCallId, atMs: this.now(), name, argumentsText, output: undefined });
  }

  toolAnswered(toolCallId: string, output: string): void {
    const entry = this.list.findLast((other) => other.kind === 'tool' && other.toolCallId === toolCallId);
    if (entry?.kind === 'tool') entry.output = output;
  }

  /** Takes an item out: a noise taken for speech, an answer nobody heard. */
  forget(itemId: string): void {
    this.list = this.list.filter((entry) => !('itemId' in entry) || entry.itemId !== itemId);
  }

  /** The turns whose words may still come. */
  get unwritten(): boolean {
    return this.list.some((entry) => entry.kind === 'caller' && entry.text === undefined);
  }

  /**
   * The session that was to write down turns is gone.
   * @param heardAgain those without words are heard once more.
   */
  sessionLost(heardAgain: boolean): void {
    const unwritten = this.list.filter((entry) => entry.kind === 'caller' && entry.text === undefined);
    if (heardAgain) {
      // Their words come under another id, as one turn; its place is that of the first.
      this.heardAgain = unwritten[0]?.kind === 'caller' ? unwritten[0] : undefined;
      this.list = this.list.filter((entry) => entry === this.heardAgain || !unwritten.includes(entry));
    } else for (const entry of this.list) if (entry.kind === 'caller') entry.text ??= '';
  }

  /** The words of this turn will not come. */
  callerUnwritten(itemId: string): void {
    const entry = this.callerEntry(itemId);
    if (entry) entry.text ??= '';
  }

  /** The conversation as a new session is told it, oldest first; assistant items as far as they were heard. */
  history(): HistoryItem[] {
    const items: HistoryItem[] = [];
    let characters = 0;
    for (const entry of this.list.toReversed()) {
      const item = historyItem(entry);
      if (!item) continue;
      characters += item.role === 'tool' ? item.argumentsText.length + item.output.length : item.text.length;
      if (characters > MAX_REPLAYED_CHARACTERS) break;
      items.unshift(item);
    }
    return items;
  }

  /** The conversation for people. */
  entries(): TranscriptEntry[] {
    const entries: TranscriptEntry[] = [];
    for (const entry of this.list) {
      const { atMs } = entry;
      if (entry.kind === 'keys') entries.push(entry);
      else if (entry.kind === 'caller') entries.push({ kind: 'caller', atMs, text: entry.text || undefined });
      else if (entry.kind === 'tool') {
        const { name, argumentsText, output } = entry;
        entries.push({ kind: 'tool', atMs, name, argumentsText, output });
      } else {
        const { heardShare, cut } = entry;
        const text = heardWords(entry.text, heardShare);
        if (text !== '' || heardShare > 0) entries.push({ kind: 'assistant', atMs, text, cut, heardShare });
      }
    }
    return entries;
  }

  private callerEntry(itemId: string): CallerEntry | undefined {
    const entry = this.list.findLast((other) => other.kind === 'caller' && other.itemId === itemId);
    return entry?.kind === 'caller' ? entry : undefined;
  }

  private assistantEntry(itemId: string): AssistantEntry | undefined {
    const entry = this.list.findLast((other) => other.kind === 'assistant' && other.itemId === itemId);
    return entry?.kind === 'assistant' ? entry : undefined;
  }

  private addAssistant(itemId: string, heardShare: number): AssistantEntry {
    const entry: AssistantEntry = { kind: 'assistant', itemId, atMs: this.now(), text: '', heardShare, cut: false };
    this.add(entry);
    return entry;
  }

  private add(entry: Entry): void {
    this.list.push(entry);
    if (this.list.length > MAX_ENTRIES) this.list.shift();
  }
}

function historyItem(entry: Entry): HistoryItem | undefined {
  if (entry.kind === 'tool') {
    const { toolCallId, name, argumentsText, output } = entry;
    return { role: 'tool', toolCallId, name, argumentsText, output: output ?? OUTCOME_UNKNOWN };
  }
  if (entry.kind === 'keys') return keyNote(entry.keys, undefined);
  const text = entry.kind === 'caller' ? (entry.text ?? '') : heardWords(entry.text, entry.heardShare);
  return text === '' ? undefined : { role: entry.kind, text };
}

/** The part of `text` that was heard, ended at a word: speech is even enough for the share of audio to stand for it. */
function heardWords(text: string, heardShare: number): string {
  if (heardShare >= 1) return text.trim();
  const cut = text.slice(0, Math.floor(text.length * Math.max(0, heardShare)));
  const lastSpace = cut.lastIndexOf(' ');
  return lastSpace > 0 ? `${cut.slice(0, lastSpace).trim()} …` : '';
}
