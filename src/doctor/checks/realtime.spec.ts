import { type AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Config, Secret } from '../../config/config.js';
import { loadConfig } from '../../config/load-config.js';
import { probeRealtime, type RealtimeOutcome, sessionRequest, sessionUpdate } from '../realtime-probe.js';
import { judgeRealtime } from './realtime.js';

const config: Config = loadConfig({
  OPENAI_API_KEY: 'sk-test',
  TELNYX_API_KEY: 'KEY-test',
  WEBHOOK_SIGNATURE: 'off',
  TRANSCRIPTION_LANGUAGES: 'en,de',
}).config;

const pcmu = { input: { format: { type: 'audio/pcmu' } }, output: { format: { type: 'audio/pcmu' } } };

describe('the verdict on a realtime session', () => {
  it('is good only when both formats were echoed', () => {
    const ready = { kind: 'ready', inputFormat: 'audio/pcmu', outputFormat: 'audio/pcmu', tookMs: 900 } as const;
    expect(judgeRealtime(ready, config)).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('gpt-realtime-2.1') as string,
    });
    expect(judgeRealtime({ ...ready, outputFormat: 'audio/pcm' }, config)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('static') as string,
    });
  });

  const cases: [string, RealtimeOutcome, RegExp, RegExp][] = [
    [
      'a wrong key',
      { kind: 'error', code: 'invalid_api_key', message: 'Incorrect: sk-te**', param: null, at: 'created' },
      /refuses the API key/,
      /OPENAI_API_KEY/,
    ],
    [
      'a wrong key, told by the close alone',
      { kind: 'closed', code: 3000, reason: 'invalid_request_error.invalid_api_key', at: 'created' },
      /refuses the API key/,
      /OPENAI_API_KEY/,
    ],
    [
      'a wrong model',
      { kind: 'closed', code: 4000, reason: 'invalid_request_error.invalid_model', at: 'created' },
      /no realtime model/,
      /OPENAI_REALTIME_MODEL/,
    ],
    [
      'a model of others',
      { kind: 'error', code: 'model_not_found', message: '', param: null, at: 'created' },
      /may not use/,
      /project/,
    ],
    [
      'a proxy that speaks beta',
      { kind: 'closed', code: 4000, reason: 'invalid_request_error.beta_api_shape_disabled', at: 'created' },
      /beta/,
      /proxies/,
    ],
    [
      'no credit',
      { kind: 'error', code: 'insufficient_quota', message: '', param: null, at: 'updated' },
      /no credit/,
      /Billing/,
    ],
    [
      'a refused voice',
      { kind: 'error', code: 'invalid_value', message: 'Bad', param: 'session.audio.output.voice', at: 'updated' },
      /invalid_value: session.audio.output.voice: Bad/,
      /VOICE/,
    ],
    [
      'a refused transcription',
      { kind: 'error', code: null, message: 'Bad', param: 'session.audio.input.transcription.model', at: 'updated' },
      /Bad/,
      /TRANSCRIPTION_MODEL/,
    ],
    [
      'a lost socket',
      { kind: 'closed', code: 1011, reason: '', at: 'updated' },
      /closed with 1011/,
      /status\.openai\.com/,
    ],
    [
      'no such host',
      { kind: 'network', error: Object.assign(new Error(), { code: 'ENOTFOUND' }) },
      /DNS/,
      /OPENAI_REALTIME_URL/,
    ],
    ['a silent network', { kind: 'timeout', at: 'connect' }, /no connection/, /firewalls/],
    ['a silent server', { kind: 'timeout', at: 'updated' }, /session\.updated did not come/, /timeout/],
    ['HTTP 401', { kind: 'http', status: 401 }, /key is refused/, /OPENAI_API_KEY/],
    ['HTTP 403', { kind: 'http', status: 403 }, /403/, /networks/],
    ['HTTP 404', { kind: 'http', status: 404 }, /404/, /OPENAI_REALTIME_URL/],
    ['HTTP 429', { kind: 'http', status: 429 }, /too many/, /wait/],
    ['HTTP 500', { kind: 'http', status: 500 }, /500/, /status\.openai\.com/],
  ];
  it.each(cases)('explains %s', (_, outcome, detail, fix) => {
    const result = judgeRealtime(outcome, config);
    expect(result).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(detail) as string,
      fix: expect.stringMatching(fix) as string,
    });
    expect(JSON.stringify(result)).not.toContain('sk-te');
  });
});

describe('sessionRequest', () => {
  it('asks for the model with a bearer token, and never for the beta', () => {
    const { url, headers } = sessionRequest(config);
    expect(url.href).toBe('wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1');
    expect(headers).toEqual({ Authorization: 'Bearer sk-test' });
  });

  it('uses Azure’s header, and names organization and project when they are given', () => {
    const openai = {
      ...config.openai,
      authHeader: 'api-key' as const,
      apiKey: new Secret('az'),
      organization: 'org',
      project: 'proj',
    };
    expect(sessionRequest({ openai }).headers).toEqual({
      'api-key': 'az',
      'OpenAI-Organization': 'org',
      'OpenAI-Project': 'proj',
    });
  });
});

describe('sessionUpdate', () => {
  it('sets everything explicitly, and leaves out what is not configured', () => {
    expect(sessionUpdate(config)).toMatchObject({
      type: 'session.update',
      session: {
        type: 'realtime',
        audio: {
          input: {
            format: { type: 'audio/pcmu' },
            noise_reduction: null,
            transcription: { model: 'gpt-transcribe', languages: ['en', 'de'] },
            turn_detection: { type: 'server_vad', threshold: 0.5, silence_duration_ms: 500 },
          },
          output: { voice: 'marin', speed: 1 },
        },
        max_output_tokens: 4096,
      },
    });
    expect(JSON.stringify(sessionUpdate(config))).not.toContain('reasoning');
    const custom = { ...config, assistant: { ...config.assistant, voice: 'voice_1' } };
    expect(sessionUpdate(custom)).toMatchObject({ session: { audio: { output: { voice: { id: 'voice_1' } } } } });
  });
});

describe('probeRealtime', () => {
  let server: WebSocketServer;
  let gone: Promise<number>;

  /** A server that runs `script` for its one client. */
  async function probe(script: (socket: WebSocket) => void, timeoutMs = 5000): Promise<RealtimeOutcome> {
    server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    gone = new Promise((resolve) => {
      server.on('connection', (socket) => {
        socket.on('error', () => undefined);
        socket.on('close', resolve);
        script(socket);
      });
    });
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    return probeRealtime(
      { ...config, openai: { ...config.openai, url: `ws://127.0.0.1:${port}/v1/realtime` } },
      timeoutMs,
    );
  }

  afterEach(async () => {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  });

  it('sets a session up, reads the formats back, and closes politely', async () => {
    const outcome = await probe((socket) => {
      socket.send('not json');
      socket.send('{"type":"conversation.created"}');
      socket.send('{"type":"session.created","session":{}}');
      socket.on('message', (data: Buffer) => {
        expect(JSON.parse(data.toString())).toMatchObject({ type: 'session.update', session: { type: 'realtime' } });
        socket.send(JSON.stringify({ type: 'session.updated', session: { audio: pcmu } }));
      });
    });
    expect(outcome).toMatchObject({ kind: 'ready', inputFormat: 'audio/pcmu', outputFormat: 'audio/pcmu' });
    expect(await gone).toBe(1000);
  });

  it('takes the error event before the close as the cause', async () => {
    const outcome = await probe((socket) => {
      socket.send(
        JSON.stringify({
          type: 'error',
          error: { type: 'invalid_request_error', code: 'invalid_api_key', message: 'no', param: null },
        }),
      );
      socket.close(3000, 'invalid_request_error.invalid_api_key');
    });
    expect(outcome).toEqual({ kind: 'error', code: 'invalid_api_key', message: 'no', param: null, at: 'created' });
  });

  it('reports a close, a lost socket and silence', async () => {
    expect(await probe((socket) => socket.close(4000, 'x.invalid_model'))).toMatchObject({
      kind: 'closed',
      code: 4000,
      reason: 'x.invalid_model',
    });
    await new Promise((resolve) => server.close(resolve));
    expect(await probe((socket) => socket.terminate())).toMatchObject({ kind: 'closed', code: 1006 });
    await new Promise((resolve) => server.close(resolve));
    expect(await probe(() => undefined, 100)).toEqual({ kind: 'timeout', at: 'created' });
  });

  it('reports an upgrade that was refused, and a port where nothing listens', async () => {
    server = new WebSocketServer({ host: '127.0.0.1', port: 0, verifyClient: (_info, done) => done(false, 429) });
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/realtime`;
    const target = { ...config, openai: { ...config.openai, url } };
    expect(await probeRealtime(target, 5000)).toEqual({ kind: 'http', status: 429 });
    await new Promise((resolve) => server.close(resolve));
    expect(await probeRealtime(target, 5000)).toMatchObject({ kind: 'network', error: { code: 'ECONNREFUSED' } });
  });
});
