import { type HttpTool } from '../config/tools-setting.js';
import { type ToolCallIdentity } from '../conversation/tools/tool.port.js';
import { type ToolArguments } from './arguments.js';
import { idempotencyKey } from './idempotency-key.js';

export interface ToolRequest {
  url: URL;
  method: HttpTool['method'];
  headers: Record<string, string>;
  body: string | undefined;
}

/**
 * The request of one tool call. Arguments with a place in the URL go there; the others are the query of a GET or DELETE and
 * the JSON body of everything else.
 * In: arguments that passed the tool's schema. Out: the request, or the name of an argument that does not fit into the URL.
 */
export function toolRequest(
  tool: HttpTool,
  values: ToolArguments,
  call: ToolCallIdentity,
  userAgent: string,
): ToolRequest | { wrong: string } {
  const url = tool.url.fill(values);
  if (!(url instanceof URL)) return url;
  const rest = Object.entries(values).filter(([name]) => !tool.url.names.includes(name));
  const headers: Record<string, string> = {
    accept: 'application/json',
    'user-agent': userAgent,
    ...Object.fromEntries(Object.entries(tool.headers).map(([name, value]) => [name.toLowerCase(), value.text])),
    'idempotency-key': idempotencyKey(call),
    'parley-call-id': headerText(call.callId),
  };
  if (tool.method === 'GET' || tool.method === 'DELETE') {
    for (const [name, value] of rest) addToQuery(url.searchParams, name, value);
    return { url, method: tool.method, headers: withoutReuse(tool, headers), body: undefined };
  }
  headers['content-type'] = 'application/json';
  // Written anew from what was checked: of two equal keys in the model's text, another parser might take the other one.
  const body = JSON.stringify(Object.fromEntries(rest));
  return { url, method: tool.method, headers: withoutReuse(tool, headers), body };
}

/**
 * A kept connection that the server closes at this very moment fails the request, and only a GET may be tried again. So
 * everything else takes a new connection: a handshake more, and no failure of that kind.
 */
function withoutReuse(tool: HttpTool, headers: Record<string, string>): Record<string, string> {
  return tool.method === 'GET' ? headers : { ...headers, connection: 'close' };
}

/** Lists are repeated keys, objects are JSON, null is left out. */
function addToQuery(query: URLSearchParams, name: string, value: unknown): void {
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) for (const entry of value) addToQuery(query, name, entry);
  else query.append(name, typeof value === 'string' ? value : JSON.stringify(value));
}

/** Ids come from outside; what cannot travel in a header is percent-encoded. */
function headerText(id: string): string {
  return /^[\x21-\x7e]+$/.test(id) ? id : encodeURIComponent(id.replace(/[\ud800-\udfff]/g, ''));
}
