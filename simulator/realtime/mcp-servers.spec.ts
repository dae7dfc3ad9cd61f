import { allowedTools, callTool, type McpEntry, type McpTool, needsApproval, wireError } from './mcp-servers.js';

const entry: McpEntry = { type: 'mcp', server_label: 'crm', server_url: 'https://crm.example/mcp' };
const find: McpTool = { name: 'find', annotations: { readOnlyHint: true } };
const book: McpTool = { name: 'book' };

const allowed = (allowed_tools: McpEntry['allowed_tools']) =>
  allowedTools({ ...entry, allowed_tools }, [find, book]).map(({ name }) => name);
const waits = (require_approval: McpEntry['require_approval']) =>
  [find, book].filter((tool) => needsApproval({ ...entry, require_approval }, tool)).map(({ name }) => name);

describe('the tools of an MCP server', () => {
  it('are offered as far as allowed_tools goes', () => {
    expect(allowed(undefined)).toEqual(['find', 'book']);
    expect(allowed(null)).toEqual(['find', 'book']);
    expect(allowed(['book', 'unknown'])).toEqual(['book']);
    expect(allowed({ read_only: true })).toEqual(['find']);
    expect(allowed({ tool_names: ['find', 'book'], read_only: false })).toEqual(['book']);
    expect(allowed({})).toEqual([]);
  });

  it('need approval unless the session says that they do not', () => {
    expect(waits(undefined)).toEqual(['find', 'book']);
    expect(waits('always')).toEqual(['find', 'book']);
    expect(waits('never')).toEqual([]);
    expect(waits({ never: { tool_names: ['find'] } })).toEqual(['book']);
    expect(waits({ always: { tool_names: ['book'] } })).toEqual(['book']);
    expect(waits({ never: { read_only: true }, always: { tool_names: ['find'] } })).toEqual(['find']);
  });

  it('answer with what the test says, or with a plain success', async () => {
    expect(callTool({ tools: [find] }, 'find', '{}')).toEqual({ output: '{"ok":true}' });
    const server = { tools: [find], call: (name: string, args: object) => ({ output: name + JSON.stringify(args) }) };
    expect(callTool(server, 'find', '{"id":7}')).toEqual({ output: 'find{"id":7}' });
    const later = { tools: [find], call: () => Promise.resolve({ output: 'later' }) };
    expect(await callTool(later, 'find', '{}')).toEqual({ output: 'later' });
  });

  it('turn everything that goes wrong into an error of its kind', async () => {
    const throws = {
      tools: [find],
      call: (): never => {
        throw new Error('no such customer');
      },
    };
    const rejects = { tools: [find], call: () => Promise.reject(new Error('no such customer')) };
    const failed = { error: { type: 'tool_execution_error', message: 'no such customer' } };
    expect(callTool(throws, 'find', '{}')).toEqual(failed);
    expect(await callTool(rejects, 'find', '{}')).toEqual(failed);
    expect(callTool({ tools: [] }, 'find', '{"id":')).toMatchObject({
      error: { type: 'protocol_error', code: -32602 },
    });
    expect(callTool({ tools: [] }, 'find', '[1]')).toMatchObject({ error: { type: 'protocol_error' } });
    expect(callTool(undefined, 'find', '{}')).toMatchObject({ error: { type: 'http_error' } });
  });

  it('show a code with every error but their own', () => {
    expect(wireError({ type: 'protocol_error', message: 'm' })).toEqual({
      type: 'protocol_error',
      code: -32603,
      message: 'm',
    });
    expect(wireError({ type: 'http_error', message: 'm', code: 429 })).toMatchObject({ code: 429 });
    expect(wireError({ type: 'tool_execution_error', message: 'm', code: 1 })).toEqual({
      type: 'tool_execution_error',
      message: 'm',
    });
  });
});
