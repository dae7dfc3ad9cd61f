import { type WireMcpError, type WireMcpItem, type WireMcpTool } from './wire-types.js';

/** What an item of MCP has beyond the fields of every item. */
export interface McpFields {
  serverLabel?: string;
  /** Of a listing; empty until it is complete. */
  tools?: readonly WireMcpTool[];
  error?: WireMcpError;
  /** Of a call that had to be approved, and of the answer to the request. */
  approvalRequestId?: string;
  approve?: boolean;
  reason?: string;
  /** Of an approval request: the call was shown before it, as this item. */
  callItemId?: string;
  /** Where in its response the item was. */
  outputIndex?: number;
}

interface McpItem extends McpFields {
  id: string;
  type: WireMcpItem['type'];
  name?: string;
  arguments?: string;
  output?: string;
}

/** The item as events show it. Unlike other items these have neither `object` nor `status`. */
export function wireMcpItem(item: McpItem): WireMcpItem {
  const { id, serverLabel = '', name = '', arguments: args = '' } = item;
  switch (item.type) {
    case 'mcp_list_tools':
      return { id, type: item.type, server_label: serverLabel, tools: [...(item.tools ?? [])] };
    case 'mcp_approval_request':
      return { id, type: item.type, server_label: serverLabel, name, arguments: args };
    case 'mcp_approval_response':
      return {
        id,
        type: item.type,
        approval_request_id: item.approvalRequestId ?? '',
        approve: item.approve ?? false,
        reason: item.reason ?? null,
      };
    case 'mcp_call':
      return {
        id,
        type: item.type,
        server_label: serverLabel,
        name,
        arguments: args,
        approval_request_id: item.approvalRequestId ?? null,
        output: item.output ?? null,
        error: item.error ?? null,
      };
  }
}
