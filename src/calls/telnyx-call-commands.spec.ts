import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { PinoLogger } from 'nestjs-pino';
import { TelnyxDouble } from '../../simulator/telnyx/index.js';
import { FakeClock } from '../common/fake-clock.js';
import { type Config } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { Meters } from '../telemetry/metrics/meters.js';
import { CallTraces } from '../telemetry/trace/call-traces.js';
import { commandId } from './command-id.js';
import { TelnyxCallCommands } from './telnyx-call-commands.js';

const STREAM = { url: 'wss://gw.example.com/media-stream/token', clientState: 'eyJ2IjoxfQ==' };
const clock = new FakeClock();
const log = new PinoLogger({ pinoHttp: { enabled: false } });
const traces = new CallTraces();

function config(baseUrl: string, env: Record<string, string> = {}): Config {
  return loadConfig({
    OPENAI_API_KEY: 'sk-test',
    TELNYX_API_KEY: 'KEY-double',
    WEBHOOK_SIGNATURE: 'off',
    TELNYX_BASE_URL: baseUrl,
    TELNYX_COMMAND_TIMEOUT_MS: '2000',
    ...env,
  }).config;
}

describe('TelnyxCallCommands against the Telnyx double', () => {
  let telnyx: TelnyxDouble;
  let commands: TelnyxCallCommands;

  beforeEach(async () => {
    telnyx = await TelnyxDouble.start({ webhookUrl: undefined, switches: { webhookRetryDelaysMs: [] } });
    commands = new TelnyxCallCommands(config(telnyx.restUrl), clock, log, traces, new Meters());
  });
  afterEach(() => telnyx.close());

  function requests(action: string) {
    return telnyx.requests.filter((request) => request.action === action);
  }

  it('answers with the stream in one command, mu-law both ways', async () => {
    const { callControlId } = telnyx.placeCall();
    await expect(commands.answer(callControlId, STREAM)).resolves.toEqual({ ok: true });
    expect(requests('answer').map(({ body }) => body)).toEqual([
      {
        stream_url: STREAM.url,
        stream_track: 'inbound_track',
        stream_codec: 'PCMU',
        stream_bidirectional_mode: 'rtp',
        stream_bidirectional_codec: 'PCMU',
        stream_bidirectional_target_legs: 'self',
        send_silence_when_idle: true,
        client_state: STREAM.clientState,
        command_id: commandId(callControlId, 'answer'),
      },
    ]);
  });

  it('takes the silence and the legs from the settings', async () => {
    const env = { SEND_SILENCE_WHEN_IDLE: 'off', STREAM_TARGET_LEGS: 'opposite' };
    const { callControlId } = telnyx.placeCall();
    await new TelnyxCallCommands(config(telnyx.restUrl, env), clock, log, traces, new Meters()).answer(
      callControlId,
      STREAM,
    );
    expect(requests('answer')[0]?.body).toMatchObject({
      send_silence_when_idle: false,
      stream_bidirectional_target_legs: 'opposite',
    });
  });

  it('rejects a call as busy', async () => {
    const call = telnyx.placeCall();
    await expect(commands.rejectAsBusy(call.callControlId)).resolves.toEqual({ ok: true });
    expect(requests('reject')[0]?.body).toMatchObject({ cause: 'USER_BUSY' });
  });

  it('says that a call is gone when it has ended already', async () => {
    const call = telnyx.placeCall();
    call.end({ cause: 'originator_cancel', source: 'caller', sipCause: '487' });
    const gone = { ok: false, gone: true, code: '90018', status: 422 };
    await expect(commands.answer(call.callControlId, STREAM)).resolves.toEqual(gone);
    await expect(commands.hangUp(call.callControlId)).resolves.toEqual(gone);
    await expect(commands.speak(call.callControlId, 'Sorry.')).resolves.toEqual(gone);
    expect(telnyx.requests).toHaveLength(3);
  });

  it('names the code of any other refusal, and does not repeat the command', async () => {
    const { callControlId } = telnyx.placeCall();
    await expect(commands.speak(callControlId, 'Sorry.')).resolves.toEqual({
      ok: false,
      gone: false,
      code: '90034',
      status: 422,
    });
    expect(telnyx.requests).toHaveLength(1);
  });

  it('tries again after a 5xx and after a cut connection, under the same command id', async () => {
    const { callControlId } = telnyx.placeCall();
    const headers = { 'retry-after-ms': '1' };
    telnyx.faults.rest.next('answer', { kind: 'error', status: 500, code: '10007', headers });
    telnyx.faults.rest.next('answer', { kind: 'drop', effect: true });
    await expect(commands.answer(callControlId, STREAM)).resolves.toEqual({ ok: true });
    const ids = requests('answer').map(({ body }) => body['command_id']);
    expect(ids).toEqual(Array.from({ length: 3 }, () => commandId(callControlId, 'answer')));
  });

  it('gives up after three tries', async () => {
    const { callControlId } = telnyx.placeCall();
    telnyx.faults.rest.all('hangup', {
      kind: 'error',
      status: 503,
      code: '10008',
      headers: { 'retry-after-ms': '1' },
    });
    await expect(commands.hangUp(callControlId)).resolves.toEqual({
      ok: false,
      gone: false,
      code: '10008',
      status: 503,
    });
    expect(requests('hangup')).toHaveLength(3);
  });

  it('stops the stream first where Telnyx will not speak into it (90045)', async () => {
    const call = telnyx.placeCall();
    await commands.answer(call.callControlId, { ...STREAM, url: 'ws://127.0.0.1:9/media-stream' });
    await call.waitFor('answered');
    telnyx.faults.rest.next('speak', { kind: 'error', status: 422, code: '90045' });
    await expect(commands.speak(call.callControlId, 'Sorry.')).resolves.toEqual({ ok: true });
    const actions = telnyx.requests.map(({ action }) => action);
    expect(actions).toEqual(['answer', 'speak', 'streaming_stop', 'speak']);
    // Telnyx would swallow a second command with the id of the first.
    const [first, second] = requests('speak').map(({ body }) => body['command_id']);
    expect(first).not.toBe(second);
    expect(requests('speak')[1]?.body).toMatchObject({ payload: 'Sorry.' });
  });

  it('replaces a stream that Telnyx still takes for alive (90045)', async () => {
    const call = telnyx.placeCall();
    await commands.answer(call.callControlId, { ...STREAM, url: 'ws://127.0.0.1:9/media-stream' });
    await call.waitFor('answered');
    telnyx.faults.rest.next('streaming_start', { kind: 'error', status: 422, code: '90045' });
    await expect(commands.startStream(call.callControlId, STREAM, 2)).resolves.toEqual({ ok: true });
    const actions = telnyx.requests.map(({ action }) => action);
    expect(actions).toEqual(['answer', 'streaming_start', 'streaming_stop', 'streaming_start']);
    const [first, second] = requests('streaming_start').map(({ body }) => body['command_id']);
    expect(first).toBe(commandId(call.callControlId, 'streaming_start', '2'));
    expect(second).not.toBe(first);
  });

  it('tells streams apart by their attempt', async () => {
    const call = telnyx.placeCall();
    await commands.answer(call.callControlId, { ...STREAM, url: 'ws://127.0.0.1:9/media-stream' });
    await call.waitFor('answered');
    for (const attempt of [1, 2]) await commands.startStream(call.callControlId, STREAM, attempt);
    const bodies = requests('streaming_start').map(({ body }) => body);
    expect(bodies[0]).toMatchObject({ stream_url: STREAM.url, stream_bidirectional_sampling_rate: 8000 });
    expect(bodies[0]).not.toHaveProperty('send_silence_when_idle');
    expect(new Set(bodies.map((body) => body['command_id'])).size).toBe(bodies.length);
  });

  it('answers without a stream', async () => {
    const { callControlId } = telnyx.placeCall();
    await expect(commands.answer(callControlId)).resolves.toEqual({ ok: true });
    expect(requests('answer').map(({ body }) => body)).toEqual([{ command_id: commandId(callControlId, 'answer') }]);
  });

  async function answered() {
    const call = telnyx.placeCall();
    await commands.answer(call.callControlId, { ...STREAM, url: 'ws://127.0.0.1:9/media-stream' });
    await call.waitFor('answered');
    return call;
  }

  it('transfers to whom it is told, with a state for the second leg, for as long as it may ring', async () => {
    const settings = config(telnyx.restUrl, { TRANSFER_RING_S: '25', TRANSFER_FROM: '+15550100003' });
    const call = await answered();
    const request = { to: '+15550100009', clientState: 'eyJ2IjoxfQ==', transfer: 1 };
    const transferring = new TelnyxCallCommands(settings, clock, log, traces, new Meters());
    await expect(transferring.transfer(call.callControlId, request)).resolves.toEqual({ ok: true });
    await commands.transfer(call.callControlId, { ...request, transfer: 2 });
    const [first, second] = requests('transfer').map(({ body }) => body);
    expect(first).toEqual({
      to: '+15550100009',
      from: '+15550100003',
      timeout_secs: 25,
      target_leg_client_state: 'eyJ2IjoxfQ==',
      command_id: commandId(call.callControlId, 'transfer', '1'),
    });
    expect(second).not.toHaveProperty('from');
    expect(second?.['command_id']).not.toBe(first?.['command_id']);
  });

  it('transfers again under another id when the stream that was stopped is still there (90045)', async () => {
    const call = await answered();
    telnyx.faults.rest.next('transfer', { kind: 'error', status: 422, code: '90045' });
    const request = { to: '+15550100009', clientState: 'eyJ2IjoxfQ==', transfer: 1 };
    await expect(commands.transfer(call.callControlId, request)).resolves.toEqual({ ok: true });
    expect(new Set(requests('transfer').map(({ body }) => body['command_id'])).size).toBe(2);
  });

  it('presses keys, the same ones twice where that is meant', async () => {
    const call = await answered();
    for (const cause of ['1', '2']) await commands.sendKeys(call.callControlId, '12#', cause);
    await call.waitFor('digits', 5_000, 2);
    expect(call.digits).toEqual(['12#', '12#']);
  });

  it('speaks beside a stream without touching it', async () => {
    const call = await answered();
    for (const cause of ['1', '2']) {
      await expect(commands.sayBeside(call.callControlId, 'One moment.', cause)).resolves.toBe(true);
    }
    await call.waitFor('spoken', 5_000, 2);
    expect(requests('streaming_stop')).toEqual([]);
  });

  it('does not try that again for some minutes, in any call, where Telnyx refuses it (90045)', async () => {
    const call = await answered();
    telnyx.faults.rest.all('speak', { kind: 'error', status: 422, code: '90045' });
    await expect(commands.sayBeside(call.callControlId, 'One moment.', '1')).resolves.toBe(false);
    await expect(commands.sayBeside((await answered()).callControlId, 'One moment.', '1')).resolves.toBe(false);
    expect(requests('speak')).toHaveLength(1);
    telnyx.faults.clear();
    clock.advance(11 * 60_000);
    await expect(commands.sayBeside(call.callControlId, 'One moment.', '2')).resolves.toBe(true);
    expect(requests('streaming_stop')).toEqual([]);
  });

  it('does not say late beside a stream what could not be said at once', async () => {
    const call = await answered();
    telnyx.faults.rest.all('speak', { kind: 'error', status: 503, code: '10008' });
    await expect(commands.sayBeside(call.callControlId, 'One moment.', '1')).resolves.toBe(false);
    expect(requests('speak')).toHaveLength(1);
  });

  it('reports a key that is not taken', async () => {
    const wrong = new TelnyxCallCommands(
      config(telnyx.restUrl, { TELNYX_API_KEY: 'KEY-wrong' }),
      clock,
      log,
      traces,
      new Meters(),
    );
    const { callControlId } = telnyx.placeCall();
    await expect(wrong.answer(callControlId, STREAM)).resolves.toMatchObject({ ok: false, gone: false, status: 401 });
  });

  it('uses a rotated key from the next command on', async () => {
    const rotated = config(telnyx.restUrl, { TELNYX_API_KEY: 'KEY-old' });
    const rotating = new TelnyxCallCommands(rotated, clock, log, traces, new Meters());
    const { callControlId } = telnyx.placeCall();
    await expect(rotating.answer(callControlId, STREAM)).resolves.toMatchObject({ status: 401 });
    rotated.telnyx.apiKey.replace('KEY-double');
    await expect(rotating.answer(callControlId, STREAM)).resolves.toEqual({ ok: true });
  });
});

describe('TelnyxCallCommands with a REST API in trouble', () => {
  let server: Server;
  let baseUrl: string;
  let answers: ((request: IncomingMessage) => { status: number; body: string; type?: string } | undefined)[];
  let asked: number;

  beforeEach(async () => {
    answers = [];
    asked = 0;
    server = createServer((request, response) => {
      request.resume();
      const answer = answers[Math.min(asked++, answers.length - 1)]?.(request);
      if (!answer) return;
      response.writeHead(answer.status, { 'Content-Type': answer.type ?? 'application/json', 'retry-after-ms': '1' });
      response.end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('waits no longer than the time limit for each try', async () => {
    answers = [() => undefined];
    const impatient = new TelnyxCallCommands(
      config(baseUrl, { TELNYX_COMMAND_TIMEOUT_MS: '500' }),
      clock,
      log,
      traces,
      new Meters(),
    );
    await expect(impatient.hangUp('v3:x')).resolves.toMatchObject({ ok: false, gone: false, status: undefined });
    expect(asked).toBe(3);
  });

  it('says so when nobody listens', async () => {
    const nowhere = new TelnyxCallCommands(config('http://127.0.0.1:9/v2'), clock, log, traces, new Meters());
    await expect(nowhere.hangUp('v3:x')).resolves.toMatchObject({ ok: false, gone: false, status: undefined });
  });

  it.each([
    ['an HTML page', '<html>Bad Gateway</html>', 'text/html'],
    ['no errors', '{"errors":[]}', 'application/json'],
    ['something else', '{"error":"no"}', 'application/json'],
    ['broken JSON', '{"errors":[', 'application/json'],
  ])('copes with a refusal that carries %s', async (_case, body, type) => {
    answers = [() => ({ status: 422, body, type })];
    const outcome = await new TelnyxCallCommands(config(baseUrl), clock, log, traces, new Meters()).hangUp('v3:x');
    expect(outcome).toMatchObject({ ok: false, gone: false, status: 422, code: expect.any(String) as string });
  });

  it('takes the code as a number too', async () => {
    answers = [() => ({ status: 422, body: '{"errors":[{"code":90018}]}' })];
    await expect(
      new TelnyxCallCommands(config(baseUrl), clock, log, traces, new Meters()).hangUp('v3:x'),
    ).resolves.toMatchObject({
      gone: true,
    });
  });

  it('sends ids of calls so that they arrive whole', async () => {
    let path = '';
    answers = [
      (request) => {
        path = request.url ?? '';
        return { status: 200, body: '{"data":{"result":"ok"}}' };
      },
    ];
    await new TelnyxCallCommands(config(baseUrl), clock, log, traces, new Meters()).hangUp('v3:a/b?c#d=');
    const id = path.match(/^\/v2\/calls\/([^/]+)\/actions\/hangup$/)?.[1] ?? '';
    expect(decodeURIComponent(id)).toBe('v3:a/b?c#d=');
  });
});
