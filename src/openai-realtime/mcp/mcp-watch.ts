import { type PinoLogger } from 'nestjs-pino';
import { type Clock } from '../../common/clock.js';
import { type McpServer } from '../../config/tools-setting.js';
import { type ToolWords } from '../../conversation/observer.port.js';
import { itemsOf } from '../client-items.js';
import { type TalkEvent } from '../event-teller.js';
import { type ServerItem } from '../server-events.js';
import { isApproved } from './mcp-entry.js';
import { type CallProgress, RemoteTools } from './remote-tools.js';
import { type ListingProgress, ToolListing } from './tool-listing.js';

export interface McpSurroundings {
  clock: Clock;
  log: PinoLogger;
  /** Sends a client event. */
  send: (type: string, fields: object) => void;
  /** @param words filled in as they become known. */
  begun: (id: string, name: string, words: ToolWords) => void;
  done: (id: string, name: string, ok: boolean) => void;
}

/** What a session has to do with MCP servers: the service talks to them, and this watches, approves and tells. */
export class McpWatch {
  private readonly listing: ToolListing;
  private readonly calls: RemoteTools;
  /** Servers that the model was told to do without. */
  private readonly toldMissing = new Set<string>();

  constructor(
    servers: readonly McpServer[],
    private readonly around: McpSurroundings,
  ) {
    const { clock, log, send, begun, done } = around;
    this.listing = new ToolListing(servers, {
      clock,
      retrieve: (itemId) => send('conversation.item.retrieve', { item_id: itemId }),
      missing: (server, why) => log.warn({ server, why }, 'the tools of an MCP server are not available'),
      found: (server) => this.found(server),
    });
    this.calls = new RemoteTools({
      clock,
      begun,
      done,
      mayCall: (server, tool) => {
        const approved = isApproved(servers, server, tool);
        // Never the arguments: they are the caller's words.
        log.info({ server, tool, approved }, 'a call of an MCP tool had to be approved');
        return approved;
      },
      answerApproval: (requestId, approve) =>
        send('conversation.item.create', {
          item: { type: 'mcp_approval_response', approval_request_id: requestId, approve },
        }),
    });
  }

  /** The session is configured: the service asks the servers for their tools. */
  configured(): void {
    this.listing.begin();
  }

  /** Resolves when the essential servers have listed their tools, or the model was told which have not. */
  async settled(): Promise<void> {
    const missing = await this.listing.essentialsMissing();
    if (missing.length === 0) return;
    for (const label of missing) this.toldMissing.add(label);
    this.note(`These tools cannot be used at the moment: ${missing.join(', ')}. When they are needed, say so.`);
  }

  see(event: TalkEvent): void {
    switch (event.type) {
      case 'response.created':
        return this.calls.responseCreated(event.response.id);
      case 'response.done':
        return this.calls.responseDone(event.response.id, event.response.status === 'completed');
      case 'conversation.item.added':
      case 'conversation.item.retrieved':
        return this.item(event.item, false, undefined);
      case 'conversation.item.done':
        return this.item(event.item, true, undefined);
      case 'response.output_item.added':
        return this.item(event.item, false, event.response_id ?? undefined);
      case 'response.output_item.done':
        return this.item(event.item, true, event.response_id ?? undefined);
      case 'mcp_list_tools.in_progress':
      case 'mcp_list_tools.completed':
      case 'mcp_list_tools.failed':
        return this.listing.progress(event.item_id, lastWord(event.type) as ListingProgress);
      case 'response.mcp_call.in_progress':
      case 'response.mcp_call.completed':
      case 'response.mcp_call.failed':
        return this.calls.progress(event.item_id, lastWord(event.type) as CallProgress);
      default:
      // The talk itself.
    }
  }

  /** The call is over: no tool is run or waited for any more. */
  hangUp(): void {
    this.calls.close();
  }

  close(): void {
    this.listing.close();
    this.calls.close();
  }

  private item(item: ServerItem, done: boolean, responseId: string | undefined): void {
    if (item.type === 'mcp_list_tools') this.listing.item(item, done);
    else if (item.type === 'mcp_call') this.calls.call(item, done, responseId);
    else if (item.type === 'mcp_approval_request' && done) this.calls.approvalRequest(item, responseId);
  }

  private found(server: string): void {
    this.around.log.info({ server }, 'the tools of an MCP server are available after all');
    if (this.toldMissing.delete(server)) this.note(`These tools can be used now: ${server}.`);
  }

  private note(text: string): void {
    for (const item of itemsOf({ role: 'system', text })) this.around.send('conversation.item.create', { item });
  }
}

function lastWord(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}
