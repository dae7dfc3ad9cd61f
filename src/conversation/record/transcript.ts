import { keyNote } from '../keys/key-note.js';
import { type HistoryItem } from '../model.port.js';
import { type ToolWords } from '../observer.port.js';
import { type TranscriptEntry } from './conversation-report.js';
import { type AssistantEntry, type CallerEntry, type Entry, entryKey, savedEntry, type ToolEntry } from './entry.js';
import { type ChangeLog } from './saved-conversation.js';

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
  private entriesSoFar = 0;
  /** A turn whose words the next session is to hear and write down. */
  private heardAgain: CallerEntry | undefined;

  /**
   * @param now milliseconds since 1970.
   * @param log told of every entry that changes, as `entry/<number>`.
   */
  constructor(
    private readonly now: () => number,
    private readonly log?: ChangeLog,
  ) {}

  /** Nothing was said or done. */
  get empty(): boolean {
    return this.list.length === 0;
  }

  /** Goes on from what another process wrote down. @param entries in order. */
  restore(entries: readonly Entry[]): void {
    this.list = [...entries];
    this.entriesSoFar = (entries.at(-1)?.number ?? -1) + 1;
    // What ran there may have had its effect; nobody will say.
    for (const entry of entries) if (entry.kind === 'tool' && entry.running) this.outcomeUnknown(entry);
  }

  /** The caller's turn has its place in the conversation; its words come later. */
  callerTurn(itemId: string): void {
    const { heardAgain } = this;
    this.heardAgain = undefined;
    if (heardAgain && this.list.includes(heardAgain)) heardAgain.itemId = itemId;
    else if (!this.callerEntry(itemId)) this.add({ ...this.next(), kind: 'caller', itemId, text: undefined });
  }

  /** The words of a turn; those of a noise that was taken out again are not kept. */
  callerWords(itemId: string, text: string): void {
    const entry = this.callerEntry(itemId);
    if (!entry) return;
    entry.text = text;
    this.changed(entry);
  }

  /** Audio of an assistant item has come; until then its words are a plan, and nothing that was said. */
  assistantSpeaks(itemId: string): void {
    const entry = this.assistantEntry(itemId) ?? this.addAssistant(itemId);
    entry.heardShare = 1;
    this.grew(entry);
  }

  assistantWords(itemId: string, delta: string): void {
    const entry = this.assistantEntry(itemId) ?? this.addAssistant(itemId);
    entry.text += delta;
    this.grew(entry);
  }

  /** @param heardShare of the item's audio that the caller heard, 0 to 1; below 1 it was cut there. */
  assistantHeard(itemId: string, heardShare: number): void {
    const entry = this.assistantEntry(itemId);
    if (entry) this.heard(entry, heardShare);
  }

  /** The same of an entry that another process wrote down. Nothing was heard of it: it is taken out. */
  entryHeard(number: number, heardShare: number): void {
    const entry = this.list.find((other) => other.number === number);
    if (entry?.kind !== 'assistant') return;
    if (heardShare > 0) this.heard(entry, heardShare);
    else this.remove((other) => other === entry);
  }

  /** The number of the entry of an assistant item. */
  numberOf(itemId: string): number | undefined {
    return this.assistantEntry(itemId)?.number;
  }

  /** Characters of what the assistant says in this item, as far as they have come. */
  lengthOf(itemId: string): number {
    return this.assistantEntry(itemId)?.text.length ?? 0;
  }

  /** What was said in these items, as far as it was heard; undefined where nothing is written down of it. */
  wordsOf(itemIds: Iterable<string>): string | undefined {
    const words: string[] = [];
    for (const itemId of itemIds) {
      const caller = this.callerEntry(itemId)?.text;
      const assistant = this.assistantEntry(itemId);
      const said = assistant ? heardWords(assistant.text, assistant.heardShare) : caller;
      if (said) words.push(said);
    }
    return words.length > 0 ? words.join(' ') : undefined;
  }

  /** What a tool was given, and what came of it, as far as it is over. Undefined where nothing is written down of it. */
  wordsOfTool(toolCallId: string): ToolWords | undefined {
    const entry = this.toolEntry(toolCallId);
    return entry && { argumentsText: entry.argumentsText, output: entry.running ? undefined : entry.output };
  }

  keysPressed(keys: string): void {
    this.add({ ...this.next(), kind: 'keys', keys });
  }

  toolCalled(toolCallId: string, name: string, argumentsText: string): void {
    const entry = { ...this.next(), toolCallId, name, argumentsText };
    this.add({ ...entry, kind: 'tool', output: undefined, running: true });
  }

  /** @param running more will come of it: this is something for the model to go on with. */
  toolAnswered(toolCallId: string, output: string, running = false): void {
    const entry = this.toolEntry(toolCallId);
    if (!entry) return;
    entry.output = output;
    entry.running = running;
    this.changed(entry);
  }

  /** Takes an item out: a noise taken for speech, an answer nobody heard. */
  forget(itemId: string): void {
    this.remove((entry) => 'itemId' in entry && entry.itemId === itemId);
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
      this.remove((entry) => entry !== this.heardAgain && unwritten.includes(entry));
    } else for (const entry of unwritten) if (entry.kind === 'caller') this.giveUp(entry);
  }

  /** The words of this turn will not come. */
  callerUnwritten(itemId: string): void {
    const entry = this.callerEntry(itemId);
    if (entry) this.giveUp(entry);
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
      if (entry.kind === 'keys') entries.push({ kind: 'keys', atMs, keys: entry.keys });
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

  private toolEntry(toolCallId: string): ToolEntry | undefined {
    const entry = this.list.findLast((other) => other.kind === 'tool' && other.toolCallId === toolCallId);
    return entry?.kind === 'tool' ? entry : undefined;
  }

  private addAssistant(itemId: string): AssistantEntry {
    const entry: AssistantEntry = { ...this.next(), kind: 'assistant', itemId, text: '', heardShare: 0, cut: false };
    this.add(entry);
    return entry;
  }

  private next(): Pick<Entry, 'number' | 'atMs'> {
    return { number: this.entriesSoFar++, atMs: this.now() };
  }

  private add(entry: Entry): void {
    this.list.push(entry);
    this.changed(entry);
    if (this.list.length <= MAX_ENTRIES) return;
    const [oldest] = this.list;
    this.remove((other) => other === oldest);
  }

  private heard(entry: AssistantEntry, heardShare: number): void {
    entry.heardShare = heardShare;
    entry.cut = heardShare < 1;
    this.changed(entry);
  }

  private outcomeUnknown(entry: ToolEntry): void {
    entry.output = undefined;
    entry.running = false;
    this.changed(entry);
  }

  private giveUp(entry: CallerEntry): void {
    entry.text ??= '';
    this.changed(entry);
  }

  private changed(entry: Entry): void {
    this.log?.changed(entryKey(entry.number), () => savedEntry(entry));
  }

  private grew(entry: AssistantEntry): void {
    this.log?.grew(entryKey(entry.number), () => savedEntry(entry));
  }

  private remove(out: (entry: Entry) => boolean): void {
    const removed = this.list.filter(out);
    if (removed.length === 0) return;
    this.list = this.list.filter((entry) => !removed.includes(entry));
    for (const { number } of removed) this.log?.changed(entryKey(number), undefined);
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
