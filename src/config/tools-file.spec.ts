import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { loadConfig } from './load-config.js';
import { SecretFiles } from './secret-files.js';
import { config, LEAST, load, problem, problems } from './spec-support.js';

type Env = Record<string, string>;

function tools(document: unknown, env: Env = {}): ReturnType<typeof config>['tools'] {
  return config({ TOOLS: JSON.stringify(document), ...env }).tools;
}

function wrong(document: unknown, env: Env = {}): string {
  return problem({ TOOLS: JSON.stringify(document), ...env });
}

const TOOL = { name: 'find_order', description: 'Finds an order.', url: 'https://shop.example.com/orders' };
const SERVER = { label: 'crm', url: 'https://crm.example.com/mcp' };

describe('TOOLS', () => {
  it('needs little for a tool, and fills in the rest', () => {
    const [tool] = tools({ http: [TOOL] }).http;
    expect(tool).toMatchObject({
      name: 'find_order',
      parameters: { type: 'object', properties: {} },
      method: 'POST',
      headers: {},
      timeoutMs: 8000,
      result: 'wait',
    });
    expect(tool?.url.text).toBe(TOOL.url);
  });

  it('comes from a file too', () => {
    const { config } = load({ ...LEAST, TOOLS_FILE: '/etc/tools' }, { '/etc/tools': JSON.stringify({ http: [TOOL] }) });
    expect(config.tools.http).toHaveLength(1);
  });

  it('says everything that is wrong at once, each with its place', () => {
    expect(
      wrong({
        http: [
          { ...TOOL, name: 'find order', timeoutMs: 50, method: 'get' },
          { name: 'x', url: 'x.example', parameters: { type: 'array' }, retries: 3 },
          7,
        ],
        mcp: [{ ...SERVER, approval: 'maybe', essential: 'yes' }],
      }),
    ).toBe(
      'TOOLS: http[0].name: must be 1 to 64 letters, digits, _ or -; http[0].method: must be one of GET, POST, PUT, PATCH, ' +
        'DELETE; http[0].timeoutMs: must be a whole number from 100 to 120000 (ms); http[1].description: is missing; ' +
        'http[1].parameters: must be a JSON Schema with "type": "object"; http[1].url: must be a URL that begins with ' +
        'https:// or http://; http[1]: has an unknown key (retries); http[2]: must be an object; mcp[0].essential: must be ' +
        'true or false; mcp[0].approval: must be "never", "approve", "deny" or {"approve": [names of tools]}',
    );
  });

  it('says where text stops being JSON', () => {
    expect(problem({ TOOLS: '{"http": [}' })).toMatch(/^TOOLS: is no JSON/);
    expect(problem({ TOOLS: '{\n"http": sk-secret' })).toMatch(/^TOOLS: is no JSON( \(line 2 column \d+\))?$/);
    expect(problem({ TOOLS: '[]' })).toBe('TOOLS: must be an object with "http" and "mcp"');
  });

  it('never repeats a value', () => {
    const secret = 'sk-s3cr3t';
    const everywhere = (keys: string[]): Record<string, unknown> =>
      Object.fromEntries(keys.map((key) => [key, secret]));
    const documents: unknown[] = [
      secret,
      { [secret]: secret },
      { http: secret, mcp: secret },
      { http: [secret, everywhere(['method', 'url', 'parameters', 'headers', 'timeoutMs', 'result', secret])] },
      { http: [{ ...TOOL, headers: { [`${secret} x`]: 'x', 'x-a': `\n${secret}` } }] },
      { http: [{ ...TOOL, headers: { [secret]: 7, b: `\${${secret}}` } }] },
      { mcp: [everywhere(['label', 'url', 'approval', 'essential', 'allowedTools', 'listTimeoutMs', 'headers'])] },
      { http: [{ ...TOOL, name: `${secret} x`, url: `https://u:${secret}@x.example/` }] },
    ];
    for (const document of documents) expect(wrong(document)).not.toContain('s3cr3t');
    expect(problem({ TOOLS: `{"a": ${secret}}` })).not.toContain('s3cr3t');
  });

  it.each([
    ['a built-in tool’s name', { name: 'hang_up' }, /http\[0\]\.name: is the name of a built-in tool/],
    [
      'a place in the URL without argument',
      { url: 'https://x.example/{id}' },
      /url: has \{id\}, which is none of the prop/,
    ],
    [
      'a place in the URL whose argument may be missing',
      { url: 'https://x.example/{id}', parameters: { type: 'object', properties: { id: { type: 'string' } } } },
      /url: has \{id\}, which is not required/,
    ],
    ['a header with a line break', { headers: { 'x-a': 'a\nb' } }, /headers\.x-a: has characters/],
    ['a header that Parley sets', { headers: { 'Idempotency-Key': 'x' } }, /has idempotency-key, which is set for you/],
    ['one header twice', { headers: { 'x-a': '1', 'X-A': '2' } }, /the same header twice/],
    ['a name that is no header', { headers: { 'x a': '1' } }, /no header can have/],
    ['another variable as secret', { headers: { a: '${OPENAI_API_KEY}' } }, /headers\.a: has a \$\{…\} that is no/],
    ['an unfinished secret', { headers: { a: '${TOOL_SECRET_A' } }, /headers\.a: has a \$\{…\} that is no/],
    ['a huge schema', { parameters: { type: 'object', description: 'x'.repeat(20_000) } }, /longer than 16384/],
  ])('refuses %s', (_, change, expected) => {
    expect(wrong({ http: [{ ...TOOL, ...change }] })).toMatch(expected);
  });

  it('refuses two tools of one name and two servers of one label', () => {
    expect(wrong({ http: [TOOL, { ...TOOL, description: 'Another.' }] })).toBe('TOOLS: http: has a name twice');
    expect(wrong({ mcp: [SERVER, SERVER] })).toBe('TOOLS: mcp: has a label twice');
  });

  it.each([
    ['never', { ask: false }],
    ['approve', { ask: true, approve: 'all' }],
    ['deny', { ask: true, approve: 'none' }],
    [{ approve: ['look_up'] }, { ask: true, approve: ['look_up'] }],
  ])('reads the approval %j of an MCP server', (approval, expected) => {
    expect(tools({ mcp: [{ ...SERVER, approval }] }).mcp[0]?.approval).toEqual(expected);
  });

  it('fills in the rest of an MCP server', () => {
    expect(tools({ mcp: [SERVER] }).mcp).toEqual([
      {
        label: 'crm',
        url: 'https://crm.example.com/mcp',
        description: undefined,
        authorization: undefined,
        headers: {},
        allowedTools: undefined,
        essential: false,
        listTimeoutMs: 3000,
        approval: { ask: false },
      },
    ]);
  });

  it('refuses two authorizations for one MCP server', () => {
    expect(wrong({ mcp: [{ ...SERVER, authorization: 'a', headers: { Authorization: 'b' } }] })).toMatch(/twice/);
  });

  it('warns of plain HTTP, except to the machine and the cluster', () => {
    const warnings = (url: string): string[] =>
      load({ ...LEAST, TOOLS: JSON.stringify({ http: [{ ...TOOL, url }] }) }).warnings;
    const inside = ['http://127.0.0.1:9/', 'http://[::1]/', 'http://localhost/', 'http://crm.shop.svc:80/x'];
    for (const url of [...inside, 'http://crm.shop.svc.cluster.local/', 'http://crm/', 'https://crm.example.com/']) {
      expect([url, warnings(url)]).toEqual([url, []]);
    }
    for (const url of ['http://crm.example.com/', 'http://10.0.0.7/', 'http://svc.example/']) {
      expect(warnings(url)).toEqual(['TOOLS: http[0].url is not encrypted']);
    }
  });

  it('warns of keys that stand in the file, without them', () => {
    const document = {
      http: [{ ...TOOL, headers: { 'X-Api-Key': 'abc', 'X-Shop': '7' } }],
      mcp: [{ ...SERVER, authorization: 'abc' }],
    };
    const { warnings } = load({ ...LEAST, TOOLS: JSON.stringify(document) });
    expect(warnings).toEqual([
      expect.stringMatching(/^TOOLS: http\[0\] has the value of x-api-key in it/),
      expect.stringMatching(/^TOOLS: mcp\[0\] has the value of authorization in it/),
    ]);
    expect(warnings.join()).not.toContain('abc');
  });
});

describe('secrets of tools', () => {
  const headers = { authorization: 'Bearer ${TOOL_SECRET_SHOP}', 'x-both': '${TOOL_SECRET_SHOP}:${TOOL_SECRET_2}' };
  const document = { http: [{ ...TOOL, headers }], mcp: [{ ...SERVER, authorization: '${TOOL_SECRET_CRM}' }] };
  const env = { TOOL_SECRET_SHOP: 's-one', TOOL_SECRET_2: 'two words', TOOL_SECRET_CRM: 'c-one' };

  it('are put into headers when those are read', () => {
    const { http, mcp } = tools(document, env);
    expect(http[0]?.headers['authorization']?.text).toBe('Bearer s-one');
    expect(http[0]?.headers['x-both']?.text).toBe('s-one:two words');
    expect(mcp[0]?.authorization?.text).toBe('c-one');
  });

  it('show themselves to nobody who does not ask', () => {
    const read = tools(document, env);
    const shown = [
      JSON.stringify(read),
      inspect(read, { depth: 9, showHidden: true }),
      String(read.mcp[0]?.authorization),
    ];
    expect(shown.join()).not.toMatch(/s-one|two words|c-one|TOOL_SECRET/);
  });

  it('that are missing or wrong stop the start, each by its name', () => {
    const found = problems({
      ...LEAST,
      TOOLS: JSON.stringify(document),
      TOOL_SECRET_2: '"q"',
      TOOL_SECRET_CRM: 'a\nb',
    });
    expect(found).toEqual([
      expect.stringMatching(/^TOOL_SECRET_SHOP: is missing, and TOOLS names it.*TOOL_SECRET_SHOP_FILE/),
      'TOOL_SECRET_2: has quotes around it; give it without',
      expect.stringMatching(/^TOOL_SECRET_CRM: has characters or lines/),
    ]);
  });

  it('that no tool names are pointed out', () => {
    const extra = { TOOL_SECRET_SHOPP: 'x', TOOL_SECRET_OLD_FILE: '/x', TOOL_SECRET_EMPTY: '' };
    expect(load({ ...LEAST, TOOLS: JSON.stringify(document), ...env, ...extra }).warnings).toEqual([
      'TOOL_SECRET_SHOPP: is not used, because no tool in TOOLS names it',
      'TOOL_SECRET_OLD_FILE: is not used, because no tool in TOOLS names it',
    ]);
  });

  it('come from files, and follow them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'config-tools-'));
    const path = join(folder, 'shop');
    await writeFile(path, 's-one\n');
    const { config, secretFiles, warnings } = loadConfig({
      ...LEAST,
      ...env,
      TOOLS: JSON.stringify(document),
      TOOL_SECRET_SHOP: undefined,
      TOOL_SECRET_SHOP_FILE: path,
    });
    expect(warnings).toEqual([]);
    const problems: string[] = [];
    const files = new SecretFiles(secretFiles, { onProblem: (name, problem) => problems.push(`${name}: ${problem}`) });
    const header = config.tools.http[0]?.headers['authorization'];
    await writeFile(path, 's-two\n');
    await files.check();
    expect(header?.text).toBe('Bearer s-two');
    await writeFile(path, 's-three\nand more\n');
    await files.check();
    expect(header?.text).toBe('Bearer s-two');
    expect(problems).toEqual([expect.stringMatching(/^TOOL_SECRET_SHOP: .*cannot travel in a header/)]);
    files.close();
    await rm(folder, { recursive: true });
  });

  it('are not taken for misspelt settings', () => {
    expect(load({ ...LEAST, TOOL_SECRET_X: '' }).warnings).toEqual([]);
  });
});
