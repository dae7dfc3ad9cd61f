import { type HistoryItem } from './model.port.js';

interface Entry {
  itemId: string;
  role: 'caller' | 'assistant';
  text: string;
  /** How much of an assistant item was heard, 0 to 1. */
  heard: number;
}

/** More than this is not replayed: the last part of a long call says what it is about. */
const MAX_REPLAYED_CHARACTERS = 24_000;
/** Entries kept; an hour of quick talk has a few hundred turns. */
const MAX_ENTRIES = 2_000;

/** What was said in a call, in order, as it was heard. Outlives any one session with the model. */
export class ConversationLog {
  private entries: Entry[] = [];

  /** The caller's turn has its place in the conversation; its words come later. */
  callerTurn(itemId: string): void {
    this.entry(itemId, 'caller');
  }

  /** The words of a turn; those of a noise that was taken out again are not kept. */
  callerWords(itemId: string, text: string): void {
    const entry = this.entries.findLast((other) => other.itemId === itemId);
    if (entry) entry.text = text;
  }

  /** Audio of an assistant item has come; until then its words are a plan, and nothing that was said. */
  assistantSpeaks(itemId: string): void {
    this.entry(itemId, 'assistant').heard = 1;
  }

  assistantWords(itemId: string, delta: string): void {
    this.entry(itemId, 'assistant').text += delta;
  }

  /** @param heard share of the item's audio that the caller heard, 0 to 1. */
  assistantHeard(itemId: string, heard: number): void {
    const entry = this.entries.find((other) => other.itemId === itemId);
    if (entry) entry.heard = heard;
  }

  /** Takes an item out: a noise taken for speech, an answer nobody heard. */
  forget(itemId: string): void {
    this.entries = this.entries.filter((entry) => entry.itemId !== itemId);
  }

  /** The conversation as text, oldest first; assistant items as far as they were heard. */
  history(): HistoryItem[] {
    const items: HistoryItem[] = [];
    let characters = 0;
    for (const { role, text, heard } of this.entries.toReversed()) {
      const words = role === 'caller' ? text : heardWords(text, heard);
      if (words === '') continue;
      characters += words.length;
      if (characters > MAX_REPLAYED_CHARACTERS) break;
      items.unshift({ role, text: words });
    }
    return items;
  }

  private entry(itemId: string, role: Entry['role']): Entry {
    let entry = this.entries.findLast((other) => other.itemId === itemId);
    if (!entry) {
      entry = { itemId, role, text: '', heard: 0 };
      this.entries.push(entry);
      if (this.entries.length > MAX_ENTRIES) this.entries.shift();
    }
    return entry;
  }
}

/** The part of `text` that was heard, ended at a word: speech is even enough for the share of audio to stand for it. */
function heardWords(text: string, heard: number): string {
  if (heard >= 1) return text.trim();
  const cut = text.slice(0, Math.floor(text.length * Math.max(0, heard)));
  const lastSpace = cut.lastIndexOf(' ');
  return lastSpace > 0 ? `${cut.slice(0, lastSpace).trim()} …` : '';
}
