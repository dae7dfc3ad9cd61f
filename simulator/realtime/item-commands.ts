import { z } from 'zod';
import { type ClientEvent } from './client-frame.js';
import { type Conversation, wireItem } from './conversation.js';
import { readItem } from './item-schema.js';
import { type McpHost } from './mcp-host.js';
import { paramError } from './param-error.js';
import { type SessionConfig } from './session-config.js';
import { type SessionWire } from './session-wire.js';
import { type RealtimeSwitches } from './switches.js';
import { invalidRequest } from './wire-errors.js';
import { type WireError } from './wire-types.js';

const withItemId = z.object({ item_id: z.string() });
const truncateSchema = withItemId.extend({ content_index: z.literal(0), audio_end_ms: z.int().min(0) });
const createSchema = z.object({ previous_item_id: z.string().nullish(), item: z.unknown() });

export interface ItemCommandOptions {
  wire: SessionWire;
  conversation: Conversation;
  switches: RealtimeSwitches;
  config: () => SessionConfig;
  mcp: McpHost;
}

/** The four `conversation.item.*` commands: each is acknowledged by an event, or refused with the error it returns. */
export class ItemCommands {
  readonly #options: ItemCommandOptions;

  constructor(options: ItemCommandOptions) {
    this.#options = options;
  }

  create(event: ClientEvent): WireError | undefined {
    const { wire, conversation, switches, config } = this.#options;
    const parsed = createSchema.safeParse(event);
    if (!parsed.success) return paramError(parsed.error, event, '');
    const read = readItem(parsed.data.item, {
      inputFormat: config().audio.input.format,
      maxIdLength: switches.maxItemIdLength,
      conversation,
    });
    if ('error' in read) return read.error;
    const placed = conversation.add(read.item, parsed.data.previous_item_id);
    if ('error' in placed) return placed.error;
    const shown = { previous_item_id: placed.previousItemId, item: wireItem(read.item) };
    wire.send({ type: 'conversation.item.added', ...shown });
    wire.send({ type: 'conversation.item.done', ...shown });
    if (read.item.type === 'mcp_approval_response') this.#options.mcp.answered(read.item);
    return undefined;
  }

  delete(event: ClientEvent): WireError | undefined {
    const parsed = withItemId.safeParse(event);
    if (!parsed.success) return paramError(parsed.error, event, '');
    const error = this.#options.conversation.delete(parsed.data.item_id);
    if (!error) this.#options.wire.send({ type: 'conversation.item.deleted', item_id: parsed.data.item_id });
    return error;
  }

  retrieve(event: ClientEvent): WireError | undefined {
    const parsed = withItemId.safeParse(event);
    if (!parsed.success) return paramError(parsed.error, event, '');
    const item = this.#options.conversation.find(parsed.data.item_id);
    if (!item) {
      const message = `Error retrieving item: the item with id '${parsed.data.item_id}' does not exist.`;
      return invalidRequest('item_retrieve_invalid_item_id', message, 'item_id');
    }
    this.#options.wire.send({ type: 'conversation.item.retrieved', item: wireItem(item, true) });
    return undefined;
  }

  truncate(event: ClientEvent): WireError | undefined {
    const parsed = truncateSchema.safeParse(event);
    if (!parsed.success) return paramError(parsed.error, event, '');
    const { item_id, audio_end_ms, content_index } = parsed.data;
    const rejectZero = this.#options.switches.rejectTruncateAtZero;
    const error = this.#options.conversation.truncate(item_id, audio_end_ms, { rejectZero });
    if (!error) {
      this.#options.wire.send({ type: 'conversation.item.truncated', item_id, audio_end_ms, content_index });
    }
    return error;
  }
}
