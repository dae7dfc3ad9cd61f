import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { newKeyPair, type SimulatedCall, signWebhook, type WebhookPayload } from '../simulator/telnyx/index.js';
import { callEnded, requestOf, requestsFor } from './support/calls.js';
import { Gateway, setStage, type Stage } from './support/gateway.js';
import { deadPort } from './support/tcp-proxy.js';

const NO_RETRIES = { retryDelaysMs: [] };

describe('POST /webhooks/', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage({ env: { WARM_SESSIONS: '0' } });
  });
  afterAll(() => stage.close());
  afterEach(async () => {
    stage.telnyx.faults.clear();
    for (const call of stage.telnyx.calls) if (call.state !== 'ended') call.hangUp();
    await stage.gateway.waitForStatus(({ heldCalls }) => heldCalls === 0);
    expect(stage.gateway.alive).toBe(true);
  });

  /** A call whose own `call.initiated` gets lost on the way: the test delivers it as it likes. */
  function silentCall(): { call: SimulatedCall; initiated: WebhookPayload } {
    stage.telnyx.faults.webhooks.next('call.initiated', { kind: 'drop' });
    const call = stage.telnyx.placeCall();
    return {
      call,
      initiated: {
        call_control_id: call.callControlId,
        call_leg_id: call.callLegId,
        call_session_id: call.callSessionId,
        connection_id: call.connectionId,
        direction: 'incoming',
        from: call.from,
        to: call.to,
      },
    };
  }

  /** Whatever was to happen because of earlier webhooks has happened when a later call is up. */
  async function laterCallIsUp(): Promise<void> {
    const call = stage.telnyx.placeCall();
    await call.waitFor('stream-started');
  }

  const counters = async () => (await stage.gateway.status()).counters;

  const otherKey = newKeyPair();
  it.each([
    ['is signed over other bytes', { signature: 'bad' }],
    ['has no signature', { signature: 'missing' }],
    ['has something else for a signature', { signature: 'aGVsbG8=' }],
    ['has no timestamp', { timestampAgeSeconds: 'missing' }],
    ['is ten minutes old', { timestampAgeSeconds: 600 }],
    ['is ten minutes from the future', { timestampAgeSeconds: -600 }],
  ] as const)('refuses a webhook that %s with 401, and does nothing about it', async (_, overrides) => {
    const { call, initiated } = silentCall();
    const before = await counters();
    const delivery = await stage.telnyx.sendWebhook('call.initiated', initiated, { ...overrides, ...NO_RETRIES });
    expect(delivery.status).toBe(401);
    await laterCallIsUp();
    expect(requestsFor(stage, call)).toEqual([]);
    expect((await counters())['webhooksRefused']).toBe((before['webhooksRefused'] ?? 0) + 1);
  });

  it('refuses a webhook that somebody else has signed, and tells the operator which key to compare', async () => {
    const { initiated } = silentCall();
    const body = JSON.stringify({ data: { id: randomUUID(), event_type: 'call.initiated', payload: initiated } });
    const timestamp = String(Math.floor(Date.now() / 1000));
    const delivery = await stage.telnyx.sendWebhook('call.initiated', initiated, {
      rawBody: body,
      signature: signWebhook(otherKey.privateKey, timestamp, body),
      headers: { 'telnyx-timestamp': timestamp },
      ...NO_RETRIES,
    });
    expect(delivery.status).toBe(401);
    await stage.gateway.waitForLine(({ msg }) => msg.includes('TELNYX_PUBLIC_KEY'));
  });

  it('answers a call once, however often and at once its webhook comes', async () => {
    const before = await counters();
    stage.telnyx.faults.webhooks.next('call.initiated', { kind: 'concurrent', copies: 4 });
    const call = stage.telnyx.placeCall();
    await call.waitFor('stream-started');
    await stage.telnyx.settled();
    const deliveries = stage.telnyx.webhooks.filter(
      ({ event_type, callControlId }) => event_type === 'call.initiated' && callControlId === call.callControlId,
    );
    expect(deliveries.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(requestsFor(stage, call, 'answer')).toHaveLength(1);
    expect((await counters())['webhooksDuplicate']).toBe((before['webhooksDuplicate'] ?? 0) + 3);
  });

  it('carries a call through when every one of its webhooks comes three times', async () => {
    const before = await counters();
    stage.telnyx.faults.webhooks.all('*', { kind: 'duplicate', copies: 2, afterMs: 30 });
    const call = stage.telnyx.placeCall();
    await call.waitFor('heard-audio');
    call.hangUp();
    await callEnded(stage, call);
    await stage.telnyx.settled();
    expect(requestsFor(stage, call).map(({ action }) => action)).toEqual(['answer']);
    expect((await counters())['callsEnded']).toBe((before['callsEnded'] ?? 0) + 1);
  });

  it('says which setting of the portal is wrong when webhooks come in the shape of API version 1', async () => {
    const { call, initiated } = silentCall();
    const delivery = await stage.telnyx.sendWebhook('call.initiated', initiated, { version: '1', ...NO_RETRIES });
    expect(delivery.status).toBe(400);
    await stage.gateway.waitForLine(({ msg, level }) => level >= 50 && msg.includes('Webhook API Version'));
    expect(requestsFor(stage, call)).toEqual([]);
  });

  it.each([
    ['JSON that ends too soon', '{"data":{'],
    ['no JSON at all', 'hello'],
    ['an empty body', ''],
    ['a number', '7'],
    ['a list', '[]'],
    ['an envelope without an event', '{"data":{}}'],
    ['an event without an id', '{"data":{"event_type":"call.hangup","payload":{"call_control_id":"v3:x"}}}'],
    ['a call event without a call', '{"data":{"event_type":"call.initiated","id":"no-call","payload":{}}}'],
    ['a payload that is a text', '{"data":{"event_type":"call.hangup","id":"text","payload":"v3:x"}}'],
  ])('refuses %s with 400', async (_, rawBody) => {
    const delivery = await stage.telnyx.sendWebhook('call.initiated', {}, { rawBody, ...NO_RETRIES });
    expect(delivery.status).toBe(400);
  });

  it('refuses a body over its limit with 413, and takes one that is just below', async () => {
    const body = (length: number): string => {
      const head = `{"data":{"event_type":"call.cost","id":"${randomUUID()}","payload":{"call_control_id":"v3:x","pad":"`;
      return `${head}${'x'.repeat(length - head.length - 4)}"}}}`;
    };
    const send = (rawBody: string) => stage.telnyx.sendWebhook('call.cost', {}, { rawBody, ...NO_RETRIES });
    expect((await send(body(256 * 1024))).status).toBe(200);
    expect((await send(body(256 * 1024 + 1))).status).toBe(413);
    expect((await send(body(3 * 1024 * 1024))).status).toBe(413);
  });

  it.each(['/webhooks', '/webhooks/'])('answers GET %s with 405', async (path) => {
    const reply = await stage.gateway.request(path);
    expect(reply.status).toBe(405);
    expect(reply.headers['allow']).toBe('POST');
  });

  it('is there with and without the slash at its end', async () => {
    for (const path of ['/webhooks', '/webhooks/']) {
      const call = stage.telnyx.placeCall({ webhookUrl: `http://127.0.0.1:${stage.gateway.port}${path}` });
      await call.waitFor('stream-started');
    }
  });

  it('takes events that nobody knows, counts them, and is not disturbed by new fields', async () => {
    const before = await counters();
    for (const type of ['call.hologram.started', 'call.recording.saved', 'conference.joined', 'nonsense']) {
      const delivery = await stage.telnyx.sendWebhook(type, { brand_new: [1, { a: null }] }, NO_RETRIES);
      expect(delivery.status).toBe(200);
    }
    await stage.gateway.waitForStatus(
      (status) => status.counters['webhooksIgnored'] === (before['webhooksIgnored'] ?? 0) + 4,
    );

    const { call, initiated } = silentCall();
    const payload = { ...initiated, hologram: { on: true }, caller_id_name: null, tags: 'none', client_state: null };
    await stage.telnyx.sendWebhook('call.initiated', payload, { meta: { trace: 'x' } });
    await call.waitFor('stream-started');
  });

  it('understands streaming events that come with underscores', async () => {
    stage.telnyx.switches.streamingEventNames = 'underscores';
    stage.mediaPort = await deadPort();
    try {
      const call = stage.telnyx.placeCall();
      const failed = await stage.telnyx.waitForWebhook('streaming.failed');
      expect(failed.body).toContain('"streaming_failed"');
      stage.mediaPort = stage.gateway.port;
      // Long before the ten seconds that a stream may take: the webhook was understood.
      await requestOf(stage, call, 'streaming_start', 1, 5_000);
    } finally {
      stage.mediaPort = stage.gateway.port;
      stage.telnyx.switches.streamingEventNames = 'dots';
    }
  });

  it('does not answer a call whose hang-up comes first', async () => {
    stage.telnyx.faults.webhooks.next('call.initiated', { kind: 'reorder' });
    const call = stage.telnyx.placeCall();
    call.hangUp();
    await stage.telnyx.settled();
    await laterCallIsUp();
    const order = stage.telnyx.webhooks.filter(({ callControlId }) => callControlId === call.callControlId);
    expect(order.map(({ event_type }) => event_type)).toEqual(['call.hangup', 'call.initiated']);
    expect(requestsFor(stage, call)).toEqual([]);
  });

  it('is not confused by webhooks that come when their call is long over', async () => {
    for (const event of ['call.answered', 'streaming.started', 'streaming.stopped']) {
      stage.telnyx.faults.webhooks.next(event, { kind: 'delay', delayMs: 700 });
    }
    const call = stage.telnyx.placeCall();
    await call.waitFor('heard-audio');
    call.hangUp();
    await callEnded(stage, call);
    await stage.telnyx.settled();
    // A second copy of its beginning, as a new event: the call is known to be over.
    const initiated = { call_control_id: call.callControlId, direction: 'incoming' };
    expect((await stage.telnyx.sendWebhook('call.initiated', initiated)).status).toBe(200);
    await laterCallIsUp();
    expect(requestsFor(stage, call).map(({ action }) => action)).toEqual(['answer']);
  });

  it('lets go of every call, in whatever order and however often its webhooks come', async () => {
    const events = ['call.initiated', 'call.answered', 'streaming.started', 'streaming.stopped', 'call.hangup'];
    const schedule = fc
      .array(fc.constantFrom(...events), { maxLength: 4 })
      .chain((again) => fc.shuffledSubarray([...events, ...again], { minLength: events.length + again.length }));
    await fc.assert(
      fc.asyncProperty(schedule, async (order) => {
        const { call, initiated } = silentCall();
        stage.telnyx.faults.webhooks.next('call.hangup', { kind: 'drop' });
        call.hangUp();
        const ids = new Map(events.map((event) => [event, randomUUID()]));
        for (const event of order) {
          const id = ids.get(event) ?? '';
          const delivery = await stage.telnyx.sendWebhook(event, { ...initiated, hangup_source: 'caller' }, { id });
          expect(delivery.status).toBe(200);
        }
        await stage.gateway.waitForStatus(({ heldCalls }) => heldCalls === 0, 3_000);
        expect(requestsFor(stage, call, 'answer').length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });

  it('does not answer a leg that Telnyx dials', async () => {
    const leg = stage.telnyx.dial({ from: '+15550100002', to: '+15550100003' });
    await stage.telnyx.settled();
    await laterCallIsUp();
    expect(requestsFor(stage, leg)).toEqual([]);
  });

  it('greets whoever looks at the root', async () => {
    const reply = await stage.gateway.request('/');
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body)).toEqual({ message: 'Media Stream Server is running!' });
  });
});

describe('the keys of webhooks', () => {
  const keys = { OPENAI_API_KEY: 'sk-test', TELNYX_API_KEY: 'KEY-test' };

  it('are demanded: without a public key the gateway does not start, and says what to set', async () => {
    const { exitCode, output } = await Gateway.startInVain(keys);
    expect(exitCode).toBe(1);
    expect(output).toContain('TELNYX_PUBLIC_KEY');
    expect(output).toContain('WEBHOOK_SIGNATURE=off');
  });

  it('may be several while one replaces another', async () => {
    const keyPair = newKeyPair();
    const stage = await setStage({
      telnyx: { keyPair },
      env: { TELNYX_PUBLIC_KEY: `${newKeyPair().publicKey},${keyPair.publicKey}` },
    });
    try {
      await stage.telnyx.placeCall().waitFor('answered');
    } finally {
      await stage.close();
    }
  });

  it('are not needed where signatures are switched off by name, which is said loudly', async () => {
    const stage = await setStage({ env: { WEBHOOK_SIGNATURE: 'off', TELNYX_PUBLIC_KEY: '' } });
    try {
      stage.telnyx.faults.webhooks.all('*', { kind: 'bad-signature' });
      await stage.telnyx.placeCall().waitFor('answered');
      await stage.gateway.waitForLine(({ msg, level }) => level >= 40 && msg.includes('WEBHOOK_SIGNATURE'));
    } finally {
      await stage.close();
    }
  });
});
