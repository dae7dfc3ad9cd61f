import { type McpServer } from '../../config/tools-setting.js';

/** A server of tools as a session's `tools` name it. Holds the operator's secrets of this moment. */
export function mcpEntry(server: McpServer): object {
  const headers = Object.entries(server.headers).map(([name, value]) => [name, value.text] as const);
  return {
    type: 'mcp',
    server_label: server.label,
    server_url: server.url,
    ...(server.description === undefined ? {} : { server_description: server.description }),
    ...(server.authorization === undefined ? {} : { authorization: server.authorization.text }),
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
    ...(server.allowedTools === undefined ? {} : { allowed_tools: server.allowedTools }),
    require_approval: server.approval.ask ? 'always' : 'never',
  };
}

/** Whether a call is allowed that the service asks about. Servers that the session does not have are not the operator's. */
export function isApproved(servers: readonly McpServer[], label: string, tool: string): boolean {
  const approval = servers.find((server) => server.label === label)?.approval;
  if (!approval) return false;
  if (!approval.ask || approval.approve === 'all') return true;
  return approval.approve !== 'none' && approval.approve.includes(tool);
}
