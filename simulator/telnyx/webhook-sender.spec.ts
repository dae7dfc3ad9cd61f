import { createPublicKey, verify } from 'node:crypto';
import { FaultPlan, type WebhookFault } from './faults.js';
import { type ReceivedWebhook, StubApp } from './stub-app.js';
import { DEFAULT_SWITCHES, type TelnyxSwitches } from './switches.js';
import { type DeliveryRecord, WebhookSender } from './webhook-sender.js';
import { newKeyPair } from './webhook-signature.js';
import { newWebhookEvent } from './webhook-wire.js';

interface Envelope {
  data: { id: string; event_type: string; payload: unknown };
  meta: { attempt: number; delivered_to: string };
}

const envelope = (webhook: ReceivedWebhook | undefined): Envelope => webhook?.body as Envelope;
const types = (app: StubApp): string[] => app.webhooks.map((webhook) => envelope(webhook).data.event_type);

describe('WebhookSender', () => {
  const keyPair = newKeyPair();
  let app: StubApp;
  let switches: TelnyxSwitches;
  let faults: FaultPlan<WebhookFault>;
  let records: DeliveryRecord[];
  let sender: WebhookSender;

  beforeEach(async () => {
    app = await StubApp.start();
    switches = { ...DEFAULT_SWITCHES, webhookRetryDelaysMs: [10, 20, 30] };
    faults = new FaultPlan();
    records = [];
    sender = new WebhookSender({
      keyPair,
      switches,
      faults,
      defaultUrl: () => app.webhookUrl,
      onAttempt: (record) => records.push(record),
    });
  });

  afterEach(async () => {
    await sender.close();
    await app.close();
  });

  function isSigned({ headers, raw }: ReceivedWebhook): boolean {
    const der = Buffer.concat([
      Buffer.from('302a300506032b6570032100', 'hex'),
      Buffer.from(keyPair.publicKey, 'base64'),
    ]);
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const signature = Buffer.from(String(headers['telnyx-signature-ed25519']), 'base64');
    return verify(null, Buffer.from(`${String(headers['telnyx-timestamp'])}|${raw}`), key, signature);
  }

  it('signs the exact bytes and names itself', async () => {
    const record = await sender.deliver(newWebhookEvent('call.answered', { call_control_id: 'v3:a', text: 'ü' }));
    expect(record).toMatchObject({ event_type: 'call.answered', attempt: 1, status: 200, callControlId: 'v3:a' });
    const [webhook] = app.webhooks;
    expect(webhook?.headers).toMatchObject({ 'user-agent': 'telnyx-webhooks', 'content-type': 'application/json' });
    expect(webhook !== undefined && isSigned(webhook)).toBe(true);
    expect(envelope(webhook).meta).toEqual({ attempt: 1, delivered_to: app.webhookUrl });
  });

  it('delivers again after 5xx, with the same id, the next attempt and a signature of its own', async () => {
    app.replyStatus = (_, index) => (index < 2 ? 503 : 200);
    const record = await sender.deliver(newWebhookEvent('call.hangup', {}));
    expect(record).toMatchObject({ attempt: 3, status: 200 });
    expect(records.map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, 503],
      [2, 503],
      [3, 200],
    ]);
    expect(app.webhooks.map((webhook) => envelope(webhook).meta.attempt)).toEqual([1, 2, 3]);
    expect(new Set(app.webhooks.map((webhook) => envelope(webhook).data.id)).size).toBe(1);
    expect(app.webhooks.every(isSigned)).toBe(true);
  });

  it.each([
    [400, 1],
    [401, 1],
    [408, 4],
    [429, 4],
    [500, 4],
  ])('after %i makes %i attempts in all', async (status, attempts) => {
    app.replyStatus = () => status;
    await sender.deliver(newWebhookEvent('call.hangup', {}));
    expect(records.length).toBe(attempts);
  });

  it('counts an answer that does not come in time as failed', async () => {
    switches.webhookTimeoutMs = 300;
    app.replyStatus = (_, index) => (index === 0 ? undefined : 200);
    await sender.deliver(newWebhookEvent('call.initiated', {}));
    expect(records[0]).toMatchObject({ attempt: 1, status: undefined, error: 'timeout' });
    expect(records[1]).toMatchObject({ attempt: 2, status: 200 });
  });

  it('turns to the failover URL after two failures', async () => {
    const failover = await StubApp.start();
    try {
      switches.webhookFailoverUrl = failover.webhookUrl;
      app.replyStatus = () => 500;
      const record = await sender.deliver(newWebhookEvent('call.initiated', {}));
      expect(record).toMatchObject({ attempt: 3, status: 200, url: failover.webhookUrl });
      expect(app.webhooks.length).toBe(2);
      expect(envelope(failover.webhooks[0]).meta).toEqual({ attempt: 3, delivered_to: failover.webhookUrl });
    } finally {
      await failover.close();
    }
  });

  it('forges what it is asked to forge', async () => {
    faults.next('a', { kind: 'bad-signature' });
    faults.next('b', { kind: 'stale-timestamp', ageSeconds: 1000 });
    faults.next('c', { kind: 'version-1' });
    for (const type of ['a', 'b', 'c']) sender.emit('call', newWebhookEvent(type, { n: 1 }));
    await sender.settled();
    const byType = new Map(app.webhooks.map((webhook) => [/"event_type":"(.)"/.exec(webhook.raw)?.[1], webhook]));
    const [bad, stale, old] = ['a', 'b', 'c'].map((type) => byType.get(type));
    expect(bad !== undefined && isSigned(bad)).toBe(false);
    expect(stale !== undefined && isSigned(stale)).toBe(true);
    expect(Date.now() / 1000 - Number(stale?.headers['telnyx-timestamp'])).toBeGreaterThan(900);
    expect(old?.body).toMatchObject({ record_type: 'event', event_type: 'c', payload: { n: 1 } });
    expect(old?.body).not.toHaveProperty('data');
  });

  it('drops, doubles and swaps events on demand', async () => {
    faults.next('dropped', { kind: 'drop' });
    faults.next('doubled', { kind: 'duplicate', afterMs: 1 });
    faults.next('first', { kind: 'reorder' });
    switches.webhookOrder = 'in-order';
    for (const type of ['dropped', 'doubled', 'first', 'second']) sender.emit('call', newWebhookEvent(type, {}));
    await sender.settled();
    expect(types(app).filter((type) => type !== 'doubled')).toEqual(['second', 'first']);
    const doubled = app.webhooks.filter((webhook) => envelope(webhook).data.event_type === 'doubled');
    expect(doubled.length).toBe(2);
    expect(envelope(doubled[0]).data.id).toBe(envelope(doubled[1]).data.id);
  });

  it('keeps the order of one call when the switch says so, however slow the app is', async () => {
    switches.webhookOrder = 'in-order';
    app.replyStatus = (_, index) => (index === 0 ? 500 : 200);
    for (const type of ['one', 'two', 'three']) sender.emit('call', newWebhookEvent(type, {}));
    await sender.settled();
    expect(types(app)).toEqual(['one', 'one', 'two', 'three']);
  });

  it('writes streaming events with underscores when the switch says so', async () => {
    switches.streamingEventNames = 'underscores';
    await sender.deliver(newWebhookEvent('streaming.started', {}));
    await sender.deliver(newWebhookEvent('call.hangup', {}));
    expect(types(app)).toEqual(['streaming_started', 'call.hangup']);
  });

  it('sends what it is given when a test wants rubbish', async () => {
    await sender.deliver(newWebhookEvent('any', {}), { rawBody: '{"broken', headers: { 'X-Test': '1' } });
    expect(app.webhooks[0]?.raw).toBe('{"broken');
    expect(app.webhooks[0]?.headers['x-test']).toBe('1');
    await sender.deliver(newWebhookEvent('any', {}), { signature: 'missing', timestampAgeSeconds: 'missing' });
    expect(app.webhooks[1]?.headers['telnyx-signature-ed25519']).toBeUndefined();
    expect(app.webhooks[1]?.headers['telnyx-timestamp']).toBeUndefined();
  });

  it('gives up at once when it is closed while the app is silent', async () => {
    app.replyStatus = () => undefined;
    const delivery = sender.deliver(newWebhookEvent('any', {}));
    await app.log.waitFor('webhook any', 5000);
    await sender.close();
    expect(await delivery).toMatchObject({ status: undefined, error: 'closed' });
  });
});
