import { callEnded, connectCall, eventually, greetedCall, hangUp, requestOf, requestsFor } from './support/calls.js';
import { setStage, type Stage } from './support/gateway.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TOKEN = '[\\w-]+\\.[0-9a-f]{8}\\.[\\w-]+';

describe('the answer to a call', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage({ env: { WARM_SESSIONS: '0', TELNYX_COMMAND_TIMEOUT_MS: '500' } });
  });
  afterAll(() => stage.close());
  afterEach(async () => {
    stage.telnyx.faults.clear();
    for (const call of stage.telnyx.calls) if (call.state !== 'ended') call.hangUp();
    await stage.gateway.waitForStatus(({ heldCalls }) => heldCalls === 0);
  });

  it('asks in one command for a mu-law stream both ways, to an address that only this call may use', async () => {
    const { telnyx, gateway } = stage;
    const call = telnyx.placeCall();
    await call.waitFor('stream-started');
    const [answer] = requestsFor(stage, call);
    expect(answer?.action).toBe('answer');
    expect(answer?.body).toEqual({
      stream_url: expect.stringMatching(`^wss://127\\.0\\.0\\.1:${gateway.port}/media-stream/${TOKEN}$`) as string,
      stream_track: 'inbound_track',
      stream_codec: 'PCMU',
      stream_bidirectional_mode: 'rtp',
      stream_bidirectional_codec: 'PCMU',
      stream_bidirectional_target_legs: 'self',
      send_silence_when_idle: true,
      client_state: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/) as string,
      command_id: expect.stringMatching(UUID) as string,
    });

    const other = telnyx.placeCall();
    await other.waitFor('stream-started');
    const [second] = requestsFor(stage, other);
    expect(second?.body['stream_url']).not.toBe(answer?.body['stream_url']);
    expect(second?.body['command_id']).not.toBe(answer?.body['command_id']);
  });

  it('takes the address of the stream from the signed body, never from a header', async () => {
    const { telnyx } = stage;
    telnyx.faults.webhooks.next('call.initiated', { kind: 'drop' });
    const call = telnyx.placeCall();
    await telnyx.sendWebhook(
      'call.initiated',
      { call_control_id: call.callControlId, direction: 'incoming' },
      {
        meta: { delivered_to: 'http://voice.example.com:8443/webhooks/' },
        headers: { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'http' },
      },
    );
    const { body } = await requestOf(stage, call, 'answer');
    // Always wss, also where the webhook itself came without TLS.
    expect(body['stream_url']).toMatch(new RegExp(`^wss://voice\\.example\\.com:8443/media-stream/${TOKEN}$`));
  });

  it.each([
    ['no meta', null],
    ['no address', { delivered_to: null }],
    ['no URL', { delivered_to: 'voice.example.com' }],
    ['a URL of another kind', { delivered_to: 'ftp://voice.example.com/webhooks' }],
  ])('rejects a call whose webhook has %s to make a stream address from, and names PUBLIC_URL', async (_, meta) => {
    const { telnyx, gateway } = stage;
    telnyx.faults.webhooks.next('call.initiated', { kind: 'drop' });
    const call = telnyx.placeCall();
    await telnyx.sendWebhook(
      'call.initiated',
      { call_control_id: call.callControlId, direction: 'incoming' },
      { meta },
    );
    await call.waitFor('rejected');
    expect(requestsFor(stage, call).map(({ action, body }) => [action, body['cause']])).toEqual([
      ['reject', 'USER_BUSY'],
    ]);
    await gateway.waitForLine(({ msg, callId }) => callId === call.callControlId && msg.includes('PUBLIC_URL'));
  });

  it('does not keep the webhook waiting for Telnyx', async () => {
    const { telnyx } = stage;
    telnyx.faults.rest.next('answer', { kind: 'timeout', effect: false }, 3);
    const call = telnyx.placeCall();
    const request = await requestOf(stage, call, 'answer');
    const delivery = await eventually(
      () => telnyx.webhooks.find(({ callControlId }) => callControlId === call.callControlId),
      'the end of the delivery',
    );
    expect(delivery).toMatchObject({ status: 200, attempt: 1 });
    expect(request.status).toBeUndefined();
  });

  it.each([
    ['errors of the server', { kind: 'error', status: 503, code: '10007' }],
    ['broken connections', { kind: 'drop', effect: false }],
    ['answers that never come', { kind: 'timeout', effect: false }],
    ['answers that get lost after the command was carried out', { kind: 'timeout', effect: true }],
  ] as const)('is tried again under the same id after %s', async (_, fault) => {
    const { telnyx } = stage;
    telnyx.faults.rest.next('answer', fault, 2);
    const call = telnyx.placeCall();
    await call.waitFor('heard-audio');
    const third = await requestOf(stage, call, 'answer', 3);
    expect(new Set(requestsFor(stage, call, 'answer').map(({ body }) => body['command_id'])).size).toBe(1);
    // Telnyx has swallowed what it had carried out already.
    await eventually(() => third.status, 'the reply to the third try');
    expect(third.status).toBe(200);
    expect(call.state).toBe('answered');
  });

  it('gives a call up when Telnyx cannot be asked at all, and hangs up in case it was answered', async () => {
    const { telnyx, gateway } = stage;
    telnyx.faults.rest.next('answer', { kind: 'error', status: 500, code: '10007' }, 3);
    const call = telnyx.placeCall();
    await requestOf(stage, call, 'hangup');
    await call.waitFor('ended');
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'answer-failed' });
    expect(gateway.alive).toBe(true);
  });

  it('takes it as a normal end when the caller has hung up before it', async () => {
    const { telnyx, gateway } = stage;
    telnyx.faults.webhooks.next('call.hangup', { kind: 'drop' });
    telnyx.faults.rest.next('answer', { kind: 'delay', delayMs: 100 });
    const call = telnyx.placeCall();
    await requestOf(stage, call, 'answer');
    call.hangUp();
    expect(await callEnded(stage, call)).toMatchObject({ endReason: 'caller-hung-up' });
    expect(requestsFor(stage, call).map(({ action, status }) => [action, status])).toEqual([['answer', 422]]);
    const complaints = gateway.lines.filter(({ callId, level }) => callId === call.callControlId && level >= 40);
    expect(complaints).toEqual([]);
  });
});

describe('the answer to a call, by its settings', () => {
  it('carries the public URL with its path, the legs and the silence as configured', async () => {
    const stage = await setStage({
      env: {
        PUBLIC_URL: 'https://voice.example.com/parley/',
        STREAM_TARGET_LEGS: 'both',
        SEND_SILENCE_WHEN_IDLE: 'off',
      },
    });
    try {
      // The ingress at that address takes the path away; here, the double dials the gateway without it.
      const call = stage.telnyx.placeCall();
      const { body } = await requestOf(stage, call, 'answer');
      expect(body).toMatchObject({
        stream_url: expect.stringMatching(`^wss://voice\\.example\\.com/parley/media-stream/${TOKEN}$`) as string,
        stream_bidirectional_target_legs: 'both',
        send_silence_when_idle: false,
      });
    } finally {
      await stage.close();
    }
  });
});

describe('a pod that is full', () => {
  it('rejects the next caller as busy before answering, stays ready, and takes calls again when one has ended', async () => {
    const stage = await setStage({ env: { MAX_CALLS: '2' } });
    const { telnyx, gateway } = stage;
    try {
      const calls = [telnyx.placeCall(), telnyx.placeCall()] as const;
      await Promise.all(calls.map((call) => call.waitFor('stream-started')));
      const third = telnyx.placeCall();
      await third.waitFor('rejected');
      expect(requestsFor(stage, third).map(({ action, body }) => [action, body['cause']])).toEqual([
        ['reject', 'USER_BUSY'],
      ]);
      expect((await gateway.request('/readyz', { management: true })).status).toBe(200);
      expect((await gateway.status()).counters['callsRejected']).toBe(1);

      // A call that is carried already may still have its socket anew.
      calls[0].dropMediaSocket('abrupt', 'redial', 10);
      await calls[0].waitFor('stream-started', 5_000, 2);

      await hangUp(stage, calls[1]);
      await telnyx.placeCall().waitFor('stream-started');
    } finally {
      await stage.close();
    }
  });
});

describe('health', () => {
  it('is ready and alive while it runs, and has no other paths', async () => {
    const stage = await setStage();
    try {
      const statuses = await Promise.all(
        ['/livez', '/readyz', '/nothing'].map(async (path) => stage.gateway.request(path, { management: true })),
      );
      expect(statuses.map(({ status }) => status)).toEqual([200, 200, 404]);
      // Not for the public: the ingress leads there.
      expect((await stage.gateway.request('/readyz')).status).toBe(404);
      expect((await stage.gateway.request('/status')).status).toBe(404);
    } finally {
      await stage.close();
    }
  });

  it('after SIGTERM takes no new call, carries on those it has, and leaves when the last one is over', async () => {
    const stage = await setStage({ realtime: { script: { replies: [{ text: 'Hello', durationMs: 500 }] } } });
    const { telnyx, gateway } = stage;
    try {
      const { call, session } = await greetedCall(stage);
      gateway.process.kill('SIGTERM');
      await gateway.waitForStatus(({ draining }) => draining);
      expect((await gateway.request('/readyz', { management: true })).status).toBe(503);
      expect((await gateway.request('/livez', { management: true })).status).toBe(200);

      telnyx.switches.webhookRetryDelaysMs = [];
      telnyx.placeCall();
      // 503 has Telnyx deliver it again, to a pod that stays.
      expect(await telnyx.waitForWebhook('call.initiated', 5_000, 2)).toMatchObject({ status: 503 });

      const heardBefore = call.heard.playedBytes;
      session.speak('Still here', 400);
      await eventually(() => (call.heard.playedBytes >= heardBefore + 3_200 ? true : undefined), 'the assistant');
      // The socket of a call that is carried may still come anew.
      call.dropMediaSocket('abrupt', 'redial', 10);
      await call.waitFor('stream-started', 5_000, 2);

      const exit = new Promise((resolve) => gateway.process.on('exit', resolve));
      call.hangUp();
      expect(await exit).toBe(0);
    } finally {
      await stage.close();
    }
  });
});

describe('a gateway that is told to stop', () => {
  const env = { SENTENCE_SORRY: 'Goodbye.' };
  const talking = async (): Promise<Stage> => {
    const stage = await setStage({ env, telnyx: { switches: { speakMsPerCharacter: 20 } } });
    await greetedCall(stage);
    return stage;
  };

  it('by Ctrl-C tells its callers, hangs up, and leaves', async () => {
    const stage = await talking();
    try {
      const exit = new Promise((resolve) => stage.gateway.process.on('exit', resolve));
      stage.gateway.process.kill('SIGINT');
      expect(await exit).toBe(0);
      const [call] = stage.telnyx.calls;
      expect(call?.heard.spoken.map(({ text, status }) => [text, status])).toEqual([['Goodbye.', 'completed']]);
      expect(call?.state).toBe('ended');
    } finally {
      await stage.close();
    }
  });

  it('twice, hangs up at once', async () => {
    const stage = await talking();
    try {
      const exit = new Promise((resolve) => stage.gateway.process.on('exit', resolve));
      stage.gateway.process.kill('SIGTERM');
      await stage.gateway.waitForStatus(({ draining }) => draining);
      stage.gateway.process.kill('SIGTERM');
      await exit;
      const [call] = stage.telnyx.calls;
      expect(requestsFor(stage, call ?? { callControlId: '' }).map(({ action }) => action)).toEqual([
        'answer',
        'hangup',
      ]);
      expect(call?.state).toBe('ended');
    } finally {
      await stage.close();
    }
  });
});

describe('what the gateway writes', () => {
  it('never holds a key, a token or a phone number, whatever goes wrong', async () => {
    const stage = await setStage({
      env: {
        LOG_LEVEL: 'trace',
        OPENAI_API_KEY: 'sk-very-secret-openai',
        STREAM_TOKEN_SECRET: 'very-secret-token-secret',
        WARM_SESSIONS: '0',
        STREAM_REDIAL_WAIT_MS: '100',
      },
      telnyx: { apiKey: 'KEYvery-secret-telnyx', switches: { speakMsPerCharacter: 1 } },
      realtime: { apiKey: 'sk-very-secret-openai', script: { hears: ['my card number is 4111'] } },
    });
    const { telnyx, gateway, realtime } = stage;
    try {
      const { call, session } = await connectCall(stage, { from: '+15550177771', to: '+15550188881' });
      call.sendRaw('{"event":"media","media":{"payload":"%%%"}}');
      call.sendRaw('nonsense with +15550177771');
      call.pressKey('5');
      session.sendError({ message: 'Incorrect API key provided: sk-very-secret-openai' });
      telnyx.faults.rest.next('streaming_start', { kind: 'error', status: 401, code: '10009' }, 2);
      call.dropMediaSocket('abrupt', 'webhook');
      await requestOf(stage, call, 'streaming_start');
      await telnyx.sendWebhook('call.initiated', { from: '+15550177771' }, { signature: 'bad', retryDelaysMs: [] });
      await telnyx.sendWebhook('call.hangup', {}, { rawBody: '{"from":"+15550177771"', retryDelaysMs: [] });
      realtime.faults.arm('failAuth', {}, 100);
      session.drop();
      expect(await callEnded(stage, call, 15_000)).toBeDefined();
      const url = String(requestsFor(stage, call, 'answer')[0]?.body['stream_url']);
      const token = url.slice(url.lastIndexOf('/') + 1);
      expect(token.length).toBeGreaterThan(40);
      const secrets = [
        'very-secret',
        token,
        token.split('.')[1] ?? token,
        telnyx.publicKey,
        '55501777',
        '55501888',
        '4111',
      ];
      expect(secrets.filter((secret) => gateway.output.includes(secret))).toEqual([]);
    } finally {
      await stage.close();
    }
  });
});
