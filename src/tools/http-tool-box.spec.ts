import fc from 'fast-check';
import { Test } from '@nestjs/testing';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ConfigModule } from '../config/config.module.js';
import { loadConfig, type LoadedConfig } from '../config/load-config.js';
import { SecretFiles } from '../config/secret-files.js';
import { ToolBox, type ToolOutcome } from '../conversation/tools/tool.port.js';
import { HttpToolBox } from './http-tool-box.js';
import { ToolsModule } from './tools.module.js';

const CALL = { callId: 'v3:call-1', toolCallId: 'call_7' };
const SECRET = 'hunter2-of-the-crm';

interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

/** An endpoint that notes what it receives, once it has all of it, and answers as it is told. */
class Endpoint {
  readonly received: Received[] = [];
  /** What a request is answered with; a test sets it. */
  answer: RequestListener = (_, response) => void response.end();
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('error', () => undefined).on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        this.received.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
        this.answer(request, response);
      });
    });
  }

  async listen(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

const PARAMETERS = {
  type: 'object',
  properties: { order: { type: 'integer', minimum: 1 }, note: { type: 'string', maxLength: 20 } },
  required: ['order'],
  additionalProperties: false,
};

function load(about: Record<string, unknown>, env: Record<string, string> = {}): LoadedConfig {
  const tool = { name: 'find_order', description: 'Finds an order.', parameters: PARAMETERS, ...about };
  return loadConfig({
    OPENAI_API_KEY: 'sk-test',
    TELNYX_API_KEY: 'KEY-test',
    WEBHOOK_SIGNATURE: 'off',
    TOOLS: JSON.stringify({ http: [tool] }),
    ...env,
  });
}

describe('HttpToolBox', () => {
  let endpoint: Endpoint;

  beforeEach(async () => {
    endpoint = new Endpoint();
    await endpoint.listen();
  });
  afterEach(() => endpoint.close());

  /** Runs a tool of this description against the endpoint. */
  function run(
    about: Record<string, unknown> = {},
    argumentsText = '{"order":7}',
    signal = new AbortController().signal,
  ): Promise<ToolOutcome> {
    const { config } = load(
      { url: `${endpoint.url}/orders`, headers: { authorization: 'Bearer ${TOOL_SECRET_CRM}' }, ...about },
      { TOOL_SECRET_CRM: SECRET },
    );
    const tool = new HttpToolBox(config).find('find_order');
    if (tool === undefined) throw new Error('no tool');
    return tool.run(argumentsText, CALL, signal);
  }

  function answerWith(status: number, type: string | undefined, body: string | Buffer): void {
    endpoint.answer = (_, response): void => {
      response.writeHead(status, type === undefined ? {} : { 'content-type': type }).end(body);
    };
  }

  /** The outcome is a failure of this code, told in a sentence that names no address, header or secret. */
  function expectFailure(outcome: ToolOutcome, code: string): string {
    expect(outcome).toMatchObject({ ok: false, error: code });
    const { error, ...rest } = JSON.parse(outcome.output) as { error: string };
    expect(rest).toEqual({});
    expect(outcome.output).not.toMatch(/127\.0\.0\.1|http:|authorization|bearer/i);
    expect(outcome.output).not.toContain(SECRET);
    return error;
  }

  it('is what the conversation gets as its tool box', async () => {
    const { config } = load({
      url: 'https://x.example/',
      result: 'later',
      parameters: { ...PARAMETERS, $schema: 'x' },
    });
    const app = await Test.createTestingModule({ imports: [ConfigModule.forRoot(config), ToolsModule] }).compile();
    const box = app.get(ToolBox);
    expect(box.declarations).toEqual([{ name: 'find_order', description: 'Finds an order.', parameters: PARAMETERS }]);
    expect(box.find('find_order')).toMatchObject({ name: 'find_order', result: 'later' });
    expect(box.find('launch_rocket')).toBeUndefined();
    expect(box.find('constructor')).toBeUndefined();
    await app.close();
  });

  it('asks the endpoint with what the model wrote, and gives back its answer', async () => {
    answerWith(200, 'application/json; charset=utf-8', '{ "state": "on its\\n way",\n  "id": 12345678901234567890 }\n');
    expect(await run({}, '{"order": 7, "note": "Zoë"}')).toEqual({
      ok: true,
      output: '{"state":"on its\\n way","id":12345678901234567890}',
      error: undefined,
    });
    expect(endpoint.received).toEqual([
      {
        method: 'POST',
        url: '/orders',
        body: '{"order":7,"note":"Zoë"}',
        headers: expect.objectContaining({
          authorization: `Bearer ${SECRET}`,
          'content-type': 'application/json',
          'parley-call-id': CALL.callId,
          'idempotency-key': expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
          'user-agent': expect.stringMatching(/^parley\/\d+\.\d+\.\d+/) as string,
        }) as IncomingMessage['headers'],
      },
    ]);
  });

  it.each([
    ['text', 'text/plain', 'On its way.', 'On its way.'],
    ['text without a type', undefined, 'On its way.', 'On its way.'],
    ['JSON of another kind', 'application/vnd.shop+json', '{"a": 1}', '{"a":1}'],
    ['text in its own charset', 'text/plain; charset="iso-8859-1"', Buffer.from('Zo\xeb', 'latin1'), 'Zoë'],
    ['nothing', 'application/json', '', '{"ok":true}'],
    ['white space', 'text/plain', ' \n', '{"ok":true}'],
  ])('takes %s as an answer', async (_, type, body, expected) => {
    answerWith(201, type, body);
    expect(await run()).toEqual({ ok: true, output: expected, error: undefined });
  });

  it('takes 204, and an answer that is compressed', async () => {
    endpoint.answer = (_, response): void => void response.writeHead(204).end();
    expect(await run()).toMatchObject({ ok: true, output: '{"ok":true}' });
    endpoint.answer = (_, response): void => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(gzipSync('Well.'));
    };
    expect(await run()).toMatchObject({ ok: true, output: 'Well.' });
  });

  it('reads no more than 64 KiB, however little of it is on the wire', async () => {
    answerWith(200, 'text/plain', 'x'.repeat(65_537));
    expectFailure(await run(), 'too-large');
    endpoint.answer = (_, response): void => {
      const bomb = gzipSync(Buffer.alloc(50_000_000, 'x'));
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(bomb);
    };
    expectFailure(await run(), 'too-large');
    endpoint.answer = (_, response): void => {
      response.on('error', () => undefined);
      const more = (): void => {
        while (!response.destroyed && response.write('y'.repeat(10_000)));
      };
      response.writeHead(200, { 'content-type': 'text/plain' }).on('drain', more);
      more();
    };
    expectFailure(await run(), 'too-large');
    answerWith(200, 'text/plain', 'z'.repeat(65_536));
    expect((await run()).output).toMatch(/^z{8000}\n\[The rest/);
  });

  it.each([
    ['a picture', 'image/png', 'x', 'not-text'],
    ['bytes that are no UTF-8', 'application/json', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'not-text'],
    ['a charset that nobody knows', 'text/plain; charset=klingon', 'x', 'not-text'],
    ['JSON that is none', 'application/json', '{"state": ', 'not-json'],
  ])('does not give %s to the model', async (_, type, body, code) => {
    answerWith(200, type, body);
    expectFailure(await run(), code);
  });

  it('passes on the sentence of a refusal, and nothing else about a failure', async () => {
    answerWith(404, 'application/json', '{"error": "There is no order 7.", "sql": "SELECT"}');
    expect(expectFailure(await run(), 'http-404')).toBe('There is no order 7.');
    answerWith(422, 'text/html', '<h1>SELECT</h1>');
    expect(expectFailure(await run(), 'http-422')).not.toContain('SELECT');
    answerWith(500, 'application/json', '{"error": "SELECT failed"}');
    expect(expectFailure(await run(), 'http-500')).not.toContain('SELECT');
    answerWith(400, 'application/json', '{"error');
    expectFailure(await run(), 'http-400');
  });

  it('does not follow redirects', async () => {
    endpoint.answer = (request, response): void => {
      if (request.url === '/elsewhere') response.end('followed');
      else response.writeHead(307, { location: '/elsewhere' }).end();
    };
    expectFailure(await run(), 'http-307');
    expectFailure(await run({ method: 'GET' }), 'http-307');
    expect(endpoint.received.map(({ url }) => url)).toEqual(['/orders', '/orders?order=7']);
  });

  it.each([
    ['headers that do not come', (): void => undefined],
    [
      'a body that does not end',
      (_: IncomingMessage, response: ServerResponse): void => {
        response.writeHead(200, { 'content-type': 'text/plain' }).write('The ord');
      },
    ],
    [
      'a body that trickles',
      (_: IncomingMessage, response: ServerResponse): void => {
        response.writeHead(200, { 'content-type': 'text/plain' });
        const timer = setInterval(() => response.write('.'), 20);
        response.on('close', () => clearInterval(timer)).on('error', () => undefined);
      },
    ],
  ])('does not wait longer than its time for %s', async (_, answer) => {
    endpoint.answer = answer;
    expect(expectFailure(await run({ timeoutMs: 150 }), 'timeout')).toMatch(/not known whether/);
    expect(expectFailure(await run({ timeoutMs: 150, method: 'GET' }), 'timeout')).not.toMatch(/not known/);
    expect(endpoint.received).toHaveLength(2);
  });

  it('knows a refusal although its body does not end', async () => {
    endpoint.answer = (_, response): void => {
      response.writeHead(403, { 'content-type': 'application/json' }).write('{"er');
    };
    expectFailure(await run({ timeoutMs: 150 }), 'http-403');
  });

  it('does not read what a failing server writes', async () => {
    endpoint.answer = (_, response): void => void response.writeHead(503).write('x');
    expectFailure(await run({ timeoutMs: 15_000 }), 'http-503');
  });

  it('sends nothing twice but a GET whose connection broke before an answer', async () => {
    endpoint.answer = (request): void => void request.socket.resetAndDestroy();
    expectFailure(await run(), 'network');
    expect(endpoint.received).toHaveLength(1);
    expectFailure(await run({ method: 'GET' }), 'network');
    expect(endpoint.received).toHaveLength(3);
    endpoint.answer = (request, response): void => {
      if (endpoint.received.length < 5) request.socket.resetAndDestroy();
      else response.end('There.');
    };
    expect(await run({ method: 'GET' })).toMatchObject({ ok: true, output: 'There.' });
    const keys = endpoint.received.slice(3).map(({ headers }) => headers['idempotency-key']);
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
  });

  it('sends a GET once when its answer had begun', async () => {
    endpoint.answer = (request, response): void => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('The ord', () => request.socket.resetAndDestroy());
    };
    expectFailure(await run({ method: 'GET' }), 'network');
    expect(endpoint.received).toHaveLength(1);
  });

  it('tells an endpoint that is not there from a connection that broke', async () => {
    const closed = new Endpoint();
    await closed.listen();
    const { url } = closed;
    await closed.close();
    expect(expectFailure(await run({ url }), 'unreachable')).toMatch(/was not run/);
  });

  it('outlives a peer that speaks no HTTP', async () => {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
      socket.end('SSH-2.0-OpenSSH_9.6\r\n');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const outcome = await run({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
    expectFailure(outcome, 'network');
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  it('takes a new connection for what must not be sent twice', async () => {
    const ports: (number | undefined)[] = [];
    endpoint.answer = (request, response): void => {
      ports.push(request.socket.remotePort);
      response.end('Done.');
    };
    await run();
    await run();
    expect(new Set(ports).size).toBe(2);
    expect(endpoint.received.map(({ headers }) => headers.connection)).toEqual(['close', 'close']);
  });

  it('ends the request when the call is over', async () => {
    const call = new AbortController();
    const closed = new Promise<void>((resolve) => {
      endpoint.answer = (_, response): void => {
        response.on('close', resolve);
        call.abort();
      };
    });
    expectFailure(await run({}, '{"order":7}', call.signal), 'call-over');
    await closed;
    expectFailure(await run({}, '{"order":7}', call.signal), 'call-over');
    expect(endpoint.received).toHaveLength(1);
  });

  it('says what is wrong with arguments, and asks nobody', async () => {
    expect(expectFailure(await run({}, '{"note":"x"}'), 'bad-arguments')).toMatch(/required property 'order'/);
    expect(expectFailure(await run({}, '{"order":"7"}'), 'bad-arguments')).toMatch(/order must be integer/);
    expect(expectFailure(await run({}, '{"order":7'), 'bad-arguments')).toMatch(/not valid JSON/);
    expect(expectFailure(await run({}, `{"order":7,"x":"${'x'.repeat(40_000)}"}`), 'bad-arguments')).toMatch(
      /too long/,
    );
    const free = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] };
    const about = { url: `${endpoint.url}/orders/{id}`, parameters: free };
    expect(expectFailure(await run(about, '{"id":".."}'), 'bad-arguments')).toMatch(/id cannot be used/);
    expect(endpoint.received).toEqual([]);
  });

  it('takes no text at all as no arguments', async () => {
    expect(await run({ parameters: { type: 'object' } }, '')).toMatchObject({ ok: true });
    expect(endpoint.received[0]?.body).toBe('{}');
  });

  it('sends one of two equal keys: the one that was checked', async () => {
    await run({}, '{"order":-5,"order":7}');
    expect(endpoint.received[0]?.body).toBe('{"order":7}');
  });

  it('uses a secret that changed in its file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tools-secret-'));
    const path = join(folder, 'crm');
    await writeFile(path, 'one');
    const { config, secretFiles } = load(
      { url: endpoint.url, headers: { authorization: 'Bearer ${TOOL_SECRET_CRM}' } },
      { TOOL_SECRET_CRM_FILE: path },
    );
    const files = new SecretFiles(secretFiles);
    const tool = new HttpToolBox(config).find('find_order');
    const signal = new AbortController().signal;
    await tool?.run('{"order":1}', CALL, signal);
    await writeFile(path, 'two');
    await files.check();
    await tool?.run('{"order":1}', CALL, signal);
    files.close();
    await rm(folder, { recursive: true });
    expect(endpoint.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer one', 'Bearer two']);
  });

  it('reaches the endpoint with arguments that its schema allows, and with no others, whatever the model writes', async () => {
    const { config } = load({ url: `${endpoint.url}/orders` });
    const tool = new HttpToolBox(config).find('find_order');
    if (tool === undefined) throw new Error('no tool');
    const allowed = (text: string): boolean => {
      try {
        const { order, note, ...more } = JSON.parse(text) as Record<string, unknown>;
        const noteFits = note === undefined || (typeof note === 'string' && [...note].length <= 20);
        return Number.isInteger(order) && (order as number) >= 1 && noteFits && Object.keys(more).length === 0;
      } catch {
        return false;
      }
    };
    const orders = fc.record(
      {
        order: fc.oneof(fc.integer(), fc.double(), fc.string()),
        note: fc.oneof(fc.string({ maxLength: 30 }), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      orders.map((value) => JSON.stringify(value)),
      fc.integer({ min: 1 }).map((order) => JSON.stringify({ order })),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.string(), async (argumentsText, toolCallId) => {
        endpoint.received.length = 0;
        const outcome = await tool.run(argumentsText, { callId: toolCallId, toolCallId }, new AbortController().signal);
        expect(outcome.ok).toBe(allowed(argumentsText));
        expect(endpoint.received).toHaveLength(outcome.ok ? 1 : 0);
        for (const { body } of endpoint.received) expect(JSON.parse(body)).toEqual(JSON.parse(argumentsText));
      }),
      { numRuns: 150 },
    );
  });
});
