import { PlainClient } from './plain-client.js';
import { RealtimeDouble } from './realtime-double.js';

interface Usage {
  total_tokens: number;
  input_tokens: number;
  output_tokens: number;
  input_token_details: { cached_tokens: number };
  output_token_details: { text_tokens: number; audio_tokens: number };
}

const responseOf = (event: Record<string, unknown>) =>
  event['response'] as { id: string; status: string; usage: Usage; output: { content: unknown }[] };

describe('responses of the Realtime double', () => {
  let double: RealtimeDouble;
  beforeEach(async () => {
    double = await RealtimeDouble.start({ switches: { responseDelayMs: 0, deliveryRatio: Infinity } });
  });
  afterEach(() => double.close());

  const create = { type: 'response.create', event_id: 'create_1' };

  it('come one at a time', async () => {
    double.switches.deliveryRatio = 1;
    double.script = { replies: [{ text: 'A long story', durationMs: 60_000 }] };
    const client = await PlainClient.phone(double.url);
    client.send(create);
    const { id } = responseOf(await client.next('response.created'));
    client.send({ ...create, event_id: 'create_2' });
    expect(await client.next('error')).toMatchObject({
      error: {
        code: 'conversation_already_has_active_response',
        message: expect.stringContaining(id) as string,
        event_id: 'create_2',
      },
    });
    client.send({ type: 'response.cancel', response_id: 'resp_other' });
    expect(await client.next('error')).toMatchObject({ error: { code: 'response_cancel_not_active' } });
    client.send({ type: 'response.cancel' });
    expect(await client.next('response.done')).toMatchObject({
      response: { id, status: 'cancelled', status_details: { type: 'cancelled', reason: 'client_cancelled' } },
    });
    client.send({ type: 'response.cancel' });
    expect(await client.next('error')).toMatchObject({ error: { code: 'response_cancel_not_active' } });
  });

  it('may run beside the conversation, which stays untouched', async () => {
    double.switches.deliveryRatio = 1;
    double.script = {
      replies: [{ text: 'A long story', durationMs: 60_000 }],
      outOfBand: { text: 'Aside', durationMs: 20 },
    };
    const client = await PlainClient.phone(double.url);
    client.send(create);
    await client.next('response.created');
    client.send({
      type: 'response.create',
      response: { conversation: 'none', input: [], metadata: { topic: 'summary' } },
    });
    const aside = responseOf(await client.next('response.done'));
    expect(aside).toMatchObject({ status: 'completed', conversation_id: null, metadata: { topic: 'summary' } });
    const session = await double.nextSession();
    expect(session.activeResponseId).toBeDefined();
    expect(session.items).toHaveLength(1);
  });

  it('arrive faster than they play, in deltas of the size asked for', async () => {
    double.switches.deltaMs = { min: 100, max: 400 };
    double.switches.deliveryRatio = 20;
    double.script = { replies: [{ text: 'Ten seconds', durationMs: 10_000 }] };
    const client = await PlainClient.phone(double.url);
    const startedAt = performance.now();
    client.send(create);
    await client.next('response.done');
    const tookMs = performance.now() - startedAt;
    // 500 ms by the clock; late timers make it longer, but never as long as it plays.
    expect(tookMs).toBeGreaterThan(400);
    expect(tookMs).toBeLessThan(9000);
    const sizesMs = client.log.events
      .filter(({ type }) => type === 'response.output_audio.delta')
      .map(({ delta }) => Buffer.from(delta as string, 'base64').length / 8);
    expect(sizesMs.reduce((sum, ms) => sum + ms, 0)).toBe(10_000);
    for (const ms of sizesMs.slice(0, -1)) {
      expect(ms).toBeGreaterThanOrEqual(100);
      expect(ms).toBeLessThanOrEqual(400);
    }
    expect(new Set(sizesMs).size).toBeGreaterThan(3);
  });

  it('follow the script: several items, calls, and a choice by what was said', async () => {
    double.script = {
      choose: ({ lastInput }) => (lastInput.includes('sunny') ? { text: 'It is sunny.' } : undefined),
      replies: [
        {
          items: [
            { text: 'One moment.', durationMs: 100, phase: 'commentary' },
            { name: 'weather', arguments: { city: 'Bonn' }, callId: 'call_1' },
          ],
        },
      ],
    };
    double.switches.itemPhase = true;
    const client = await PlainClient.phone(double.url);
    client.send(create);
    const first = responseOf(await client.next('response.done'));
    expect(first.output).toMatchObject([
      { type: 'message', phase: 'commentary', content: [{ type: 'output_audio', transcript: 'One moment.' }] },
      { type: 'function_call', name: 'weather', call_id: 'call_1', arguments: '{"city":"Bonn"}' },
    ]);
    client.send({
      type: 'conversation.item.create',
      item: { type: 'function_call_output', call_id: 'call_1', output: '"sunny"' },
    });
    client.send(create);
    const second = responseOf(await client.next('response.done'));
    expect(second.output).toMatchObject([{ content: [{ transcript: 'It is sunny.' }] }]);
  });

  it('carry usage that adds up, with a cached part that grows with the conversation', async () => {
    double.script = { replies: [{ text: 'This takes two seconds.', durationMs: 2000 }] };
    const client = await PlainClient.phone(double.url, { instructions: 'Help the caller. '.repeat(60) });
    const usages: Usage[] = [];
    for (let i = 0; i < 3; i++) {
      client.send(create);
      usages.push(responseOf(await client.next('response.done')).usage);
    }
    for (const usage of usages) {
      expect(usage.total_tokens).toBe(usage.input_tokens + usage.output_tokens);
      expect(usage.input_token_details.cached_tokens).toBeLessThanOrEqual(usage.input_tokens);
    }
    const cached = usages.map((usage) => usage.input_token_details.cached_tokens);
    expect(cached[0]).toBe(0);
    expect(cached[1]).toBeGreaterThan(0);
    expect(usages[0]?.output_token_details.audio_tokens).toBe(40);
    // What was said is part of what the second response reads.
    expect(usages[1]?.input_tokens).toBe((usages[0]?.input_tokens ?? 0) + (usages[0]?.output_tokens ?? 0));
    expect(client.log.events.find(({ type }) => type === 'response.created')).toMatchObject({
      response: { usage: null },
    });
  });

  it.each([
    ['server_error', { type: 'server_error' }],
    ['rate_limit_exceeded', { code: 'rate_limit_exceeded' }],
    ['insufficient_quota', { type: 'insufficient_quota', code: 'insufficient_quota' }],
  ] as const)('fail with %s on demand, and the next one works', async (code, error) => {
    double.faults.arm('failResponse', { code });
    const client = await PlainClient.phone(double.url);
    client.send(create);
    const failed = await client.next('response.done');
    expect(failed).toMatchObject({ response: { status: 'failed', status_details: { type: 'failed', error } } });
    client.send(create);
    expect(responseOf(await client.next('response.done')).status).toBe('completed');
  });

  it.each(['content_filter', 'max_output_tokens'] as const)('end early with %s on demand', async (reason) => {
    double.faults.arm('incompleteResponse', { reason, afterAudioMs: 400 });
    const client = await PlainClient.phone(double.url);
    client.send(create);
    expect(await client.next('response.done')).toMatchObject({
      response: { status: 'incomplete', status_details: { reason }, output: [{ status: 'incomplete' }] },
    });
    expect((await double.nextSession()).items).toMatchObject([{ audioMs: 400, status: 'incomplete' }]);
  });

  it('fail in the middle of a sentence on demand', async () => {
    double.faults.arm('failResponse', { code: 'server_error', afterAudioMs: 400 });
    const client = await PlainClient.phone(double.url);
    client.send(create);
    expect(responseOf(await client.next('response.done')).status).toBe('failed');
    expect((await double.nextSession()).items).toMatchObject([{ audioMs: 400 }]);
  });

  it('stop at max_output_tokens by themselves', async () => {
    const client = await PlainClient.phone(double.url);
    client.send({ ...create, response: { max_output_tokens: 20 } });
    expect(await client.next('response.done')).toMatchObject({
      response: { status: 'incomplete', status_details: { reason: 'max_output_tokens' } },
    });
  });

  it('are refused with fields of the beta, and with references to nothing', async () => {
    const client = await PlainClient.phone(double.url);
    client.send({ ...create, response: { modalities: ['audio'] } });
    expect(await client.next('error')).toMatchObject({
      error: { code: 'unknown_parameter', param: 'response.modalities' },
    });
    client.send({ ...create, response: { input: [{ type: 'item_reference', id: 'item_x' }] } });
    expect(await client.next('error')).toMatchObject({ error: { code: 'item_not_found' } });
  });

  it('can be begun by the test itself', async () => {
    const client = await PlainClient.phone(double.url);
    const session = await double.nextSession();
    const id = session.speak('By the way', 100);
    expect(responseOf(await client.next('response.done')).id).toBe(id);
    expect(session.items).toMatchObject([{ text: 'By the way', audioMs: 100 }]);
  });

  it('change the voice no more once it was heard', async () => {
    const client = await PlainClient.phone(double.url);
    client.send(create);
    await client.next('response.done');
    client.update({ audio: { output: { voice: 'cedar' } } });
    expect(await client.next('error')).toMatchObject({ error: { code: 'cannot_update_voice' } });
  });

  it('put rate limits where they are told, hide what is unknown, and obfuscate', async () => {
    Object.assign(double.switches, { rateLimitsPosition: 'after-created', unknownEvents: true, obfuscation: true });
    const client = await PlainClient.phone(double.url);
    client.send(create);
    await client.next('response.done');
    const { types } = client;
    expect(types.indexOf('rate_limits.updated')).toBeLessThan(types.indexOf('response.output_item.added'));
    expect(types).toContain('response.double.unknown');
    expect(client.log.events.find(({ type }) => type === 'response.output_audio.delta')).toMatchObject({
      obfuscation: expect.any(String) as string,
      x_double: expect.anything() as unknown,
    });
  });
});

describe('what can go wrong on the way from the Realtime double', () => {
  let double: RealtimeDouble;
  beforeEach(async () => {
    double = await RealtimeDouble.start({
      switches: { responseDelayMs: 0, deliveryRatio: Infinity, rateLimitsDelayMs: 0 },
    });
  });
  afterEach(() => double.close());

  it('drops the connection in the middle of a response', async () => {
    double.faults.arm('drop', { type: 'response.output_audio.delta', nth: 3 });
    const client = await PlainClient.phone(double.url);
    const session = await double.nextSession();
    client.send({ type: 'response.create' });
    expect((await client.closed).code).toBe(1006);
    expect((await session.closed).code).toBe(1006);
    expect(session.serverEvents.filter(({ type }) => type === 'response.output_audio.delta')).toHaveLength(2);
  });

  it('drops, expires and stalls sessions now', async () => {
    const [dropped, expired, stalled] = [
      await PlainClient.phone(double.url),
      await PlainClient.phone(double.url),
      await PlainClient.phone(double.url),
    ];
    const [first, second, third] = double.sessions;
    first?.drop();
    second?.expire();
    third?.stall();
    expect((await dropped.closed).code).toBe(1006);
    expect((await expired.closed).code).toBe(1001);
    stalled.update({ instructions: 'Anyone there?' });
    await third?.waitForClientEvent('session.update', ({ session }) => 'instructions' in (session as object));
    stalled.socket.ping();
    await new Promise((resolve) => stalled.socket.once('pong', resolve));
    expect(stalled.types).toEqual(['session.created', 'session.updated']);
    third?.resume();
    stalled.update({ instructions: 'Welcome back' });
    expect(
      await stalled.next('session.updated', ({ session }) => JSON.stringify(session).includes('back')),
    ).toBeDefined();
  });

  it('stalls from a certain event on', async () => {
    double.faults.arm('stall', { type: 'response.output_audio.delta', nth: 2 });
    const client = await PlainClient.phone(double.url);
    client.send({ type: 'response.create' });
    await client.next('response.output_audio.delta');
    client.socket.ping();
    await new Promise((resolve) => client.socket.once('pong', resolve));
    expect(client.types).not.toContain('response.done');
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });

  it('sends an event late, twice or not at all', async () => {
    double.faults.arm('late', { type: 'response.created', ms: 30 });
    double.faults.arm('duplicate', { type: 'response.output_item.done' });
    double.faults.arm('omit', { type: 'response.output_audio.done' });
    const client = await PlainClient.phone(double.url);
    client.send({ type: 'response.create' });
    await client.next('response.created');
    const { types } = client;
    expect(types.indexOf('response.created')).toBeGreaterThan(types.indexOf('response.done'));
    expect(types).not.toContain('response.output_audio.done');
    const twice = client.log.events.filter(({ type }) => type === 'response.output_item.done');
    expect(twice).toHaveLength(2);
    expect(twice[0]?.['event_id']).toBe(twice[1]?.['event_id']);
  });

  it('sends an error that ends nothing', async () => {
    const client = await PlainClient.phone(double.url);
    const session = await double.nextSession();
    session.sendError({ message: 'The server had an error while processing your request.' });
    expect(await client.next('error')).toMatchObject({ error: { type: 'server_error', code: null } });
    client.update({});
    await client.next('session.updated');
  });

  it('stops reading, so that the client cannot get rid of its audio, and still closes', async () => {
    const client = await PlainClient.phone(double.url);
    double.faults.stopReadingNow();
    const frame = JSON.stringify({
      type: 'input_audio_buffer.append',
      audio: Buffer.alloc(600_000).toString('base64'),
    });
    for (let i = 0; i < 40; i++) client.socket.send(frame);
    client.update({ instructions: 'later' });
    expect(client.socket.bufferedAmount).toBeGreaterThan(1_000_000);
    const [session] = double.sessions;
    expect(session?.appendCount).toBe(0);
    session?.resumeReading();
    await client.next('session.updated', ({ session }) => JSON.stringify(session).includes('later'));
    expect(session?.appendCount).toBe(40);
    double.faults.stopReadingNow();
    for (let i = 0; i < 40; i++) client.socket.send(frame);
    await double.close();
    expect((await client.closed).code).toBe(1006);
  });

  it('carries a hundred sessions at once', async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, () => PlainClient.phone(double.url)));
    const done = clients.map((client) => client.next('response.done'));
    for (const client of clients) client.send({ type: 'response.create' });
    await Promise.all(done);
    expect(new Set(double.sessions.map(({ id }) => id)).size).toBe(100);
    double.faults.dropNow();
    const closes = await Promise.all(clients.map(({ closed }) => closed));
    expect(new Set(closes.map(({ code }) => code))).toEqual(new Set([1006]));
  });
});
