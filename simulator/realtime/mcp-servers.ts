import { type ToolsConfig } from './session-schema.js';
import { type WireMcpError, type WireMcpTool } from './wire-types.js';

/** One tool of an MCP server, as its listing shows it. */
export interface McpTool {
  name: string;
  description?: string;
  /** JSON Schema of the arguments; by default an object of anything. */
  input_schema?: Record<string, unknown>;
  /** `readOnlyHint` is what filters with `read_only` go by. */
  annotations?: { readOnlyHint?: boolean; [hint: string]: unknown };
}

/** What came of a call. `code` is filled in where the wire needs one: -32603 (protocol), 502 (HTTP). */
export type McpCallResult =
  { output: string } | { error: { type: WireMcpError['type']; message: string; code?: number } };

/**
 * An MCP server as a session can reach it: what it offers, how slow it is, what its tools answer. Read anew whenever it
 * is needed, so a test may change it while sessions run.
 */
export interface McpServer {
  tools: readonly McpTool[];
  /** From `mcp_list_tools.in_progress` to its end, in ms; Infinity: the listing never ends. Default 20. */
  listDelayMs?: number;
  /** The listing ends with `mcp_list_tools.failed`. */
  listFails?: boolean;
  /** From `response.mcp_call.in_progress` to the result, in ms; Infinity: no result ever comes. Default 0. */
  callDelayMs?: number;
  /**
   * What a tool answers; by default `{"ok":true}`. What it throws becomes a `tool_execution_error`.
   * @param args as the model wrote them; anything that is not a JSON object fails before this with a `protocol_error`
   */
  call?: (name: string, args: Record<string, unknown>) => McpCallResult | Promise<McpCallResult>;
}

/** Servers by the label under which a session names them. A label that is not here cannot be reached. */
export type McpServers = Record<string, McpServer>;

export type McpEntry = Extract<ToolsConfig[number], { type: 'mcp' }>;
type ToolFilter = Exclude<NonNullable<McpEntry['allowed_tools']>, readonly string[]>;

export const isMcpEntry = (tool: ToolsConfig[number]): tool is McpEntry => tool.type === 'mcp';

/** Both conditions have to hold where both are given; an empty filter lets nothing through. */
function passes(tool: McpTool, { tool_names: names, read_only: readOnly }: ToolFilter): boolean {
  if (names === undefined && readOnly === undefined) return false;
  const isReadOnly = tool.annotations?.readOnlyHint === true;
  return (names?.includes(tool.name) ?? true) && (readOnly === undefined || readOnly === isReadOnly);
}

/** The tools of a server that the session lets the model see. */
export function allowedTools(entry: McpEntry, tools: readonly McpTool[]): McpTool[] {
  const { allowed_tools: allowed } = entry;
  if (allowed == null) return [...tools];
  return tools.filter((tool) => (Array.isArray(allowed) ? allowed.includes(tool.name) : passes(tool, allowed)));
}

/** Whether a call has to wait for the client's word. Without `require_approval` it has to. */
export function needsApproval(entry: McpEntry, tool: McpTool): boolean {
  const { require_approval: rule } = entry;
  if (rule == null || rule === 'always') return true;
  if (rule === 'never') return false;
  if (rule.always && passes(tool, rule.always)) return true;
  if (rule.never && passes(tool, rule.never)) return false;
  // Named by neither: what only `always` speaks of leaves the rest free.
  return rule.always === undefined;
}

export function wireTool({ name, description = '', input_schema, annotations }: McpTool): WireMcpTool {
  const schema = input_schema ?? { type: 'object' };
  return { name, description, input_schema: schema, ...(annotations ? { annotations } : {}) };
}

function parseArguments(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}

/** Calls a tool. Never throws, nor rejects: whatever goes wrong is a result. */
export function callTool(
  server: McpServer | undefined,
  name: string,
  argumentsText: string,
): McpCallResult | Promise<McpCallResult> {
  if (!server) return { error: { type: 'http_error', code: 503, message: 'The MCP server could not be reached.' } };
  const args = parseArguments(argumentsText);
  if (!args) return { error: { type: 'protocol_error', code: -32602, message: 'Invalid arguments.' } };
  const failed = (error: unknown): McpCallResult => ({
    error: { type: 'tool_execution_error', message: error instanceof Error ? error.message : String(error) },
  });
  try {
    const result = server.call?.(name, args) ?? { output: '{"ok":true}' };
    return result instanceof Promise ? result.catch(failed) : result;
  } catch (error) {
    return failed(error);
  }
}

/** The error as the wire has it: with a code, except for what the tool itself says. */
export function wireError(error: Extract<McpCallResult, { error: unknown }>['error']): WireMcpError {
  const { type, message, code } = error;
  if (type === 'tool_execution_error') return { type, message };
  return { type, message, code: code ?? (type === 'http_error' ? 502 : -32603) };
}
