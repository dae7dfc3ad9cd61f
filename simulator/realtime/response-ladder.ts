import { type Item, wireItem } from './conversation.js';
import { type CallPlace, type PlannedItem } from './response-plan.js';
import { ASSISTANT_MS_PER_TOKEN, textTokens, type Tokens } from './usage.js';
import { type ItemStatus, type ServerEvent } from './wire-types.js';

export interface LadderOptions {
  responseId: string;
  items: readonly PlannedItem[];
  /** `text` sends the words only. */
  modality: 'audio' | 'text';
  bytesPerMs: number;
  /** The server's count of an item is this much shorter than what it sent. */
  itemShorterByMs: number;
  /** Length of the next audio delta in ms. */
  nextDeltaMs: () => number;
  newItemId: () => string;
  /**
   * Puts a new item into the conversation and returns the id before it. Absent for an out-of-band response: its items
   * belong to no conversation, so the `conversation.item.*` events are left out.
   */
  place?: (item: Item) => string | null;
  /** Makes a call of MCP, and announces what becomes of it; the promise is there when the response has to wait. */
  runMcp: (item: Item, place: CallPlace) => Promise<void> | undefined;
}

/** One event of the ladder, and how much audio it carries (0 for all but audio deltas). */
export interface LadderStep {
  event: ServerEvent;
  audioMs: number;
  /** To be called once the event is out; the next step waits for what it returns. */
  run?: () => Promise<void> | undefined;
}

const step = (event: ServerEvent, audioMs = 0): LadderStep => ({ event, audioMs });

/** Characters of a call's arguments in one delta. */
const ARGUMENTS_PER_DELTA = 16;
/** The transcript runs ahead of the audio: after half of the audio, three quarters of the text are out. */
const TRANSCRIPT_LEAD = 1.5;

/**
 * The events of one response between `response.created` and `response.done`, in the order captured from the service.
 * Pure: no clock and no socket. It can be left at any step; `closeOut` then ends what is open.
 */
export class ResponseLadder {
  readonly #options: LadderOptions;
  readonly #steps: Generator<LadderStep, void>;
  readonly #items: Item[] = [];
  /** Text and arguments of each item so far, which a truncation cannot take back. */
  readonly #written: string[] = [];
  #audioMs = 0;
  /** Set from the moment an item is announced until it is done: ends it with the given status. */
  #closeItem: ((status: ItemStatus) => Generator<LadderStep, void>) | undefined;
  /** The open item was put into the conversation. */
  #placed = false;

  constructor(options: LadderOptions) {
    this.#options = options;
    this.#steps = this.#ladder();
  }

  /** The items announced so far, in order. */
  get items(): readonly Item[] {
    return this.#items;
  }

  /** What was generated so far. */
  get output(): Tokens {
    const text = this.#written.reduce((sum, written) => sum + textTokens(written), 0);
    return { text, audio: Math.ceil(this.#audioMs / ASSISTANT_MS_PER_TOKEN) };
  }

  /** The next event; undefined when all are out. */
  next(): LadderStep | undefined {
    const next = this.#steps.next();
    return next.done ? undefined : next.value;
  }

  /** Ends a ladder that was left in the middle: the `.done` events of the open item, marked incomplete. */
  closeOut(): ServerEvent[] {
    const open = this.#closeItem;
    this.#closeItem = undefined;
    return open ? Array.from(open('incomplete'), ({ event }) => event) : [];
  }

  *#ladder(): Generator<LadderStep, void> {
    for (const [outputIndex, planned] of this.#options.items.entries()) {
      if (planned.kind === 'function_call') yield* this.#call(planned, outputIndex);
      else if (planned.kind === 'mcp_call') yield* this.#mcpCall(planned, outputIndex);
      else if (planned.kind === 'mcp_approval_request') yield* this.#approvalRequest(planned, outputIndex);
      else yield* this.#message(planned, outputIndex);
      // Left in the middle of this, the same generator goes on where it was.
      const closing = this.#closeItem?.('completed');
      this.#closeItem = closing && (() => closing);
      if (closing) yield* closing;
      this.#closeItem = undefined;
    }
  }

  *#open(item: Item, outputIndex: number): Generator<LadderStep, string | null> {
    this.#items.push(item);
    this.#placed = false;
    const ids = { response_id: this.#options.responseId, output_index: outputIndex };
    yield step({ type: 'response.output_item.added', ...ids, item: wireItem(item) });
    const previous = this.#options.place?.(item) ?? null;
    this.#placed = this.#options.place !== undefined;
    if (this.#placed) {
      yield step({ type: 'conversation.item.added', previous_item_id: previous, item: wireItem(item) });
    }
    return previous;
  }

  *#done(item: Item, outputIndex: number, previous: string | null): Generator<LadderStep, void> {
    if (this.#placed) {
      yield step({ type: 'conversation.item.done', previous_item_id: previous, item: wireItem(item) });
    }
    const ids = { response_id: this.#options.responseId, output_index: outputIndex };
    yield step({ type: 'response.output_item.done', ...ids, item: wireItem(item) });
  }

  *#message(planned: PlannedItem & { kind: 'message' }, outputIndex: number): Generator<LadderStep, void> {
    const { bytesPerMs, itemShorterByMs, nextDeltaMs, newItemId, responseId } = this.#options;
    const spoken = this.#options.modality === 'audio';
    const item: Item = {
      id: newItemId(),
      type: 'message',
      role: 'assistant',
      status: 'in_progress',
      medium: spoken ? 'audio' : 'text',
      text: '',
      audioMs: 0,
      responseId,
      ...(planned.phase === undefined ? {} : { phase: planned.phase }),
    };
    const ids = { response_id: responseId, item_id: item.id, output_index: outputIndex, content_index: 0 };
    let previous: string | null = null;
    let partOpen = false;
    let said = '';
    let sentBytes = 0;
    item.audio = () => planned.audio.subarray(0, sentBytes);

    this.#closeItem = function* (this: ResponseLadder, status: ItemStatus) {
      item.status = status;
      if (partOpen && spoken) {
        yield step({ type: 'response.output_audio.done', ...ids });
        yield step({ type: 'response.output_audio_transcript.done', ...ids, transcript: said });
        yield step({ type: 'response.content_part.done', ...ids, part: { type: 'audio', transcript: said } });
      } else if (partOpen) {
        yield step({ type: 'response.output_text.done', ...ids, text: said });
        yield step({ type: 'response.content_part.done', ...ids, part: { type: 'text', text: said } });
      }
      yield* this.#done(item, outputIndex, previous);
    }.bind(this);

    previous = yield* this.#open(item, outputIndex);
    partOpen = true;
    const part = spoken ? { type: 'audio' as const, transcript: '' } : { type: 'text' as const, text: '' };
    yield step({ type: 'response.content_part.added', ...ids, part });

    const words = planned.text.match(/\s*\S+/g) ?? [];
    let wordsOut = 0;
    const speakWords = (upTo: number): string => {
      const delta = words.slice(wordsOut, upTo).join('');
      wordsOut = Math.max(wordsOut, upTo);
      said += delta;
      // A truncation that came while the item was still being made has dropped the transcript for good.
      if (item.truncatedAtMs === undefined) item.text = said;
      this.#written[outputIndex] = said;
      return delta;
    };
    if (!spoken) {
      while (wordsOut < words.length) {
        yield step({ type: 'response.output_text.delta', ...ids, delta: speakWords(wordsOut + 4) });
      }
      return;
    }
    while (sentBytes < planned.audio.length) {
      const end = Math.min(planned.audio.length, sentBytes + Math.max(1, Math.round(nextDeltaMs())) * bytesPerMs);
      const fraction = Math.min(1, (end / planned.audio.length) * TRANSCRIPT_LEAD);
      const delta = speakWords(Math.ceil(words.length * fraction));
      if (delta !== '') yield step({ type: 'response.output_audio_transcript.delta', ...ids, delta });
      const bytes = planned.audio.subarray(sentBytes, end);
      sentBytes = end;
      const audioMs = bytes.length / bytesPerMs;
      if (item.truncatedAtMs === undefined) {
        item.audioMs = Math.max(0, Math.floor(sentBytes / bytesPerMs) - itemShorterByMs);
      }
      this.#audioMs += audioMs;
      yield step({ type: 'response.output_audio.delta', ...ids, delta: bytes.toString('base64') }, audioMs);
    }
  }

  *#call(planned: PlannedItem & { kind: 'function_call' }, outputIndex: number): Generator<LadderStep, void> {
    const item: Item = {
      id: this.#options.newItemId(),
      type: 'function_call',
      status: 'in_progress',
      medium: 'text',
      text: '',
      audioMs: 0,
      responseId: this.#options.responseId,
      callId: planned.callId,
      name: planned.name,
      arguments: '',
    };
    const ids = {
      response_id: this.#options.responseId,
      item_id: item.id,
      output_index: outputIndex,
      call_id: planned.callId,
    };
    let previous: string | null = null;
    this.#closeItem = function* (this: ResponseLadder, status: ItemStatus) {
      item.status = status;
      const args = item.arguments ?? '';
      yield step({ type: 'response.function_call_arguments.done', ...ids, name: planned.name, arguments: args });
      yield* this.#done(item, outputIndex, previous);
    }.bind(this);

    previous = yield* this.#open(item, outputIndex);
    for (const delta of this.#pieces(item, planned.arguments, outputIndex)) {
      yield step({ type: 'response.function_call_arguments.delta', ...ids, delta });
    }
  }

  *#mcpCall(planned: PlannedItem & { kind: 'mcp_call' }, outputIndex: number): Generator<LadderStep, void> {
    const { responseId, newItemId, runMcp } = this.#options;
    const item = this.#mcpItem('mcp_call', planned.heldAs ?? newItemId(), planned, outputIndex);
    if (planned.approvalRequestId !== undefined) item.approvalRequestId = planned.approvalRequestId;
    const ids = { response_id: responseId, item_id: item.id, output_index: outputIndex };
    let previous: string | null = null;
    this.#closeItem = function* (this: ResponseLadder, status: ItemStatus) {
      const done = { type: 'response.mcp_call_arguments.done' as const, ...ids, arguments: item.arguments ?? '' };
      if (status === 'incomplete') {
        item.status = status;
        yield step(done);
        yield* this.#done(item, outputIndex, previous);
      } else if (planned.heldAs === undefined) {
        // From here on the call has a life of its own: the item is done when the call is.
        const place = { outputIndex, responseId, previous: this.#placed ? previous : undefined };
        yield { ...step(done), run: () => runMcp(item, place) };
      } else {
        yield step(done);
      }
    }.bind(this);

    previous = yield* this.#open(item, outputIndex);
    for (const delta of this.#pieces(item, planned.arguments, outputIndex)) {
      yield step({ type: 'response.mcp_call_arguments.delta', ...ids, delta });
    }
  }

  /** Comes whole: what it asks about was written before. */
  *#approvalRequest(
    planned: PlannedItem & { kind: 'mcp_approval_request' },
    outputIndex: number,
  ): Generator<LadderStep, void> {
    const item = this.#mcpItem('mcp_approval_request', this.#options.newItemId(), planned, outputIndex);
    item.arguments = planned.arguments;
    if (planned.callItemId !== undefined) item.callItemId = planned.callItemId;
    this.#written[outputIndex] = planned.name + planned.arguments;
    let previous: string | null = null;
    this.#closeItem = function* (this: ResponseLadder, status: ItemStatus) {
      item.status = status;
      yield* this.#done(item, outputIndex, previous);
    }.bind(this);
    previous = yield* this.#open(item, outputIndex);
  }

  #mcpItem(
    type: 'mcp_call' | 'mcp_approval_request',
    id: string,
    planned: { server: string; name: string },
    outputIndex: number,
  ): Item {
    const { server: serverLabel, name } = planned;
    const shared = { status: 'in_progress' as const, medium: 'text' as const, text: '', audioMs: 0 };
    const { responseId } = this.#options;
    return { ...shared, id, type, responseId, serverLabel, name, arguments: '', outputIndex };
  }

  /** Arguments piece by piece, each added to the item as it goes out. */
  *#pieces(item: Item, text: string, outputIndex: number): Generator<string, void> {
    for (let at = 0; at < text.length; at += ARGUMENTS_PER_DELTA) {
      const piece = text.slice(at, at + ARGUMENTS_PER_DELTA);
      item.arguments += piece;
      this.#written[outputIndex] = `${item.name ?? ''}${item.arguments ?? ''}`;
      yield piece;
    }
  }
}
