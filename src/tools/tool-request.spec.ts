import { loadConfig } from '../config/load-config.js';
import { type HttpTool } from '../config/tools-setting.js';
import { toolRequest, type ToolRequest } from './tool-request.js';

const CALL = { callId: 'v3:abc', toolCallId: 'call_1' };

function tool(about: Record<string, unknown>): HttpTool {
  const base = { name: 'look_up', description: 'Looks up.', url: 'https://x.example/items' };
  const { config } = loadConfig({
    OPENAI_API_KEY: 'sk-test',
    TELNYX_API_KEY: 'KEY-test',
    WEBHOOK_SIGNATURE: 'off',
    TOOL_SECRET_X: 'hunter2',
    TOOLS: JSON.stringify({ http: [{ ...base, ...about }] }),
  });
  const [first] = config.tools.http;
  if (first === undefined) throw new Error('no tool');
  return first;
}

function request(about: Record<string, unknown>, values: Record<string, unknown>, call = CALL): ToolRequest {
  const made = toolRequest(tool(about), values, call, 'parley/test');
  if ('wrong' in made) throw new Error(made.wrong);
  return made;
}

describe('toolRequest', () => {
  it('sends arguments as the JSON body', () => {
    const { method, url, headers, body } = request({}, { day: '2026-11-22', n: 2 });
    expect([method, url.href, body]).toEqual(['POST', 'https://x.example/items', '{"day":"2026-11-22","n":2}']);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/json',
      'user-agent': 'parley/test',
      'parley-call-id': 'v3:abc',
    });
  });

  it('sends the arguments of a GET or DELETE as its query, beside what the URL has', () => {
    const values = { q: 'a b&c', tags: ['x', 'y'], where: { near: 1 }, open: true, none: null };
    for (const method of ['GET', 'DELETE']) {
      const { url, body, headers } = request({ method, url: 'https://x.example/items?shop=7' }, values);
      expect(url.search).toBe('?shop=7&q=a+b%26c&tags=x&tags=y&where=%7B%22near%22%3A1%7D&open=true');
      expect([body, headers['content-type']]).toEqual([undefined, undefined]);
    }
  });

  it('does not repeat what stands in the URL', () => {
    const parameters = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] };
    const about = { url: 'https://x.example/items/{id}', parameters };
    expect(request(about, { id: '7', n: 1 })).toMatchObject({ body: '{"n":1}' });
    expect(request({ ...about, method: 'GET' }, { id: '7', n: 1 }).url.href).toBe('https://x.example/items/7?n=1');
    expect(toolRequest(tool(about), { id: '..' }, CALL, 'x')).toEqual({ wrong: 'id' });
  });

  it('puts secrets into headers, and lets some of its own be replaced', () => {
    const { headers } = request({ headers: { Authorization: 'Bearer ${TOOL_SECRET_X}', Accept: 'text/plain' } }, {});
    expect(headers).toMatchObject({ authorization: 'Bearer hunter2', accept: 'text/plain' });
  });

  it('has the same idempotency key for the same call of a tool, and another one for any other', () => {
    const key = (callId: string, toolCallId: string): string | undefined =>
      request({}, {}, { callId, toolCallId }).headers['idempotency-key'];
    expect(key('a', 'b')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(key('a', 'b')).toBe(key('a', 'b'));
    expect(new Set([key('a', 'b'), key('a', 'c'), key('b', 'b'), key('ab', ''), key('', 'ab')]).size).toBe(5);
  });

  it('sends an id that cannot stand in a header percent-encoded', () => {
    const { headers } = request({}, {}, { callId: 'ü\n\ud800', toolCallId: 'x' });
    expect(headers['parley-call-id']).toBe('%C3%BC%0A');
  });
});
