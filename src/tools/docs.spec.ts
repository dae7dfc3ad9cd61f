import { readFileSync } from 'node:fs';
import { type Config } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { type HttpTool } from '../config/tools-setting.js';
import { HttpToolBox } from './http-tool-box.js';
import { toolRequest } from './tool-request.js';

const page = readFileSync('docs/tools.md', 'utf8');

function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\n([^]*?)\n\`\`\``).exec(page)?.[1];
  if (found === undefined) throw new Error(`no ${language} in docs/tools.md`);
  return found;
}

function exampleTools(): { tools: Config['tools']; config: Config; warnings: string[] } {
  const { config, warnings } = loadConfig({
    OPENAI_API_KEY: 'sk-test',
    TELNYX_API_KEY: 'KEY-test',
    WEBHOOK_SIGNATURE: 'off',
    TOOLS: block('json'),
    TOOL_SECRET_SHOP: 's3cr3t',
    TOOL_SECRET_CRM: 'token',
  });
  return { tools: config.tools, config, warnings };
}

describe('docs/tools.md', () => {
  it('has an example that Parley takes without a warning about it', () => {
    const { tools, config, warnings } = exampleTools();
    expect(warnings.filter((line) => !line.startsWith('WEBHOOK_SIGNATURE'))).toEqual([]);
    expect(new HttpToolBox(config).declarations.map(({ name }) => name)).toEqual([
      'find_order',
      'book_appointment',
      'check_stock',
    ]);
    expect(tools.mcp.map(({ label }) => label)).toEqual(['crm']);
  });

  it('shows the request as it is sent', () => {
    const [head = '', body = ''] = block('http').split('\n\n');
    const [requestLine, ...headers] = head.split('\n');
    const shown = Object.fromEntries(headers.map((line) => line.split(': '))) as Record<string, string>;
    const tool = exampleTools().tools.http.find(({ name }) => name === 'book_appointment') as HttpTool;
    const call = { callId: shown['parley-call-id'] ?? '', toolCallId: 'call_1' };
    const userAgent = shown['user-agent'] ?? '';
    const request = toolRequest(tool, JSON.parse(body) as Record<string, unknown>, call, userAgent);
    if ('wrong' in request) throw new Error(request.wrong);
    expect(requestLine).toBe(`${request.method} ${request.url.pathname} HTTP/1.1`);
    expect(shown).toEqual({ host: request.url.host, ...request.headers });
    expect(body).toBe(request.body);
  });
});
