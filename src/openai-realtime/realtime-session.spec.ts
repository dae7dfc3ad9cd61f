import { once } from 'node:events';
import { type WebSocket } from 'ws';
import { encodeG711 } from '../../simulator/audio/g711.js';
import { silence, tone } from '../../simulator/audio/signals.js';
import { RealtimeDouble } from '../../simulator/realtime/index.js';
import { FakeClock } from '../common/fake-clock.js';
import { Counters } from '../telemetry/counters.js';
import { openRealtimeSocket } from './realtime-socket.js';
import { type RealtimeSession } from './realtime-session.js';
import { Notes } from './testing/notes.js';
import { configFor, openSession, type OpenOptions } from './testing/open-session.js';
import { ScriptedService, type WireEvent } from './testing/scripted-service.js';

const counters = new Counters();

function open(url: string, options: OpenOptions = {}): Promise<RealtimeSession> {
  return openSession(url, { counters, ...options });
}

describe('RealtimeSession with a service in our hands', () => {
  let service: ScriptedService;
  let received: WireEvent[];
  let url: string;

  beforeEach(async () => {
    service = await ScriptedService.start();
    ({ received, url } = service);
  });
  afterEach(() => service.close());

  const say = (event: object): void => service.say(event);
  const arrival = (type: string, nth?: number): Promise<WireEvent> => service.arrival(type, nth);
  async function connected(): Promise<{ session: RealtimeSession; notes: Notes }> {
    const session = await open(url);
    const notes = new Notes();
    session.listen(notes);
    return { session, notes };
  }

  it('asks for the model by name, with the key in a header and nothing else that the service would refuse', async () => {
    const session = await open(url, { env: { OPENAI_ORG_ID: 'org_1', OPENAI_PROJECT_ID: 'proj_1' } });
    const [request] = service.requests;
    expect(request?.url).toBe('/v1/realtime?model=gpt-realtime-2.1');
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer sk-double',
      'openai-organization': 'org_1',
      'openai-project': 'proj_1',
    });
    expect(request?.headers).not.toHaveProperty('openai-beta');
    expect(request?.headers).not.toHaveProperty('sec-websocket-extensions');
    expect(request?.headers).not.toHaveProperty('sec-websocket-protocol');
    session.close();
  });

  it("sends the key as Azure's header where that is set, and only there", async () => {
    const session = await open(url, { env: { OPENAI_AUTH: 'api-key' } });
    expect(service.requests[0]?.headers['api-key']).toBe('sk-double');
    expect(service.requests[0]?.headers).not.toHaveProperty('authorization');
    session.close();
  });

  it('is ready only when both formats are confirmed', async () => {
    let confirm: () => void = () => undefined;
    service.answer = (event, socket) => (confirm = () => service.confirmUpdates(event, socket));
    let ready = false;
    const opening = open(url).then((session) => {
      ready = true;
      return session;
    });
    await arrival('session.update');
    expect(ready).toBe(false);
    confirm();
    const session = await opening;
    expect(session).toMatchObject({ id: 'sess_1', law: 'pcmu', alive: true });
    session.close();
  });

  it.each([
    ['other input', { input: { format: { type: 'audio/pcm' } }, output: { format: { type: 'audio/pcmu' } } }],
    ['other output', { input: { format: { type: 'audio/pcmu' } }, output: { format: { type: 'audio/pcm' } } }],
    ['the law of the other half of the world', { input: { format: { type: 'audio/pcma' } } }],
    ['no formats', undefined],
    ['formats that are null', { input: { format: null }, output: null }],
  ])('refuses a session whose echo shows %s: the caller would hear noise', async (_case, audio) => {
    service.answer = () => say({ type: 'session.updated', session: { audio } });
    const failure = { kind: 'fatal', code: 'formats-not-echoed' };
    await expect(open(url)).rejects.toMatchObject(failure);
    await once(service.peer, 'close');
  });

  it.each([
    ['a refused field', { type: 'invalid_request_error', code: 'unknown_parameter', param: 'session.x' }, 'fatal'],
    ['trouble of its own', { type: 'server_error', code: null }, 'retryable'],
  ])('fails when the update is answered with %s', async (_case, error, kind) => {
    service.answer = (event) => say({ type: 'error', error: { ...error, event_id: event['event_id'] } });
    await expect(open(url)).rejects.toMatchObject({ kind });
  });

  it('reports a key that is refused after the upgrade: an error, then close 3000', async () => {
    service.greeting = undefined;
    const opening = open(url);
    await once(service.http, 'upgrade');
    say({ type: 'error', error: { type: 'invalid_request_error', code: 'invalid_api_key' } });
    service.peer.close(3000, 'invalid_request_error.invalid_api_key');
    await expect(opening).rejects.toMatchObject({ kind: 'fatal', code: 'invalid_api_key' });
  });

  it.each([
    [3000, 'invalid_request_error.invalid_api_key', { kind: 'fatal', code: 'invalid_api_key' }],
    [4000, 'invalid_request_error.missing_model', { kind: 'fatal', code: 'missing_model' }],
    [1011, '', { kind: 'retryable', code: 'close-1011' }],
  ])('reports a close %i without an error before it', async (code, reason, failure) => {
    service.answer = (_event, socket) => socket.close(code, reason);
    await expect(open(url)).rejects.toMatchObject(failure);
  });

  it.each([
    [401, 'fatal'],
    [404, 'fatal'],
    [302, 'fatal'],
    [429, 'retryable'],
    [500, 'retryable'],
    [503, 'retryable'],
  ])('reports an upgrade answered with %i as %s', async (status, kind) => {
    service.refuseWith = status;
    await expect(open(url)).rejects.toMatchObject({ kind, code: `http-${status}` });
  });

  it('passes on when to come back', async () => {
    service.refuseWith = 429;
    service.refusalHeaders = 'Retry-After: 3\r\n';
    await expect(open(url)).rejects.toMatchObject({ code: 'http-429', retryAfterMs: 3_000 });
  });

  it('reports that nobody is there', async () => {
    await expect(open('ws://127.0.0.1:9/v1/realtime')).rejects.toMatchObject({
      kind: 'retryable',
      code: 'ECONNREFUSED',
    });
  });

  it.each(['does not greet', 'does not confirm'])('gives up a service that %s', async (what) => {
    const clock = new FakeClock();
    if (what === 'does not greet') service.greeting = undefined;
    service.answer = () => undefined;
    const opening = open(url, { clock });
    const failed = expect(opening).rejects.toMatchObject({ kind: 'retryable', code: 'timeout' });
    await once(service.http, 'upgrade');
    if (service.greeting) await arrival('session.update');
    clock.advance(9_999);
    clock.advance(1);
    await failed;
  });

  it('puts everything that is said into the order in which it was said', async () => {
    const { session } = await connected();
    session.appendAudio(Buffer.from(Buffer.from('one').toString('base64')));
    session.appendAudio(Buffer.from(Buffer.from('two').toString('base64')));
    const id = session.createResponse();
    session.appendAudio(Buffer.from(Buffer.from('three').toString('base64')));
    await arrival('input_audio_buffer.append', 2);
    const events = received.filter(({ type }) => type !== 'session.update');
    expect(events.map(({ type }) => type)).toEqual([
      'input_audio_buffer.append',
      'response.create',
      'input_audio_buffer.append',
    ]);
    expect(Buffer.from(String(events[0]?.['audio']), 'base64').toString()).toBe('onetwo');
    expect(events[1]?.['event_id']).toBe(id);
    session.close();
  });

  it('writes its requests as the service wants them, each with an id of its own', async () => {
    const { session } = await connected();
    session.remember({ role: 'system', text: 'note' });
    session.remember({ role: 'caller', text: 'hello' });
    session.remember({ role: 'assistant', text: 'hi' });
    session.remember({ role: 'tool', toolCallId: 'call_1', name: 'find', argumentsText: '{"day":5}', output: '[]' });
    session.giveToolOutput('call_2', '{"ok":true}');
    session.createResponse();
    session.createResponse({ withoutTools: true });
    session.cancelResponse('resp_1');
    session.truncateItem('item_1', 120);
    session.deleteItem('item_2');
    await arrival('conversation.item.delete');
    const events = received.slice(1);
    expect(events).toEqual([
      {
        type: 'conversation.item.create',
        event_id: expect.anything() as string,
        item: { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'note' }] },
      },
      {
        type: 'conversation.item.create',
        event_id: expect.anything() as string,
        item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hello' }] },
      },
      {
        type: 'conversation.item.create',
        event_id: expect.anything() as string,
        item: { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'hi' }] },
      },
      {
        type: 'conversation.item.create',
        event_id: expect.anything() as string,
        item: { type: 'function_call', call_id: 'call_1', name: 'find', arguments: '{"day":5}' },
      },
      {
        type: 'conversation.item.create',
        event_id: expect.anything() as string,
        item: { type: 'function_call_output', call_id: 'call_1', output: '[]' },
      },
      {
        type: 'conversation.item.create',
        event_id: expect.anything() as string,
        item: { type: 'function_call_output', call_id: 'call_2', output: '{"ok":true}' },
      },
      { type: 'response.create', event_id: expect.anything() as string },
      { type: 'response.create', event_id: expect.anything() as string, response: { tool_choice: 'none' } },
      { type: 'response.cancel', event_id: expect.anything() as string, response_id: 'resp_1' },
      {
        type: 'conversation.item.truncate',
        event_id: expect.anything() as string,
        item_id: 'item_1',
        content_index: 0,
        audio_end_ms: 120,
      },
      { type: 'conversation.item.delete', event_id: expect.anything() as string, item_id: 'item_2' },
    ]);
    expect(new Set(received.map((event) => event['event_id'])).size).toBe(received.length);
    session.close();
  });

  it('tells what the model says, in order', async () => {
    const { session, notes } = await connected();
    say({ type: 'input_audio_buffer.speech_started', item_id: 'item_c', audio_start_ms: 0 });
    say({ type: 'input_audio_buffer.speech_stopped', item_id: 'item_c', audio_end_ms: 900 });
    say({ type: 'input_audio_buffer.committed', item_id: 'item_c', previous_item_id: null });
    say({ type: 'response.created', response: { id: 'resp_1', status: 'in_progress', usage: null } });
    const ids = { response_id: 'resp_1', item_id: 'item_a', output_index: 0, content_index: 0 };
    say({ type: 'response.output_audio_transcript.delta', ...ids, delta: 'Hello "you"' });
    say({ type: 'response.output_audio.delta', ...ids, delta: 'AAEC' });
    say({ type: 'response.output_audio.done', ...ids });
    say({
      type: 'conversation.item.input_audio_transcription.completed',
      item_id: 'item_c',
      content_index: 0,
      transcript: 'Hi there.',
    });
    say({ type: 'error', error: { type: 'invalid_request_error', code: 'x', event_id: 'parley_7' } });
    say({
      type: 'response.done',
      response: {
        id: 'resp_1',
        status: 'cancelled',
        status_details: { type: 'cancelled', reason: 'turn_detected' },
        usage: {
          input_token_details: { text_tokens: 119, audio_tokens: 13, cached_tokens_details: { text_tokens: 64 } },
          output_token_details: { text_tokens: 30, audio_tokens: 91 },
        },
      },
    });
    await notes.heard(/^done/);
    expect(notes.lines.slice(0, -1)).toEqual([
      'speech started item_c',
      'speech stopped item_c',
      'committed item_c',
      'created resp_1',
      'words resp_1 item_a Hello "you"',
      'audio resp_1 item_a 000102',
      'audio done resp_1 item_a',
      'caller item_c Hi there.',
      'refused x parley_7',
    ]);
    expect(notes.outcomes).toEqual([
      {
        responseId: 'resp_1',
        status: 'cancelled',
        reason: 'turn_detected',
        failure: undefined,
        usage: {
          inputTextTokens: 119,
          inputAudioTokens: 13,
          cachedTextTokens: 64,
          cachedAudioTokens: 0,
          outputTextTokens: 30,
          outputAudioTokens: 91,
        },
        // 55 x 4 + 64 x 0.40 + 13 x 32 + 30 x 24 + 91 x 64 = 7,205.60 dollars per million.
        costUsd: expect.closeTo(0.0072056, 10) as number,
      },
    ]);
    session.close();
  });

  it('says why a response failed', async () => {
    const { session, notes } = await connected();
    const failedWith = (error: object): void =>
      say({ type: 'response.done', response: { id: 'r', status: 'failed', status_details: { error } } });
    failedWith({ type: 'insufficient_quota', code: 'insufficient_quota' });
    failedWith({ type: 'server_error', code: null });
    failedWith({ type: 'tokens', code: 'rate_limit_exceeded', message: 'Limit reached. Please try again in 1.2s.' });
    await notes.heard(/^done/, 3);
    expect(notes.outcomes.map(({ failure }) => failure)).toMatchObject([
      { kind: 'fatal', code: 'insufficient_quota' },
      { kind: 'retryable', code: 'server_error' },
      { kind: 'retryable', code: 'rate_limit_exceeded', retryAfterMs: 1_200 },
    ]);
    session.close();
  });

  describe('tools that run here', () => {
    const call = { type: 'function_call', id: 'item_f', call_id: 'call_1', name: 'find', status: 'completed' };
    const itemDone = (item: object): void =>
      say({ type: 'response.output_item.done', response_id: 'resp_1', output_index: 0, item });
    const responseDone = (): void => say({ type: 'response.done', response: { id: 'resp_1', status: 'completed' } });

    it('are told once, with their arguments, before the end of their response', async () => {
      const { session, notes } = await connected();
      itemDone({ ...call, arguments: '{"day":5}' });
      itemDone({ ...call, arguments: '{"day":5}' });
      itemDone({ ...call, call_id: 'call_2', arguments: '' });
      responseDone();
      await notes.heard(/^done/);
      expect(notes.lines).toEqual([
        'tool resp_1 call_1 find {"day":5}',
        'tool resp_1 call_2 find ',
        'done completed resp_1',
      ]);
      session.close();
    });

    it('have the arguments that came before, where the item has none', async () => {
      const { session, notes } = await connected();
      const ids = { response_id: 'resp_1', item_id: 'item_f', output_index: 0, call_id: 'call_1' };
      say({ type: 'response.function_call_arguments.done', ...ids, name: 'find', arguments: '{"day":6}' });
      itemDone(call);
      await expect(notes.heard(/^tool/)).resolves.toBe('tool resp_1 call_1 find {"day":6}');
      session.close();
    });

    it.each([
      ['was cut off', { status: 'incomplete' }],
      ['is still being written', { status: 'in_progress' }],
      ['does not say how it ended', { status: undefined }],
      ['has no name', { name: undefined }],
      ['has no id to answer under', { call_id: undefined }],
    ])('are not told of a call that %s', async (_case, spoilt) => {
      const { session, notes } = await connected();
      itemDone({ ...call, arguments: '{"day":5}', ...spoilt });
      responseDone();
      await notes.heard(/^done/);
      expect(notes.lines).toEqual(['done completed resp_1']);
      session.close();
    });
  });

  it('tells what writing down a turn took, in either form, and which turns could not be', async () => {
    const { session, notes } = await connected();
    const completed = { type: 'conversation.item.input_audio_transcription.completed', content_index: 0 };
    say({ ...completed, item_id: 'a', transcript: 'One.', usage: { type: 'duration', seconds: 120 } });
    const tokens = { type: 'tokens', input_tokens: 30, output_tokens: 4, total_tokens: 34 };
    const usage = { ...tokens, input_token_details: { text_tokens: 0, audio_tokens: 30 } };
    say({ ...completed, item_id: 'b', transcript: 'Two.', usage });
    say({ ...completed, item_id: 'c', transcript: 'Three.', usage: 'changed' });
    say({ ...completed, item_id: 'd', transcript: 'Four.' });
    const error = { type: 'transcription_error', code: 'audio_unintelligible' };
    say({ type: 'conversation.item.input_audio_transcription.failed', item_id: 'e', content_index: 0, error });
    await expect(notes.heard(/^not/)).resolves.toBe('not written down e');
    const noTokens = { inputTextTokens: 0, inputAudioTokens: 0, outputTextTokens: 0 };
    expect(notes.transcriptions).toEqual([
      { seconds: 120, ...noTokens, costUsd: expect.closeTo(0.009, 12) as number },
      {
        seconds: 3,
        inputTextTokens: 0,
        inputAudioTokens: 30,
        outputTextTokens: 4,
        costUsd: expect.closeTo(0.000225, 12) as number,
      },
      undefined,
      undefined,
    ]);
    session.close();
  });

  it('is to be replaced when it is old enough, or before the service ends it', async () => {
    const env = { SESSION_RENEW_AFTER_S: '3000' };
    const clock = new FakeClock();
    clock.advance(7_000);
    const old = await open(url, { clock, env });
    expect(old.renewAtMs).toBe(3_007_000);
    old.close();

    service.greeting = { id: 'sess_2', expires_at: Math.floor(Date.now() / 1000) + 1_800 };
    const short = await open(url, { clock, env });
    // Half an hour, less two minutes, less what this test took.
    expect(short.renewAtMs).toBeLessThanOrEqual(7_000 + 1_680_000);
    expect(short.renewAtMs).toBeGreaterThan(7_000 + 1_600_000);
    short.close();
  });

  it('passes over what it cannot read, does not know, or that is binary', async () => {
    const { session, notes } = await connected();
    const { modelEventsInvalid, modelEventsUnused } = counters;
    const socket = service.peer;
    for (const text of ['', '{', 'null', '[]', '{"type":7}', '{"type":"response.created","response":{}}']) {
      socket.send(text);
    }
    socket.send(Buffer.from([0, 1, 2, 255]), { binary: true });
    say({ type: 'something.new', data: {} });
    say({ type: 'response.created', response: { id: 'resp_1' } });
    await notes.heard(/created/);
    expect(notes.lines).toEqual(['created resp_1']);
    expect(counters.modelEventsInvalid - modelEventsInvalid).toBe(7);
    expect(counters.modelEventsUnused - modelEventsUnused).toBe(1);
    expect(session.alive).toBe(true);
    session.close();
  });

  it.each<[string, (socket: WebSocket) => void, string]>([
    [
      'close 1001 at its longest duration',
      (socket) => {
        say({ type: 'error', error: { type: 'invalid_request_error', code: 'session_expired' } });
        socket.close(1001, 'Your session hit the maximum duration of 60 minutes.');
      },
      'lost retryable session_expired',
    ],
    ['close 1000', (socket) => socket.close(1000), 'lost retryable close-1000'],
    [
      'close 4000',
      (socket) => socket.close(4000, 'invalid_request_error.account_deactivated'),
      'lost fatal account_deactivated',
    ],
    ['a cut connection', (socket) => socket.terminate(), 'lost retryable close-1006'],
  ])('is lost once with %s', async (_case, end, line) => {
    const { session, notes } = await connected();
    end(service.peer);
    await notes.heard(/^lost/);
    await new Promise((resolve) => setImmediate(resolve));
    expect(notes.lines.filter((other) => other.startsWith('lost'))).toEqual([line]);
    expect(session.alive).toBe(false);
    // Nothing of this may throw any more.
    session.appendAudio(Buffer.from('AAAA'));
    session.createResponse();
    session.close();
  });

  it.each([
    ['compressed, which was not agreed', [0xc1, 0x01, 0x61]],
    ['of four gigabytes', [0x81, 0x7f, 0, 0, 0, 1, 0, 0, 0, 0]],
    ['no UTF-8', [0x81, 0x01, 0xff]],
    ['of no known kind', [0x83, 0x00]],
    ['masked, as only a client may', [0x81, 0x81, 0, 0, 0, 0, 0x61]],
  ])('is lost, and the process is not, with a frame that is %s', async (_case, frame) => {
    const { session, notes } = await connected();
    service.write(Buffer.from(frame));
    await expect(notes.heard(/^lost/)).resolves.toMatch(/^lost retryable WS_ERR_/);
    expect(session.alive).toBe(false);
  });

  it('is lost when nothing comes for a minute, not even an answer to a ping', async () => {
    const clock = new FakeClock();
    const session = await open(url, { clock });
    const notes = new Notes();
    session.listen(notes);
    service.peer.pause();
    clock.advance(60_000);
    expect(notes.lines).toEqual([]);
    clock.advance(20_000);
    expect(notes.lines).toEqual(['lost retryable model-silent']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(session.alive).toBe(false);
  });

  it.each<[string, string, (peer: WebSocket) => void]>([
    ['sends pings', 'ping', (peer) => peer.ping()],
    ['answers pings', 'pong', () => undefined],
    ['sends events', 'message', () => say({ type: 'rate_limits.updated' })],
  ])('lives as long as the service %s', async (_case, sign, act) => {
    const clock = new FakeClock();
    const socket = openRealtimeSocket(configFor(url).openai);
    const session = await open(url, { clock, socket });
    for (let round = 0; round < 4; round++) {
      const came = once(socket, sign);
      // Two checks without a sign have the session ask; a third would be the end.
      clock.advance(60_000);
      act(service.peer);
      await came;
    }
    expect(session.alive).toBe(true);
    clock.advance(80_000);
    expect(session.alive).toBe(false);
  });

  it('tells of a loss between its opening and its first listener', async () => {
    const session = await open(url);
    const socket = service.peer;
    socket.terminate();
    while (session.alive) await new Promise((resolve) => setImmediate(resolve));
    const notes = new Notes();
    session.listen(notes);
    await expect(notes.heard(/^lost/)).resolves.toBe('lost retryable close-1006');
  });

  it('ends the session, not the process, when an event cannot be handled', async () => {
    const { session, notes } = await connected();
    notes.onNote = (line) => {
      if (line.startsWith('created')) throw new Error('a mistake');
    };
    say({ type: 'response.created', response: { id: 'resp_1' } });
    await notes.heard(/^lost/);
    expect(notes.lines.at(-1)).toBe('lost retryable internal-error');
    expect(session.alive).toBe(false);
  });

  it('says nothing more once it was closed', async () => {
    const { session, notes } = await connected();
    const socket = service.peer;
    const closed = once(socket, 'close');
    session.close();
    session.close();
    session.createResponse();
    const [code] = (await closed) as [number];
    expect(code).toBe(1000);
    expect(notes.lines).toEqual([]);
    expect(received.map(({ type }) => type)).toEqual(['session.update']);
  });

  it('is lost when the service stops reading', async () => {
    const { session, notes } = await connected();
    service.peer.pause();
    const second = Buffer.alloc(8_000, 0xff).toString('base64');
    // The machine's own buffers take a few megabytes first.
    for (let i = 0; i < 5_000 && session.alive; i++) {
      session.appendAudio(Buffer.from(second));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(notes.lines).toEqual(['lost retryable model-not-reading']);
  });

  describe('a line that speaks the other law', () => {
    it('changes the input alone, and is done when that is confirmed', async () => {
      const { session } = await connected();
      await session.setInputLaw('pcma');
      expect(received[1]).toMatchObject({
        type: 'session.update',
        session: { type: 'realtime', audio: { input: { format: { type: 'audio/pcma' } } } },
      });
      expect(received[1]).not.toHaveProperty('session.audio.output');
      expect(session.law).toBe('pcma');
      await session.setInputLaw('pcma');
      expect(received).toHaveLength(2);
      session.close();
    });

    it('puts the change before the audio that comes after it', async () => {
      const { session } = await connected();
      const changed = session.setInputLaw('pcma');
      session.appendAudio(Buffer.from('1dXV'));
      await changed;
      await arrival('input_audio_buffer.append');
      expect(received.map(({ type }) => type).slice(1)).toEqual(['session.update', 'input_audio_buffer.append']);
      session.close();
    });

    it('changes once at a time, and to what was asked last', async () => {
      const clock = new FakeClock();
      const session = await open(url, { clock });
      const notes = new Notes();
      session.listen(notes);
      const changes = [session.setInputLaw('pcma'), session.setInputLaw('pcma'), session.setInputLaw('pcmu')];
      await Promise.all(changes);
      expect(received.slice(1).map((event) => JSON.stringify(event['session']))).toEqual([
        expect.stringContaining('audio/pcma') as string,
        expect.stringContaining('audio/pcmu') as string,
      ]);
      expect(session.law).toBe('pcmu');
      // No timer of a confirmation that came is left to end the session.
      clock.advance(60_000);
      expect(notes.lines).toEqual([]);
      expect(session.alive).toBe(true);
      session.close();
    });

    it('is not disturbed by the refusal of something else', async () => {
      const { session, notes } = await connected();
      service.answer = (event, socket) => {
        if (event.type !== 'session.update') return;
        const error = { type: 'invalid_request_error', code: 'response_cancel_not_active', param: null };
        say({ type: 'error', error: { ...error, event_id: 'parley_99' } });
        say({ type: 'error', error: { ...error, event_id: null } });
        service.confirmUpdates(event, socket);
      };
      await session.setInputLaw('pcma');
      expect(notes.lines).toEqual([
        'refused response_cancel_not_active parley_99',
        'refused response_cancel_not_active undefined',
      ]);
      session.close();
    });

    it.each(['its own id', 'the name of the field'])('ends the session when it is refused by %s', async (by) => {
      const { session, notes } = await connected();
      service.answer = (event) => {
        const own = by === 'its own id' ? { event_id: event['event_id'] } : { param: 'session.audio.input.format' };
        say({ type: 'error', error: { type: 'invalid_request_error', code: 'invalid_value', ...own } });
      };
      await expect(session.setInputLaw('pcma')).rejects.toMatchObject({ kind: 'fatal', code: 'invalid_value' });
      expect(notes.lines).toEqual(['lost fatal invalid_value']);
    });

    it('does not wait for a session that is lost or closed meanwhile, or was before', async () => {
      for (const end of ['close', 'terminate'] as const) {
        const { session } = await connected();
        service.answer = () => undefined;
        const change = expect(session.setInputLaw('pcma')).rejects.toMatchObject({ kind: 'retryable' });
        const again = expect(session.setInputLaw('pcma')).rejects.toMatchObject({ kind: 'retryable' });
        if (end === 'close') session.close();
        else for (const socket of service.sockets.clients) socket.terminate();
        await Promise.all([change, again]);
        await expect(session.setInputLaw('pcma')).rejects.toMatchObject({ kind: 'retryable' });
        service.answer = (event, socket) => service.confirmUpdates(event, socket);
      }
    });
  });
});

describe('RealtimeSession with the Realtime double', () => {
  let double: RealtimeDouble;

  beforeEach(async () => {
    double = await RealtimeDouble.start();
  });
  afterEach(() => double.close());

  it('holds a short talk', async () => {
    double.script = { replies: [{ text: 'Hello.', durationMs: 200 }] };
    const session = await open(double.url);
    const notes = new Notes();
    session.listen(notes);
    session.remember({ role: 'system', text: 'Greet.' });
    session.createResponse();
    await notes.heard(/^done/);
    const audio = notes.lines.filter((line) => line.startsWith('audio resp'));
    expect(audio.length).toBeGreaterThan(0);
    const bytes = audio.reduce((sum, line) => sum + (line.split(' ')[3] ?? '').length / 2, 0);
    expect(bytes).toBe(1_600);
    session.close();
  });

  it.each([
    ['server_vad', {}],
    ['server_vad with more padding', { VAD_PREFIX_PADDING_MS: '700' }],
    ['semantic_vad', { VAD: 'semantic_vad' }],
  ])(
    'tells with %s how long ago the caller began to speak, by the audio that the service was given',
    async (_vad, env) => {
      const session = await open(double.url, { env });
      const notes = new Notes();
      session.listen(notes);
      const frames = (samples: Int16Array): void => {
        const audio = encodeG711('PCMU', samples);
        for (let at = 0; at < audio.length; at += 160) {
          session.appendAudio(Buffer.from(audio.subarray(at, at + 160).toString('base64'), 'latin1'));
        }
      };
      frames(silence(5_000));
      frames(tone(440, 400, -15));
      await notes.heard(/^speech started/);
      // Whole frames of the double's detector.
      expect(Math.abs((notes.speechAgoMs[0] ?? NaN) - 400)).toBeLessThanOrEqual(20);
      session.close();
    },
  );

  it('fails with a key that is not known there', async () => {
    const failure = { kind: 'fatal', code: 'invalid_api_key' };
    await expect(open(double.url, { env: { OPENAI_API_KEY: 'sk-wrong' } })).rejects.toMatchObject(failure);
  });

  it('fails with a model that is not known there', async () => {
    const env = { OPENAI_REALTIME_MODEL: 'gpt-realtime-99' };
    const failure = { kind: 'fatal', code: 'invalid_model' };
    await expect(open(double.url, { env })).rejects.toMatchObject(failure);
  });

  it('fails when a field of its configuration is refused', async () => {
    double.faults.arm('reject', { type: 'session.update' });
    await expect(open(double.url)).rejects.toMatchObject({ kind: 'fatal' });
  });

  it('fails when the formats stay as they were', async () => {
    double.faults.arm('keepFormats', {});
    await expect(open(double.url)).rejects.toMatchObject({ code: 'formats-not-echoed' });
  });

  it('is lost when its hour is over', async () => {
    const session = await open(double.url);
    const notes = new Notes();
    session.listen(notes);
    double.faults.expireNow();
    await expect(notes.heard(/^lost/)).resolves.toBe('lost retryable session_expired');
  });
});
