import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { loadConfig } from '../config/load-config.js';
import { traceContextIn, withTracingOn } from '../telemetry/conversation/testing/tracing-on.js';
import { HttpToolBox } from './http-tool-box.js';

describe('HttpToolBox in a traced process', () => {
  const received: IncomingHttpHeaders[] = [];
  let endpoint: Server;

  beforeEach(async () => {
    received.length = 0;
    endpoint = createServer((request, response) => {
      received.push(request.headers);
      request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    });
    endpoint.listen(0, '127.0.0.1');
    await once(endpoint, 'listening');
  });
  afterEach(async () => {
    endpoint.closeAllConnections();
    endpoint.close();
    await once(endpoint, 'close');
  });

  it.each(['GET', 'POST'])("tells a tool's endpoint nothing of the trace (%s)", async (method) => {
    const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/orders`;
    const parameters = { type: 'object', properties: {}, additionalProperties: false };
    const { config } = loadConfig({
      OPENAI_API_KEY: 'sk-test',
      TELNYX_API_KEY: 'KEY-test',
      WEBHOOK_SIGNATURE: 'off',
      TOOLS: JSON.stringify({ http: [{ name: 'find', description: 'Finds.', url, method, parameters }] }),
    });
    const tool = new HttpToolBox(config).find('find');
    const call = { callId: 'v3:call', toolCallId: 'call_1' };
    const outcome = await withTracingOn(async () => tool?.run('{}', call, new AbortController().signal));
    expect(outcome).toMatchObject({ ok: true });
    expect(received).toHaveLength(1);
    expect(traceContextIn(received[0])).toEqual([]);
  });
});
