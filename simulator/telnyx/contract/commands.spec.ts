import Telnyx from 'telnyx';
import { StubApp } from '../stub-app.js';
import { type SimulatedCall } from '../simulated-call.js';
import { TelnyxDouble } from '../telnyx-double.js';

/** The commands as Parley would send them; the types are the SDK's. */
const ANSWER = {
  stream_url: '',
  stream_track: 'inbound_track',
  stream_codec: 'PCMU',
  stream_bidirectional_mode: 'rtp',
  stream_bidirectional_codec: 'PCMU',
  stream_bidirectional_target_legs: 'self',
  send_silence_when_idle: true,
  client_state: 'eyJ2IjoxfQ==',
} satisfies Telnyx.Calls.ActionAnswerParams;

const START_STREAMING = {
  stream_url: '',
  stream_track: 'inbound_track',
  stream_bidirectional_mode: 'rtp',
  stream_bidirectional_codec: 'PCMU',
  stream_bidirectional_sampling_rate: 8000,
  stream_bidirectional_target_legs: 'self',
  stream_auth_token: 'a-token',
  custom_parameters: [{ name: 'tenant', value: 'acme' }],
} satisfies Telnyx.Calls.ActionStartStreamingParams;

describe('the telnyx SDK against the double', () => {
  let app: StubApp;
  let double: TelnyxDouble;
  let client: Telnyx;

  beforeEach(async () => {
    app = await StubApp.start();
    double = await TelnyxDouble.start({
      webhookUrl: app.webhookUrl,
      switches: { webhookRetryDelaysMs: [], speakMsPerCharacter: 1, playbackMs: 5, dialRingMs: 5 },
    });
    client = new Telnyx({ apiKey: double.apiKey, baseURL: double.restUrl, timeout: 5000 });
  });

  afterEach(async () => {
    await double.close();
    await app.close();
  });

  async function answered(): Promise<SimulatedCall> {
    const call = double.placeCall();
    const reply = await client.calls.actions.answer(call.callControlId, { ...ANSWER, stream_url: app.streamUrl });
    expect(reply).toEqual({ data: { result: 'ok' } });
    await call.waitFor('stream-started');
    return call;
  }

  /** The error of a command that must fail. */
  async function failure(command: Promise<unknown>): Promise<InstanceType<typeof Telnyx.APIError>> {
    const error: unknown = await command.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof Telnyx.APIError)) throw new Error(`expected an APIError, not ${String(error)}`);
    return error;
  }

  const codeOf = (error: InstanceType<typeof Telnyx.APIError>): unknown =>
    (error.error as { errors: { code: unknown }[] }).errors[0]?.code;

  it('answers a call with its stream, and hangs it up', async () => {
    const call = await answered();
    expect(call.clientState).toBe(ANSWER.client_state);
    await client.calls.actions.hangup(call.callControlId, {});
    await call.waitFor('ended');
    expect(double.requests.map(({ action, callControlId, status }) => [action, callControlId, status])).toEqual([
      ['answer', call.callControlId, 200],
      ['hangup', call.callControlId, 200],
    ]);
  });

  it('takes ids with and without "=" at their end', async () => {
    const ids = [double.placeCall(), double.placeCall()].map((call) => call.callControlId);
    expect(ids.map((id) => id.endsWith('=')).sort()).toEqual([false, true]);
    for (const id of ids) {
      await client.calls.actions.reject(id, { cause: 'CALL_REJECTED' });
      expect(double.find(id)?.callControlId).toBe(id);
    }
    expect(double.requests.map(({ callControlId }) => callControlId)).toEqual(ids);
  });

  it('starts and stops a stream with a token in the upgrade and in connected', async () => {
    const call = double.placeCall();
    await client.calls.actions.answer(call.callControlId, {});
    await call.waitFor('answered');
    await client.calls.actions.startStreaming(call.callControlId, { ...START_STREAMING, stream_url: app.streamUrl });
    const frame = await app.frame('start');
    expect(app.socket.headers['x-telnyx-streaming-auth-token']).toBe('a-token');
    expect(app.socket.frames[0]?.['connected']).toEqual({ 'x-telnyx-streaming-auth-token': 'a-token' });
    expect(frame['start']).toMatchObject({ custom_parameters: { tenant: 'acme' } });
    await client.calls.actions.stopStreaming(call.callControlId, {});
    await app.frame('stop');
    expect(call.state).toBe('answered');
  });

  it('does not repeat a token given on answer, whose schema has none', async () => {
    const call = double.placeCall();
    const body = { ...ANSWER, stream_url: app.streamUrl, stream_auth_token: 'a-token' };
    await client.calls.actions.answer(call.callControlId, body);
    await app.frame('start');
    expect(app.socket.headers['x-telnyx-streaming-auth-token']).toBeUndefined();
  });

  it('speaks, plays, sends keys, transfers, bridges and updates the client state', async () => {
    const call = await answered();
    const other = await answered();
    const { actions } = client.calls;
    const id = call.callControlId;
    await actions.speak(id, { payload: 'Goodbye.', voice: 'female' } satisfies Telnyx.Calls.ActionSpeakParams);
    await actions.startPlayback(id, { audio_url: 'https://example.com/a.wav' });
    await actions.stopPlayback(id, {});
    await actions.sendDtmf(id, { digits: '12#' } satisfies Telnyx.Calls.ActionSendDtmfParams);
    await actions.updateClientState(id, { client_state: 'Yg==' });
    await actions.bridge(id, { call_control_id_to_bridge_with: other.callControlId });
    await call.waitFor('bridged');
    expect(call.heard.spoken[0]?.text).toBe('Goodbye.');
    expect(call.digits).toEqual(['12#']);
    expect(call.clientState).toBe('Yg==');
    const third = await answered();
    await actions.transfer(third.callControlId, { to: '+15550100009' } satisfies Telnyx.Calls.ActionTransferParams);
    await third.waitFor('bridged');
  });

  it('dials: connected while it rings, start when it is answered', async () => {
    double.switches.dialOutcome = 'manual';
    const params = {
      connection_id: '2811212257810187875',
      from: '+15550100002',
      to: '+15550100003',
      stream_url: app.streamUrl,
      stream_bidirectional_mode: 'rtp',
      stream_bidirectional_target_legs: 'self',
    } satisfies Telnyx.CallDialParams;
    const { data } = await client.calls.dial(params);
    expect(data).toMatchObject({ is_alive: false, record_type: 'call' });
    const call = double.find(data?.call_control_id ?? '');
    await app.frame('connected');
    expect(app.socket.frames.length).toBe(1);
    call?.pickUp();
    await app.frame('start');
    const error = await failure(client.calls.actions.answer(data?.call_control_id ?? '', {}));
    expect(codeOf(error)).toBe('90102');
  });

  it('breaks the socket of a dialled call that nobody answers', async () => {
    double.switches.dialOutcome = 'busy';
    double.switches.dialRingMs = 100;
    const { data } = await client.calls.dial({
      connection_id: '2811212257810187875',
      from: '+15550100002',
      to: '+15550100003',
      stream_url: app.streamUrl,
    });
    await app.log.waitFor('close', 5000);
    expect(app.socket.closeCode).toBe(1006);
    expect(app.socket.frames.map(({ event }) => event)).toEqual(['connected']);
    expect(double.find(data?.call_control_id ?? '')?.hangup?.cause).toBe('user_busy');
  });

  it('can have another id in the webhooks than in the response to dial', async () => {
    double.switches.dialIdChanges = true;
    const { data } = await client.calls.dial({ connection_id: '1', from: '+15550100002', to: '+15550100003' });
    const initiated = await double.waitForWebhook('call.initiated');
    expect(initiated.callControlId).not.toBe(data?.call_control_id);
    const status = await client.calls.retrieveStatus(data?.call_control_id ?? '');
    expect(status.data?.call_leg_id).toBe(data?.call_leg_id);
  });

  it('reports whether a call is alive, and the active calls of a connection', async () => {
    const call = await answered();
    expect((await client.calls.retrieveStatus(call.callControlId)).data).toMatchObject({ is_alive: true });
    const active = [];
    for await (const item of client.connections.listActiveCalls(call.connectionId)) active.push(item.call_control_id);
    expect(active).toEqual([call.callControlId]);
    call.hangUp();
    expect((await client.calls.retrieveStatus(call.callControlId)).data).toMatchObject({ is_alive: false });
    expect((await client.connections.listActiveCalls(call.connectionId)).data).toEqual([]);
  });

  it.each([
    ['a command after the end', 422, '90018', (call: SimulatedCall) => (call.hangUp(), 'hangup'), {}],
    ['a stream before the answer', 422, '90034', () => 'streaming_start', { stream_url: 'wss://x.example/' }],
    ['a stop without a stream', 422, '90048', () => 'streaming_stop', {}],
    ['a client_state that is not base64', 422, '90017', () => 'answer', { client_state: 'not base64!' }],
    ['a codec in small letters', 422, '10032', () => 'answer', { stream_bidirectional_codec: 'pcmu' }],
    ['a stream_url that is no WebSocket', 422, '10015', () => 'answer', { stream_url: 'https://x.example/' }],
    ['a reject without cause', 422, '10004', () => 'reject', {}],
    ['an action that does not exist', 404, '10005', () => 'levitate', {}],
  ])('refuses %s with %i/%s', async (_, status, code, action, body) => {
    const call = double.placeCall();
    const name = action(call);
    const path = `/calls/${encodeURIComponent(call.callControlId)}/actions/${name}`;
    const error = await failure(client.post(path, { body }));
    expect([error.status, codeOf(error)]).toEqual([status, code]);
  });

  it('raises the SDK class that belongs to the status', async () => {
    const call = double.placeCall();
    call.hangUp();
    expect(await failure(client.calls.actions.hangup(call.callControlId, {}))).toBeInstanceOf(
      Telnyx.UnprocessableEntityError,
    );
    expect(codeOf(await failure(client.calls.actions.hangup('v3:unknown', {})))).toBe('90015');
    expect(await failure(client.calls.retrieveStatus('v3:unknown'))).toBeInstanceOf(Telnyx.NotFoundError);
    const stranger = new Telnyx({ apiKey: 'KEY-wrong', baseURL: double.restUrl, maxRetries: 0 });
    const refused = await failure(stranger.balance.retrieve());
    expect(refused).toBeInstanceOf(Telnyx.AuthenticationError);
    expect(codeOf(refused)).toBe('10009');
  });

  it('is tried again after 5xx, 429 and a cut connection, with the body unchanged', async () => {
    const call = double.placeCall();
    double.faults.rest.next('answer', {
      kind: 'error',
      status: 500,
      code: '10007',
      headers: { 'retry-after-ms': '1' },
    });
    double.faults.rest.next('answer', {
      kind: 'error',
      status: 429,
      code: '10011',
      headers: { 'retry-after-ms': '1' },
    });
    await client.calls.actions.answer(call.callControlId, { command_id: 'one' });
    await call.waitFor('answered');
    double.faults.rest.next('hangup', { kind: 'drop', effect: true });
    // The first request took effect, so the repetition meets the end of the call or its own command_id.
    await client.calls.actions.hangup(call.callControlId, { command_id: 'two' });
    await call.waitFor('ended');
    expect(double.requests.map(({ action, status }) => [action, status])).toEqual([
      ['answer', 500],
      ['answer', 429],
      ['answer', 200],
      ['hangup', undefined],
      ['hangup', 200],
    ]);
    expect(new Set(double.requests.slice(0, 3).map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  it('runs into the time limit of the client when the double does not answer', async () => {
    const call = double.placeCall();
    double.faults.rest.all('answer', { kind: 'timeout', effect: false });
    const command = client.calls.actions.answer(call.callControlId, {}, { timeout: 50, maxRetries: 0 });
    // In Node itself it is the subclass APIConnectionTimeoutError: jest's realm hides the AbortError from the SDK.
    expect(await failure(command)).toBeInstanceOf(Telnyx.APIConnectionError);
    expect(call.state).toBe('ringing');
  });

  it('shows the account: applications, numbers by filter, voice profile, balance', async () => {
    const [application] = double.account.applications;
    const list = await client.callControlApplications.list();
    expect(list.data?.map(({ id }) => id)).toEqual([application?.id]);
    const one = await client.callControlApplications.retrieve(application?.id ?? '');
    expect(one.data).toMatchObject({ webhook_api_version: '2' });
    const numbers = await client.phoneNumbers.list({ filter: { connection_id: application?.id ?? '' } });
    expect(numbers.data?.map(({ phone_number }) => phone_number)).toEqual(['+15550100002']);
    const none = await client.phoneNumbers.list({ filter: { phone_number: '+4930000' } });
    expect(none.data).toEqual([]);
    const profile = await client.outboundVoiceProfiles.retrieve(application?.outbound?.outbound_voice_profile_id ?? '');
    expect(profile.data?.enabled).toBe(true);
    expect((await client.balance.retrieve()).data?.balance).toBe('25.00');
  });
});
