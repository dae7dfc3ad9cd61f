import { type Conversation, type Item, wireItem } from './conversation.js';
import { newId } from './ids.js';
import {
  allowedTools,
  callTool,
  isMcpEntry,
  type McpCallResult,
  type McpEntry,
  type McpServers,
  type McpTool,
  needsApproval,
  wireError,
  wireTool,
} from './mcp-servers.js';
import { type CallPlace, type PlannedItem } from './response-plan.js';
import { type ToolsConfig } from './session-schema.js';
import { type SessionWire } from './session-wire.js';
import { type RealtimeSwitches } from './switches.js';
import { type Timers } from './timers.js';

export interface McpHostOptions {
  wire: SessionWire;
  conversation: Conversation;
  switches: RealtimeSwitches;
  timers: Timers;
  servers: () => McpServers;
}

const LIST_DELAY_MS = 20;

/** Lists and calls the tools of MCP servers for one session, as the service does: the client only watches and approves. */
export class McpHost {
  readonly #options: McpHostOptions;
  /** What was listed, by the session's entry; undefined while the listing runs, and after it failed. */
  readonly #listed = new Map<string, McpTool[] | undefined>();
  /** Approved calls that wait for the next response. */
  #approved: Item[] = [];

  constructor(options: McpHostOptions) {
    this.#options = options;
  }

  /**
   * Begins the listing of every server that was not listed yet, be it listed well or not.
   * @param forget drops the servers that are not among these tools; when they come back, they are listed again
   */
  offer(tools: ToolsConfig, forget: boolean): void {
    const entries = new Map(tools.filter(isMcpEntry).map((entry) => [keyOf(entry), entry]));
    if (forget) {
      for (const key of this.#listed.keys()) if (!entries.has(key)) this.#listed.delete(key);
    }
    for (const [key, entry] of entries) if (!this.#listed.has(key)) this.#list(key, entry);
  }

  /** What the model does that the script wants to call a tool: with the tools that it has, and the rules for them. */
  plan(label: string, name: string, argumentsText: string, tools: ToolsConfig): PlannedItem[] | undefined {
    const entry = tools.filter(isMcpEntry).find(({ server_label }) => server_label === label);
    const tool = entry && this.#listed.get(keyOf(entry))?.find((listed) => listed.name === name);
    if (!entry || !tool) return undefined;
    const call = { server: label, name, arguments: argumentsText };
    if (!needsApproval(entry, tool)) return [{ kind: 'mcp_call', ...call }];
    if (!this.#options.switches.mcpApprovalShowsCall) return [{ kind: 'mcp_approval_request', ...call }];
    const callItemId = newId('item');
    return [
      { kind: 'mcp_call', ...call, heldAs: callItemId },
      { kind: 'mcp_approval_request', ...call, callItemId },
    ];
  }

  /** Approved calls that the next response has to make before anything else. */
  takeApproved(): PlannedItem[] {
    const approved = this.#approved;
    this.#approved = [];
    return approved.map((request) => ({
      kind: 'mcp_call',
      server: request.serverLabel ?? '',
      name: request.name ?? '',
      arguments: request.arguments ?? '',
      approvalRequestId: request.id,
    }));
  }

  /** The client's answer to an approval request was added to the conversation. */
  answered(response: Item): void {
    const { conversation, switches, wire } = this.#options;
    const request = conversation.find(response.approvalRequestId ?? '');
    if (!request || !response.approve) return;
    if (switches.mcpAfterApproval === 'needs-response') {
      this.#approved.push(request);
      return;
    }
    const outputIndex = request.outputIndex ?? 0;
    const shown = request.callItemId === undefined ? undefined : conversation.find(request.callItemId);
    if (shown) {
      shown.approvalRequestId = request.id;
      const { responseId } = shown;
      void this.run(shown, { outputIndex: shown.outputIndex ?? 0, previous: null, ...(responseId && { responseId }) });
      return;
    }
    const item: Item = {
      id: newId('item'),
      type: 'mcp_call',
      status: 'in_progress',
      medium: 'text',
      text: '',
      audioMs: 0,
      serverLabel: request.serverLabel ?? '',
      name: request.name ?? '',
      arguments: request.arguments ?? '',
      approvalRequestId: request.id,
      outputIndex,
    };
    const placed = conversation.add(item);
    const previous = 'error' in placed ? null : placed.previousItemId;
    wire.send({ type: 'conversation.item.added', previous_item_id: previous, item: wireItem(item) });
    void this.run(item, { outputIndex, previous });
  }

  /**
   * Makes the call of an item. Its end is announced whenever it comes, also after the end of the response.
   * @returns what the response has to wait for; undefined when it may go on
   */
  run(item: Item, place: CallPlace): Promise<void> | undefined {
    const { wire, timers, servers, switches } = this.#options;
    wire.send({ type: 'response.mcp_call.in_progress', item_id: item.id, output_index: place.outputIndex });
    let done = false;
    let release: () => void = () => undefined;
    const end = (result: McpCallResult): void => {
      done = true;
      this.#end(item, place, result);
      release();
    };
    const call = (): void => {
      const result = callTool(servers()[item.serverLabel ?? ''], item.name ?? '', item.arguments ?? '');
      if (result instanceof Promise) void result.then(end);
      else end(result);
    };
    const delayMs = servers()[item.serverLabel ?? '']?.callDelayMs ?? 0;
    if (delayMs === 0) call();
    else timers.after(delayMs, call);
    if (done || !switches.mcpCallHoldsResponse) return undefined;
    return new Promise((resolve) => {
      release = resolve;
    });
  }

  #end(item: Item, { outputIndex, responseId, previous }: CallPlace, result: McpCallResult): void {
    const { wire } = this.#options;
    if ('error' in result) item.error = wireError(result.error);
    else item.output = result.output;
    item.status = 'completed';
    const type = item.error ? 'response.mcp_call.failed' : 'response.mcp_call.completed';
    wire.send({ type, item_id: item.id, output_index: outputIndex });
    const shown = wireItem(item);
    // Undefined: the item of a response beside the conversation, which has no place in it.
    if (previous !== undefined) wire.send({ type: 'conversation.item.done', previous_item_id: previous, item: shown });
    if (responseId === undefined) return;
    wire.send({ type: 'response.output_item.done', response_id: responseId, output_index: outputIndex, item: shown });
  }

  #list(key: string, entry: McpEntry): void {
    const { conversation, wire, timers, servers } = this.#options;
    this.#listed.set(key, undefined);
    const label = entry.server_label;
    const item: Item = {
      id: newId('item'),
      type: 'mcp_list_tools',
      status: 'in_progress',
      medium: 'text',
      text: '',
      audioMs: 0,
      serverLabel: label,
    };
    const placed = conversation.add(item);
    const previous = 'error' in placed ? null : placed.previousItemId;
    wire.send({ type: 'conversation.item.added', previous_item_id: previous, item: wireItem(item) });
    wire.send({ type: 'mcp_list_tools.in_progress', item_id: item.id });
    timers.after(servers()[label]?.listDelayMs ?? LIST_DELAY_MS, () => {
      const server = servers()[label];
      if (!server || server.listFails) {
        item.status = 'incomplete';
        wire.send({ type: 'mcp_list_tools.failed', item_id: item.id });
        return;
      }
      const tools = allowedTools(entry, server.tools);
      item.tools = tools.map(wireTool);
      item.status = 'completed';
      // The session may have dropped the server meanwhile.
      if (this.#listed.has(key)) this.#listed.set(key, tools);
      wire.send({ type: 'mcp_list_tools.completed', item_id: item.id });
      wire.send({ type: 'conversation.item.done', previous_item_id: previous, item: wireItem(item) });
    });
  }
}

/** The same server asked in the same way: how its calls are approved does not matter to a listing. */
function keyOf({ require_approval: _approval, server_description: _description, ...entry }: McpEntry): string {
  return JSON.stringify(entry);
}
