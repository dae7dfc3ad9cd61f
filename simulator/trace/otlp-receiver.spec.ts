import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { collectorUrl, forwardTraces } from './forward.js';
import { OtlpReceiver } from './otlp-receiver.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const ROOT = 'b7ad6b7169203331';
const BODY = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'parley' } }], droppedAttributesCount: 0 },
      scopeSpans: [
        {
          scope: { name: 'parley' },
          spans: [
            {
              traceId: TRACE,
              spanId: '00f067aa0ba902b7',
              parentSpanId: ROOT,
              name: 'telnyx answer',
              kind: 3,
              startTimeUnixNano: '1700000000123456789',
              endTimeUnixNano: '1700000000200000000',
              attributes: [
                { key: 'text', value: { stringValue: 'a' } },
                { key: 'yes', value: { boolValue: true } },
                { key: 'whole', value: { intValue: '7' } },
                { key: 'part', value: { doubleValue: 0.5 } },
                { key: 'list', value: { arrayValue: { values: [{ stringValue: 'x' }, { intValue: 1 }] } } },
                { key: 'nothing', value: {} },
              ],
              events: [{ name: 'sent', timeUnixNano: '1700000000150000000', attributes: [] }],
              links: [{ traceId: TRACE, spanId: ROOT, attributes: [] }],
              status: { code: 2, message: 'refused' },
            },
            { traceId: TRACE, spanId: ROOT, name: 'call', startTimeUnixNano: 1, endTimeUnixNano: 2 },
          ],
        },
      ],
    },
  ],
};

describe('the OTLP receiver', () => {
  let receiver: OtlpReceiver;
  beforeEach(async () => {
    receiver = await OtlpReceiver.start();
  });
  afterEach(() => receiver.close());

  function send(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, path = '/v1/traces') {
    return fetch(`${receiver.endpoint}${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  it('reads spans with all that is about them', async () => {
    expect((await send(JSON.stringify(BODY))).status).toBe(200);
    expect(receiver.spans).toEqual([
      {
        traceId: TRACE,
        spanId: '00f067aa0ba902b7',
        parentSpanId: ROOT,
        name: 'telnyx answer',
        kind: 'client',
        startMs: 1_700_000_000_123.456,
        endMs: 1_700_000_000_200,
        attributes: { text: 'a', yes: true, whole: 7, part: 0.5, list: ['x', 1], nothing: undefined },
        events: [{ name: 'sent', atMs: 1_700_000_000_150, attributes: {} }],
        links: [{ traceId: TRACE, spanId: ROOT, attributes: {} }],
        status: 'error',
        statusMessage: 'refused',
        resource: { 'service.name': 'parley' },
      },
      expect.objectContaining({ name: 'call', kind: 'unspecified', parentSpanId: undefined, status: 'unset' }),
    ]);
    expect(receiver.trace(TRACE)).toHaveLength(2);
    expect(receiver.trace(ROOT)).toEqual([]);
  });

  it('takes compressed bodies, and keeps them as they were before', async () => {
    const text = JSON.stringify(BODY);
    expect((await send(new Uint8Array(gzipSync(text)), { 'content-encoding': 'gzip' })).status).toBe(200);
    expect(receiver.exports.map(({ signal, body }) => [signal, body.toString()])).toEqual([['traces', text]]);
    expect(receiver.spans).toHaveLength(2);
  });

  it.each([
    ['protobuf', 415, /http\/json/, { 'content-type': 'application/x-protobuf' }, '/v1/traces', 'x'],
    ['what is no JSON', 400, /no OTLP/, {}, '/v1/traces', '{'],
    ['what is no trace', 400, /no OTLP/, {}, '/v1/traces', '{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}'],
    ['what is no gzip', 400, /gzip/, { 'content-encoding': 'gzip' }, '/v1/traces', 'x'],
    ['what nobody sends', 404, /\/v1\/metrics/, {}, '/v2', '{}'],
  ])('says in a sentence what is wrong with %s', async (_, status, message, headers, path, body) => {
    const response = await send(body, headers, path);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { message: string }).message).toMatch(message);
    expect(receiver.spans).toEqual([]);
  });

  it('keeps metrics and logs unread', async () => {
    expect((await send('{}', {}, '/v1/metrics')).status).toBe(200);
    expect(receiver.exports.map(({ signal }) => signal)).toEqual(['metrics']);
  });

  it('tells of a span when it comes, and gives up after a while', async () => {
    const waiting = receiver.waitFor(({ name }) => name === 'call', 10_000);
    await send(JSON.stringify(BODY));
    expect((await waiting)?.spanId).toBe(ROOT);
    expect((await receiver.waitFor(({ name }) => name === 'call', 10_000))?.spanId).toBe(ROOT);
    expect(await receiver.waitFor(({ name }) => name === 'turn', 1)).toBeUndefined();
  });

  it('can refuse, and can leave a sender without an answer', async () => {
    receiver.mode = 503;
    expect((await send(JSON.stringify(BODY))).status).toBe(503);
    receiver.mode = 'hang';
    const controller = new AbortController();
    const hanging = fetch(`${receiver.endpoint}/v1/traces`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
      signal: controller.signal,
    });
    while (receiver.exports.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    await expect(hanging).rejects.toThrow();
    expect(receiver.spans).toEqual([]);
  });

  it('outlives a sender that leaves in the middle', async () => {
    const socket = connect(receiver.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.end('POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc');
    socket.resume();
    await once(socket, 'close');
    expect((await send(JSON.stringify(BODY))).status).toBe(200);
  });

  it('can be sent on to another collector', async () => {
    const other = await OtlpReceiver.start();
    await send(JSON.stringify(BODY));
    await send('{}', {}, '/v1/metrics');
    expect(await forwardTraces(receiver.exports, collectorUrl(other.endpoint))).toBeUndefined();
    expect(other.spans).toEqual(receiver.spans);
    expect(other.exports).toHaveLength(1);
    other.mode = 500;
    expect(await forwardTraces(receiver.exports, collectorUrl(other.endpoint))).toMatch(/answered with 500.*refuse/);
    await other.close();
    const gone = await OtlpReceiver.start();
    const url = collectorUrl(gone.endpoint);
    await gone.close();
    expect(await forwardTraces(receiver.exports, url)).toBe(`${url.href}: nobody listens there`);
  });
});

describe("a collector's URL", () => {
  it.each([
    ['http://localhost:4318', 'http://localhost:4318/v1/traces'],
    ['https://otel.example.com/prefix/', 'https://otel.example.com/prefix/v1/traces'],
    ['http://localhost:4318/v1/traces', 'http://localhost:4318/v1/traces'],
  ])('%s means %s', (text, url) => {
    expect(collectorUrl(text).href).toBe(url);
  });

  it.each(['localhost:4318', 'grpc://localhost:4317', '', 'http://user:word@localhost'])('is not %p', (text) => {
    expect(() => collectorUrl(text)).toThrow();
  });
});
