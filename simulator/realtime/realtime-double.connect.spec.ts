import { request } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { PlainClient } from './plain-client.js';
import { RealtimeDouble } from './realtime-double.js';

describe('connecting to the Realtime double', () => {
  let double: RealtimeDouble;
  beforeEach(async () => {
    double = await RealtimeDouble.start();
  });
  afterEach(() => double.close());

  it('greets with session.created: PCM at 24 kHz, an id, and the hour at which it ends', async () => {
    const client = await PlainClient.open(double.url);
    const session = await double.nextSession();
    const [created] = client.log.events;
    expect(created?.type).toBe('session.created');
    expect(created?.['event_id']).toMatch(/^event_/);
    expect(created?.['session']).toMatchObject({
      id: session.id,
      object: 'realtime.session',
      model: 'gpt-realtime-2.1',
      audio: { input: { format: { type: 'audio/pcm', rate: 24000 } } },
    });
    const { expires_at } = created?.['session'] as { expires_at: number };
    expect(Math.abs(expires_at - Date.now() / 1000 - 3600)).toBeLessThan(60);
    expect(client.types).toEqual(['session.created']);
  });

  it('sends conversation.created as well when told to', async () => {
    double.switches.conversationCreated = true;
    const client = await PlainClient.open(double.url);
    expect(await client.next('conversation.created')).toMatchObject({
      conversation: { object: 'realtime.conversation' },
    });
  });

  it.each([
    ['a wrong key', '?model=gpt-realtime-2.1', { Authorization: 'Bearer sk-wrong' }, 3000, 'invalid_api_key'],
    ['no key', '?model=gpt-realtime-2.1', {}, 3000, 'invalid_api_key'],
    [
      'the beta header',
      '?model=gpt-realtime-2.1',
      { Authorization: 'Bearer sk-double', 'OpenAI-Beta': 'realtime=v1' },
      4000,
      'beta_api_shape_disabled',
    ],
    ['no model', '', { Authorization: 'Bearer sk-double' }, 4000, 'missing_model'],
    ['an unknown model', '?model=gpt-4', { Authorization: 'Bearer sk-double' }, 4000, 'invalid_model'],
  ])('answers %s after the 101, with an error and a close', async (_case, query, headers, closeCode, code) => {
    const client = new PlainClient(double.url + query, headers);
    expect(await client.next('error')).toMatchObject({ error: { type: 'invalid_request_error', code } });
    expect(await client.closed).toEqual({ code: closeCode, reason: `invalid_request_error.${code}` });
    expect(client.types).toEqual(['error']);
    expect(double.sessions).toHaveLength(0);
    expect(double.refusals).toEqual([{ status: 101, reason: `invalid_request_error.${code}` }]);
  });

  it('refuses upgrades over HTTP on demand, and then serves again', async () => {
    double.faults.arm('refuseUpgrade', { status: 503, retryAfterSeconds: 1 }, 2);
    for (let i = 0; i < 2; i++) {
      const client = new PlainClient(`${double.url}?model=gpt-realtime-2.1`);
      expect(await client.refused).toBe(503);
    }
    await PlainClient.open(double.url);
    expect(double.refusals.map(({ status }) => status)).toEqual([503, 503]);
  });

  it('knows no other path', async () => {
    const client = new PlainClient(double.url.replace('/v1/realtime', '/v1/other'));
    expect(await client.refused).toBe(404);
  });

  it('answers plain HTTP with 404', async () => {
    const status = await new Promise((resolve, reject) => {
      request(double.url.replace('ws:', 'http:'), (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(404);
  });

  it('lets the 101 and the greeting come late on demand', async () => {
    double.faults.arm('delayUpgrade', { ms: 40 });
    double.faults.arm('delaySessionCreated', { ms: 40 });
    const startedAt = performance.now();
    const client = new PlainClient(`${double.url}?model=gpt-realtime-2.1`);
    await new Promise((resolve) => client.socket.once('open', resolve));
    // Timers may fire a millisecond early.
    expect(performance.now() - startedAt).toBeGreaterThan(35);
    expect(client.types).toEqual([]);
    await client.next('session.created');
    expect(performance.now() - startedAt).toBeGreaterThan(75);
  });

  it('closes although an upgrade still waits for its 101', async () => {
    double.faults.arm('delayUpgrade', { ms: 60_000 });
    const client = new PlainClient(`${double.url}?model=gpt-realtime-2.1`);
    // The fault is used up once the request has arrived.
    while (double.faults.pending.length > 0) await setImmediate();
    await double.close();
    expect((await client.closed).code).toBe(1006);
  });

  it('hands out each session once, in the order they were opened', async () => {
    await PlainClient.open(double.url);
    await PlainClient.open(double.url);
    const first = await double.nextSession();
    const second = await double.nextSession();
    expect(double.sessions).toEqual([first, second]);
    const third = double.nextSession();
    await PlainClient.open(double.url);
    expect(await third).toBe(double.sessions[2]);
  });

  it('shows the headers of the upgrade', async () => {
    new PlainClient(`${double.url}?model=gpt-realtime-2.1`, {
      Authorization: 'Bearer sk-double',
      'OpenAI-Safety-Identifier': 'caller-hash',
    });
    const session = await double.nextSession();
    expect(session.headers['openai-safety-identifier']).toBe('caller-hash');
  });

  it('echoes a normal close and pings while idle', async () => {
    double.switches.pingIntervalMs = 10;
    const client = await PlainClient.open(double.url);
    await new Promise((resolve) => client.socket.once('ping', resolve));
    client.close();
    const session = await double.nextSession();
    expect(await session.closed).toEqual({ code: 1000, reason: '' });
  });

  it('ends a session at its longest life with session_expired and close 1001', async () => {
    double.switches.maxSessionMs = 30;
    const client = await PlainClient.open(double.url);
    expect(await client.next('error')).toMatchObject({ error: { code: 'session_expired' } });
    expect(await client.closed).toEqual({
      code: 1001,
      reason: 'Your session hit the maximum duration of 60 minutes.',
    });
  });
});
