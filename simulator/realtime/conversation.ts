import { type McpFields, wireMcpItem } from './mcp-items.js';
import { invalidRequest, alreadyShorter, notModelAudio } from './wire-errors.js';
import { type ItemStatus, type WireError, type WireItem, type WireMcpItem } from './wire-types.js';

/** One item of a conversation as the double keeps it; the service's view of it is `wireItem`. */
export interface Item extends McpFields {
  id: string;
  type: 'message' | 'function_call' | 'function_call_output' | WireMcpItem['type'];
  role?: 'system' | 'user' | 'assistant';
  status: ItemStatus;
  /** Typed text or transcript. Truncation empties it, because the service drops the transcript then. */
  text: string;
  /** Length of the audio in ms as the service counts it; 0 for an item of text only. */
  audioMs: number;
  /** `audio`: spoken by caller or model. `text`: typed, or restored by the client. */
  medium: 'audio' | 'text';
  /** Fetches the audio for `conversation.item.retrieve`. */
  audio?: () => Buffer;
  responseId?: string;
  phase?: string;
  callId?: string;
  name?: string;
  arguments?: string;
  output?: string;
  truncatedAtMs?: number;
  deleted?: boolean;
}

/** The item as events show it; `withAudio` adds the bytes, which only `conversation.item.retrieved` carries. */
export function wireItem(item: Item, withAudio = false): WireItem {
  const { type } = item;
  if (type !== 'message' && type !== 'function_call' && type !== 'function_call_output') {
    return wireMcpItem({ ...item, type });
  }
  const base = { id: item.id, object: 'realtime.item' as const, status: item.status };
  if (item.type === 'function_call') {
    return {
      ...base,
      type: item.type,
      call_id: item.callId ?? '',
      name: item.name ?? '',
      arguments: item.arguments ?? '',
    };
  }
  if (item.type === 'function_call_output') {
    return { ...base, type: item.type, call_id: item.callId ?? '', output: item.output ?? '' };
  }
  const audio = withAudio && item.audio ? { audio: item.audio().toString('base64') } : {};
  const transcript = item.text === '' ? null : item.text;
  const typed = [{ type: 'input_text' as const, text: item.text }];
  if (item.role === 'system') return { ...base, type: 'message', role: 'system', content: typed };
  if (item.role === 'user') {
    const spoken = [{ type: 'input_audio' as const, transcript, ...audio }];
    return { ...base, type: 'message', role: 'user', content: item.medium === 'audio' ? spoken : typed };
  }
  const content =
    item.medium === 'audio'
      ? [{ type: 'output_audio' as const, transcript, ...audio }]
      : [{ type: 'output_text' as const, text: item.text }];
  const phase = item.phase === undefined ? {} : { phase: item.phase };
  // An item that has only begun has no content yet; its first part is announced by itself.
  const empty = item.status === 'in_progress' && item.text === '' && item.audioMs === 0;
  return { ...base, type: 'message', role: 'assistant', ...phase, content: empty ? [] : content };
}

/** The conversation of a session: items in order. Deleted ones stay on record, marked, and count for nothing. */
export class Conversation {
  readonly #items: Item[] = [];
  #revision = 0;

  /** Every item there ever was, in order. */
  get all(): readonly Item[] {
    return this.#items;
  }

  /** What the model still sees. */
  get live(): readonly Item[] {
    return this.#items.filter((item) => !item.deleted);
  }

  /** Grows whenever something changes that is not at the end, which is what spoils the prompt cache. */
  get revision(): number {
    return this.#revision;
  }

  get lastId(): string | null {
    return this.#items.findLast((item) => !item.deleted)?.id ?? null;
  }

  find(id: string): Item | undefined {
    return this.#items.find((item) => item.id === id && !item.deleted);
  }

  get hasAssistantAudio(): boolean {
    return this.#items.some((item) => item.role === 'assistant' && item.medium === 'audio' && item.audioMs > 0);
  }

  knowsCall(callId: string): boolean {
    return this.#items.some((item) => item.type === 'function_call' && item.callId === callId && !item.deleted);
  }

  hasOutputOf(callId: string): boolean {
    return this.#items.some((item) => item.type === 'function_call_output' && item.callId === callId && !item.deleted);
  }

  /** An approval request by its id: whether it is there, and whether it was answered already. */
  approvalState(requestId: string): 'unknown' | 'open' | 'answered' {
    if (this.find(requestId)?.type !== 'mcp_approval_request') return 'unknown';
    const answered = this.#items.some(
      (item) => item.type === 'mcp_approval_response' && item.approvalRequestId === requestId,
    );
    return answered ? 'answered' : 'open';
  }

  /**
   * Puts an item after `previousItemId` (`root`: first; absent: last).
   * @returns the id before it (null at the beginning), or an error when there is no such item or the id is taken
   */
  add(item: Item, previousItemId?: string | null): { previousItemId: string | null } | { error: WireError } {
    if (this.find(item.id)) {
      return { error: invalidRequest('invalid_value', `An item with id '${item.id}' already exists.`, 'item.id') };
    }
    if (previousItemId == null) {
      const before = this.lastId;
      this.#items.push(item);
      return { previousItemId: before };
    }
    if (previousItemId === 'root') {
      this.#items.unshift(item);
      this.#revision++;
      return { previousItemId: null };
    }
    const index = this.#items.findIndex((candidate) => candidate.id === previousItemId && !candidate.deleted);
    if (index < 0) {
      const message = `Error adding item: the previous item with id '${previousItemId}' does not exist.`;
      return { error: invalidRequest('item_not_found', message, 'previous_item_id') };
    }
    this.#items.splice(index + 1, 0, item);
    if (index + 2 < this.#items.length) this.#revision++;
    return { previousItemId };
  }

  delete(id: string): WireError | undefined {
    const item = this.find(id);
    if (!item) {
      const message = `Error deleting item: the item with id '${id}' does not exist.`;
      return invalidRequest('item_not_found', message, 'item_id');
    }
    if (id !== this.lastId) this.#revision++;
    item.deleted = true;
    return undefined;
  }

  /** Cuts the audio of a model item at `audioEndMs` and drops its transcript; see the checks for what is refused. */
  truncate(id: string, audioEndMs: number, rules: { rejectZero: boolean }): WireError | undefined {
    const item = this.find(id);
    if (!item) {
      const message = `Error truncating item: the item with id '${id}' does not exist.`;
      return invalidRequest('item_truncate_invalid_item_id', message, 'item_id');
    }
    if (item.type !== 'message' || item.role !== 'assistant' || item.medium !== 'audio') return notModelAudio();
    if (audioEndMs > item.audioMs) return alreadyShorter(item.audioMs, audioEndMs);
    if (audioEndMs === 0 && rules.rejectZero) {
      const message = "Invalid 'audio_end_ms': expected a value >= 1, but got 0 instead.";
      return invalidRequest('invalid_value', message, 'audio_end_ms');
    }
    const { audio, audioMs } = item;
    if (audio) {
      item.audio = () => {
        const whole = audio();
        // Even, so that a 16-bit sample is never cut in two.
        return whole.subarray(0, Math.floor((whole.length * audioEndMs) / Math.max(1, audioMs) / 2) * 2);
      };
    }
    item.truncatedAtMs = audioEndMs;
    item.audioMs = audioEndMs;
    item.text = '';
    return undefined;
  }
}
