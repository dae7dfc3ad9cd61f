import { Test } from '@nestjs/testing';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { request } from 'node:http';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type AddressInfo } from 'node:net';
import { LoggerModule } from 'nestjs-pino';
import { CallDirectory } from '../affinity/call-directory.js';
import { InMemoryCallDirectory } from '../affinity/directory/in-memory-call-directory.js';
import { Fleet } from '../affinity/fleet.js';
import { CONFIG } from '../config/config.token.js';
import { loadConfig } from '../config/load-config.js';
import { Lifecycle } from '../health/lifecycle.js';
import { Counters } from '../telemetry/counters.js';
import { Meters } from '../telemetry/metrics/meters.js';
import { WebhookDispatch } from './fleet/webhook-dispatch.js';
import { RootController } from './root.controller.js';
import { type CallWebhook } from './webhook-event.js';
import { type WebhookReceipt } from './webhook-receipt.js';
import { WebhooksController } from './webhooks.controller.js';

interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const PUBLIC_KEY = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');

function signatureOf(body: string, key: KeyObject = privateKey, timestamp = Math.floor(Date.now() / 1000)) {
  return {
    'telnyx-timestamp': String(timestamp),
    'telnyx-signature-ed25519': sign(null, Buffer.from(`${timestamp}|${body}`), key).toString('base64'),
  };
}

let events = 0;
function event(type: string, id = `event-${++events}`): string {
  const payload = { call_control_id: 'v3:a', direction: 'incoming', client_state: null };
  return JSON.stringify({ data: { record_type: 'event', event_type: type, id, payload } });
}

describe('POST /webhooks', () => {
  let app: NestExpressApplication;
  let port: number;
  const fleet = { stayingElsewhere: false };
  let worked: CallWebhook[];
  let receipts: WebhookReceipt[];
  let work: (event: CallWebhook) => Promise<void>;

  async function start(env: Record<string, string> = {}): Promise<void> {
    const { config } = loadConfig({
      OPENAI_API_KEY: 'sk-test',
      TELNYX_API_KEY: 'KEY-test',
      ...(env.WEBHOOK_SIGNATURE === 'off' ? {} : { TELNYX_PUBLIC_KEY: PUBLIC_KEY }),
      ...env,
    });
    [worked, receipts] = [[], []];
    work = () => Promise.resolve();
    const dispatch = {
      handle: (webhook: CallWebhook, _body: string, receipt: WebhookReceipt) => {
        worked.push(webhook);
        receipts.push(receipt);
        return work(webhook);
      },
    };
    const module = await Test.createTestingModule({
      imports: [LoggerModule.forRoot({ pinoHttp: { enabled: false, autoLogging: false } })],
      controllers: [RootController, WebhooksController],
      providers: [
        Meters,
        Lifecycle,
        Counters,
        { provide: CONFIG, useValue: config },
        { provide: CallDirectory, useFactory: () => new InMemoryCallDirectory() },
        { provide: WebhookDispatch, useValue: dispatch },
        { provide: Fleet, useValue: fleet },
      ],
    }).compile();
    app = module.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
    app.useBodyParser('raw', { type: () => true, limit: config.telnyx.webhookBodyLimitBytes });
    await app.listen(0, '127.0.0.1');
    port = (app.getHttpServer().address() as AddressInfo).port;
  }

  afterEach(() => app.close());

  function send(method: string, path: string, body = '', headers: Record<string, string> = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => (text += piece));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  function post(body: string, headers: Record<string, string> = signatureOf(body)): Promise<Reply> {
    return send('POST', '/webhooks/', body, { 'Content-Type': 'application/json', ...headers });
  }

  /** Work begins after the reply. */
  async function workedOn(count: number): Promise<void> {
    while (worked.length < count) await new Promise((resolve) => setImmediate(resolve));
  }

  it('acknowledges a signed event and works on it, with and without the slash at the end', async () => {
    await start();
    for (const path of ['/webhooks/', '/webhooks']) {
      const body = event('call.answered');
      await expect(send('POST', path, body, signatureOf(body))).resolves.toMatchObject({ status: 200 });
    }
    await workedOn(2);
    expect(worked.map(({ kind }) => kind)).toEqual(['answered', 'answered']);
  });

  it('notes how an event came: when, after how long, and in which context', async () => {
    await start();
    const beforeMs = Date.now();
    const occurredAt = new Date(beforeMs - 250).toISOString();
    const body = JSON.stringify({
      data: { event_type: 'call.answered', id: 'noted', occurred_at: occurredAt, payload: { call_control_id: 'v3:a' } },
    });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await post(body, { ...signatureOf(body), traceparent });
    await post(event('call.answered'));
    await workedOn(2);
    const [noted, plain] = receipts;
    expect(noted).toMatchObject({
      eventId: 'noted',
      eventType: 'call.answered',
      occurredAtMs: beforeMs - 250,
      traceparent,
    });
    expect(noted?.receivedAtMs).toBeGreaterThanOrEqual(beforeMs);
    expect(plain).toMatchObject({ occurredAtMs: undefined, traceparent: undefined });
  });

  it('works on an event once, however often it is delivered', async () => {
    await start();
    const body = event('call.answered');
    const replies = await Promise.all(Array.from({ length: 5 }, () => post(body)));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    await post(event('call.hangup'));
    await workedOn(2);
    expect(worked.map(({ kind }) => kind)).toEqual(['answered', 'hangup']);
    expect(app.get(Counters)).toMatchObject({ webhooks: 6, webhooksDuplicate: 4 });
  });

  it.each<[string, (body: string) => Record<string, string>]>([
    ['no signature', () => ({})],
    ['another key', (body) => signatureOf(body, generateKeyPairSync('ed25519').privateKey)],
    ['another body', () => signatureOf('{}')],
    ['an old timestamp', (body) => signatureOf(body, privateKey, Math.floor(Date.now() / 1000) - 301)],
  ])('refuses an event with %s: 401, and nothing happens', async (_case, headers) => {
    await start();
    const body = event('call.initiated', 'stays-new');
    await expect(post(body, headers(body))).resolves.toMatchObject({ status: 401 });
    expect(app.get(Counters).webhooksRefused).toBe(1);
    // The refused one has not used up the event's id.
    await expect(post(body)).resolves.toMatchObject({ status: 200 });
    await workedOn(1);
  });

  it('takes unsigned events only where signatures were switched off', async () => {
    await start({ WEBHOOK_SIGNATURE: 'off' });
    await expect(post(event('call.answered'), {})).resolves.toMatchObject({ status: 200 });
    await workedOn(1);
  });

  it.each([
    ['no JSON', '{'],
    ['an envelope without an id', '{"data":{"event_type":"call.initiated","payload":{"call_control_id":"x"}}}'],
    ["Telnyx's version 1", '{"event_type":"call_initiated","call_control_id":"x"}'],
    ['nothing', ''],
  ])('answers 400 to %s', async (_case, body) => {
    await start();
    await expect(post(body)).resolves.toMatchObject({ status: 400 });
    expect(worked).toEqual([]);
    expect(app.get(Counters).webhooksUnreadable).toBe(1);
  });

  it('answers 200 to an event it does not know', async () => {
    await start();
    await expect(post(event('call.of.the.future'))).resolves.toMatchObject({ status: 200 });
  });

  it('answers 413 to a body over the limit', async () => {
    await start({ WEBHOOK_BODY_LIMIT_KB: '16' });
    const body = `${event('call.answered')}${' '.repeat(16_384)}`;
    await expect(post(body)).resolves.toMatchObject({ status: 413 });
  });

  it.each(['GET', 'PUT', 'DELETE', 'PATCH'])('answers 405 to %s and names POST', async (method) => {
    await start();
    const reply = await send(method, '/webhooks/');
    expect(reply).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });

  it('does not keep the reply waiting for the work, nor fail with it', async () => {
    await start();
    let fail: (error: Error) => void = () => undefined;
    work = () => new Promise((_resolve, reject) => (fail = reject));
    const body = event('call.initiated');
    await expect(post(body)).resolves.toMatchObject({ status: 200 });
    await workedOn(1);
    fail(new Error('the work failed'));
    await expect(post(body)).resolves.toMatchObject({ status: 200 });
    expect(worked).toHaveLength(1);
    expect(app.get(Counters).webhookFailures).toBe(1);
  });

  it('sends new calls away while draining, for another pod to take, and goes on with the old ones', async () => {
    await start();
    app.get(Lifecycle).draining = true;
    const call = event('call.initiated');
    await expect(post(call)).resolves.toMatchObject({ status: 503 });
    await expect(post(event('call.hangup'))).resolves.toMatchObject({ status: 200 });
    await workedOn(1);
    expect(worked.map(({ kind }) => kind)).toEqual(['hangup']);
  });

  it('still hears of second legs while draining: their transfers are its own', async () => {
    await start();
    app.get(Lifecycle).draining = true;
    const leg = event('call.initiated').replace('incoming', 'outgoing');
    await expect(post(leg)).resolves.toMatchObject({ status: 200 });
  });

  it('says on the root that it runs', async () => {
    await start();
    const reply = await send('GET', '/');
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body)).toEqual({ message: 'Media Stream Server is running!' });
  });
});
