import { type ArgumentsSchema } from './argument-schema.js';
import { fromText, problem, type Problem } from './schemas.js';
import { type SecretTemplate } from './secret-template.js';
import { type UrlTemplate } from './url-template.js';

/** Tools that Parley brings itself. */
export const BUILT_IN_TOOLS = ['hang_up', 'transfer', 'send_keys', 'skip_turn'] as const;
export type BuiltInTool = (typeof BUILT_IN_TOOLS)[number];

/** Someone the assistant may transfer a call to. */
export interface TransferTarget {
  /** What the assistant calls it. */
  name: string;
  /** E.164 number or SIP address. */
  to: string;
}

export const builtInTools = fromText((text): BuiltInTool[] | Problem => {
  if (text === 'none') return [];
  const names = text.split(',').map((name) => name.trim());
  const known = BUILT_IN_TOOLS.filter((tool) => names.includes(tool));
  return known.length === new Set(names).size
    ? known
    : problem(`must be none, or of ${BUILT_IN_TOOLS.join(', ')}, with commas between`);
});

/** An E.164 number or a SIP address, as Telnyx dials them. */
export const phoneNumber = fromText(
  (text) => phoneNumberOf(text) ?? problem('must be a number like +15550100001, or sip:name@host'),
);

export const transferTargets = fromText((text): TransferTarget[] | Problem => {
  const targets: TransferTarget[] = [];
  for (const part of text.split(',')) {
    const [name = '', ...rest] = part.split('=');
    const to = phoneNumberOf(rest.join('=').trim());
    if (name.trim() === '' || to === undefined) {
      return problem('must be names with numbers, like sales=+15550100001,desk=sip:desk@example.com');
    }
    // The assistant's word for a target is compared without case.
    const same = (target: TransferTarget): boolean => target.name.toLowerCase() === name.trim().toLowerCase();
    if (targets.some(same)) return problem('names the same target twice');
    targets.push({ name: name.trim(), to });
  }
  return targets;
});

function phoneNumberOf(text: string): string | undefined {
  return /^\+[1-9]\d{4,14}$/.test(text) || /^sips?:[^\s@,]+@[^\s@,]+$/.test(text) ? text : undefined;
}

/** One of your own tools: an HTTP endpoint that is asked when the assistant calls it. */
export interface HttpTool {
  name: string;
  description: string;
  /** JSON Schema of the arguments; an object. */
  parameters: ArgumentsSchema;
  url: UrlTemplate;
  method: HttpToolMethod;
  headers: Record<string, SecretTemplate>;
  /** Over everything: connecting, waiting, reading. */
  timeoutMs: number;
  /** `wait`: the assistant answers when the result is in. `later`: it goes on, and is told when the result comes. */
  result: 'wait' | 'later';
}

export const HTTP_TOOL_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type HttpToolMethod = (typeof HTTP_TOOL_METHODS)[number];

/** A server of tools that OpenAI calls itself (MCP). */
export interface McpServer {
  label: string;
  url: string;
  description: string | undefined;
  /** Without `Bearer`: OpenAI adds it. */
  authorization: SecretTemplate | undefined;
  headers: Record<string, SecretTemplate>;
  /** Undefined: all that it offers. */
  allowedTools: string[] | undefined;
  /** The greeting waits for its list of tools, up to `listTimeoutMs`. */
  essential: boolean;
  listTimeoutMs: number;
  /** Whether OpenAI has to ask before a call, and what Parley says then. */
  approval: { ask: false } | { ask: true; approve: 'all' | 'none' | string[] };
}

export interface ToolsFile {
  http: HttpTool[];
  mcp: McpServer[];
}
