import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type DoubleSession, type ScriptedReply } from '../simulator/realtime/index.js';
import { type ConnectedCall, eventually, greetedCall, hangUp, sessionInUse } from './support/calls.js';
import {
  answered,
  asked,
  linesOf,
  mendStage,
  remembered,
  SENTENCE,
  setFailingStage,
  told,
} from './support/failing-stage.js';
import { type Stage } from './support/gateway.js';

const DONE: ScriptedReply = { text: 'There it is.', durationMs: 300 };

/** An endpoint that can be as slow or as broken as a test wants it. */
class Endpoint {
  /** Idempotency keys of the requests, in order. */
  readonly keys: unknown[] = [];
  /** How the next requests are answered; a request that nothing answers hangs. */
  answer: (response: ServerResponse) => void = () => undefined;
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Endpoint> {
    const server = createServer();
    const endpoint = new Endpoint(server);
    server.on('request', (request, response) => {
      request.resume();
      endpoint.keys.push(request.headers['idempotency-key']);
      endpoint.answer(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return endpoint;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/find`;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

let endpoint: Endpoint;
let stage: Stage;

beforeAll(async () => {
  endpoint = await Endpoint.start();
  const find = {
    name: 'find',
    description: 'Finds an order.',
    parameters: { type: 'object', properties: { order: { type: 'integer' } }, required: ['order'] },
    url: endpoint.url,
  };
  const http = [find, { ...find, name: 'find_quickly', timeoutMs: 200 }];
  const mcp = [{ label: 'crm', url: 'https://crm.example.com/mcp', essential: true, listTimeoutMs: 300 }];
  const extra = { label: 'extra', url: 'https://extra.example.com/mcp' };
  stage = await setFailingStage({
    env: { WAIT_SIGNAL_AFTER_MS: '500', TOOLS: JSON.stringify({ http, mcp: [...mcp, extra] }) },
  });
});
afterAll(() => Promise.all([endpoint.close(), stage.close()]));
beforeEach(() => {
  endpoint.keys.length = 0;
  endpoint.answer = (response) => response.end('{"order":7}');
  stage.realtime.mcpServers = { crm: { tools: [{ name: 'look' }] }, extra: { tools: [{ name: 'more' }] } };
  stage.realtime.script = { replies: [{ text: 'Hello', durationMs: 300 }, DONE] };
});
afterEach(() => mendStage(stage));

/** The assistant calls a tool in a call that has just been greeted. */
async function callTool(name: string, args: Record<string, unknown> = { order: 7 }): Promise<ConnectedCall> {
  const connected = await greetedCall(stage);
  connected.session.respond({ items: [{ name, arguments: args }] });
  return connected;
}

/** The assistant has answered to what its tool brought, once, and the caller has heard it. */
async function spokenAbout({ call, session }: ConnectedCall): Promise<string[]> {
  // The greeting is one, and the answer that called the tool another.
  await answered(session);
  await answered(session);
  await call.waitFor('heard-audio', 5_000, 2);
  expect(asked(session)).toBe(2);
  return session.functionOutputs.map(({ output }) => output);
}

const systemNotes = (session: DoubleSession): string[] =>
  remembered(session).filter((text) => text.startsWith('system:') && !text.includes('Open it now'));

/** After the greeting, an answer is asked for, and no other one after it. Not told by what is heard: a greeting may come in pieces. */
async function askedOnce(session: DoubleSession, call: ConnectedCall['call']): Promise<void> {
  await eventually(() => asked(session) >= 2 || undefined, 'an answer to be asked for');
  await call.waitFor('heard-audio', 5_000, 2);
  await call.waitForQuiet(200);
  expect(asked(session)).toBe(2);
}

describe('a tool of the operator', () => {
  it('tool slow: the caller hears that they wait, and then the answer', async () => {
    let hanging: ServerResponse | undefined;
    endpoint.answer = (response) => (hanging = response);
    const connected = await callTool('find');
    await connected.call.waitFor('spoken');
    expect(connected.call.heard.spoken.map(({ text }) => text)).toEqual([SENTENCE.wait]);
    hanging?.end('{"order":7}');
    expect(await spokenAbout(connected)).toEqual(['{"order":7}']);
    expect(await told(stage, connected.call, 'tool done')).toMatchObject({ tool: 'find' });
    await hangUp(stage, connected.call);
  });

  it.each<[string, string, (response: ServerResponse) => void, string, string]>([
    ['does not answer in its time', 'find_quickly', () => undefined, 'timeout', 'did not answer in time'],
    [
      'fails',
      'find',
      (response) => response.writeHead(500).end('{"trace":"at x.js"}'),
      'http-500',
      'failed (status 500)',
    ],
    ['breaks the connection', 'find', (response) => response.destroy(), 'network', 'connection to the tool broke'],
    [
      'answers with broken JSON',
      'find',
      (response) => {
        response.setHeader('content-type', 'application/json').end('{"order":');
      },
      'not-json',
      'cannot be read',
    ],
  ])('tool broken: one that %s is something the assistant can speak about', async (_, name, answer, code, words) => {
    endpoint.answer = answer;
    const connected = await callTool(name);
    expect(await spokenAbout(connected)).toEqual([expect.stringContaining(words)]);
    expect(await told(stage, connected.call, 'tool failed')).toMatchObject({ tool: name, error: code });
    // Asked once: it may have taken effect.
    expect(endpoint.keys).toHaveLength(1);
    await hangUp(stage, connected.call);
  });

  it('tool arguments wrong: nothing is sent, and the assistant is told what is wrong', async () => {
    const connected = await callTool('find', { order: 'seven' });
    expect(await spokenAbout(connected)).toEqual([expect.stringContaining('arguments')]);
    expect(await told(stage, connected.call, 'tool failed')).toMatchObject({ tool: 'find', error: 'bad-arguments' });
    expect(endpoint.keys).toEqual([]);
    await hangUp(stage, connected.call);
  });

  it('tool unknown: the assistant is told that there is none', async () => {
    const connected = await callTool('no_such_tool');
    expect(await spokenAbout(connected)).toEqual([expect.stringContaining('no such tool')]);
    expect(await told(stage, connected.call, 'tool call refused')).toMatchObject({ known: false });
    await hangUp(stage, connected.call);
  });

  it('tool outlives its session: it is not run again, and its result is told to the next one', async () => {
    let hanging: ServerResponse | undefined;
    endpoint.answer = (response) => (hanging = response);
    const { call, session } = await callTool('find');
    await eventually(() => hanging, 'the request of the tool');
    await answered(session);
    session.drop();
    const next = await sessionInUse(stage.realtime);
    await answered(next);
    const outputs = next.functionOutputs.map(({ output }) => output);
    expect(outputs).toEqual([expect.stringContaining('outcome unknown')]);
    hanging?.end('{"order":7}');
    await eventually(() => systemNotes(next).find((text) => text.includes('{"order":7}')), 'the late result');
    await answered(next);
    expect(endpoint.keys).toHaveLength(1);
    await hangUp(stage, call);
  });
});

describe('an MCP server', () => {
  const MISSING = 'the tools of an MCP server are not available';

  it.each([
    ['does not answer in its time', { listDelayMs: Infinity }, 'late'],
    ['cannot be reached', { listFails: true }, 'failed'],
  ])(
    'MCP tools missing: an essential server that %s delays the greeting no longer than its bound',
    async (_, trouble, why) => {
      stage.realtime.mcpServers = {
        crm: { tools: [{ name: 'look' }], ...trouble },
        extra: { tools: [{ name: 'more' }] },
      };
      const linesBefore = stage.gateway.lines.length;
      const { call, session } = await greetedCall(stage);
      expect(systemNotes(session)).toEqual([expect.stringContaining('cannot be used at the moment: crm')]);
      const lines = stage.gateway.lines.slice(linesBefore).filter(({ msg }) => msg === MISSING);
      expect(lines[0]).toMatchObject({ server: 'crm', why });
      await hangUp(stage, call);
    },
  );

  it('MCP tools missing: one that is not essential is done without', async () => {
    stage.realtime.mcpServers = { crm: { tools: [{ name: 'look' }] }, extra: { tools: [], listFails: true } };
    const linesBefore = stage.gateway.lines.length;
    const { call, session } = await greetedCall(stage);
    expect(systemNotes(session)).toEqual([]);
    const lines = stage.gateway.lines.slice(linesBefore).filter(({ msg }) => msg === MISSING);
    expect(lines[0]).toMatchObject({ server: 'extra', why: 'failed' });
    await hangUp(stage, call);
  });

  it('MCP call fails: the assistant speaks about it, and is asked to, once', async () => {
    const crm = {
      tools: [{ name: 'look' }],
      call: () => ({ error: { type: 'tool_execution_error', message: 'No.' } }),
    };
    stage.realtime.mcpServers = { crm: crm as never, extra: { tools: [{ name: 'more' }] } };
    const { call, session } = await greetedCall(stage);
    session.respond({ items: [{ mcp: 'crm', name: 'look', arguments: {} }] });
    expect(await told(stage, call, 'tool at the model done')).toMatchObject({ tool: 'look', ok: false });
    await askedOnce(session, call);
    await hangUp(stage, call);
  });

  it('MCP call slow: the caller hears that they wait, and then the answer', async () => {
    const crm = { tools: [{ name: 'look' }], callDelayMs: 1_200 };
    stage.realtime.mcpServers = { crm, extra: { tools: [{ name: 'more' }] } };
    const { call, session } = await greetedCall(stage);
    session.respond({ items: [{ mcp: 'crm', name: 'look', arguments: {} }] });
    await call.waitFor('spoken');
    expect(call.heard.spoken.map(({ text }) => text)).toEqual([SENTENCE.wait]);
    await askedOnce(session, call);
    expect(linesOf(stage, call, 'tool at the model done')).toMatchObject([{ ok: true }]);
    await hangUp(stage, call);
  });
});
