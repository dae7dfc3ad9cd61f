import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { PinoLogger } from 'nestjs-pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { RealtimeDouble } from '../../simulator/realtime/index.js';
import { type Clock, systemClock } from '../common/clock.js';
import { FakeClock } from '../common/fake-clock.js';
import { type Config } from '../config/config.js';
import { loadConfig } from '../config/load-config.js';
import { type ModelFailure, type ModelListener } from '../conversation/model.port.js';
import { Counters } from '../telemetry/counters.js';
import { openRealtimeSocket } from './realtime-socket.js';
import { RealtimeSession } from './realtime-session.js';
import { sessionConfig } from './session-config.js';

type Event = Record<string, unknown> & { type: string };

const log = new PinoLogger({ pinoHttp: { enabled: false } });

function config(url: string, env: Record<string, string> = {}): Config {
  return loadConfig({
    OPENAI_API_KEY: 'sk-double',
    TELNYX_API_KEY: 'KEY-test',
    WEBHOOK_SIGNATURE: 'off',
    OPENAI_REALTIME_URL: url,
    ...env,
  }).config;
}

const counters = new Counters();

function open(url: string, clock: Clock = systemClock, env: Record<string, string> = {}): Promise<RealtimeSession> {
  const { openai, assistant } = config(url, env);
  return RealtimeSession.open(openRealtimeSocket(openai), sessionConfig(assistant, 'pcmu'), 'pcmu', {
    clock,
    log,
    counters,
    lateness: { late: true },
    timeoutMs: 10_000,
    takesTurnsItself: true,
  });
}

/** Notes what the model says, as lines. */
class Notes implements ModelListener {
  readonly lines: string[] = [];
  private readonly waiting: { line: RegExp; resolve: (line: string) => void }[] = [];
  onNote: (line: string) => void = () => undefined;

  private note(line: string): void {
    this.lines.push(line);
    for (const waiter of this.waiting) if (waiter.line.test(line)) waiter.resolve(line);
    this.onNote(line);
  }
  heard(line: RegExp): Promise<string> {
    const there = this.lines.find((other) => line.test(other));
    if (there !== undefined) return Promise.resolve(there);
    return new Promise((resolve) => this.waiting.push({ line, resolve }));
  }
  speechStarted = (itemId: string): void => this.note(`speech started ${itemId}`);
  speechStopped = (itemId: string): void => this.note(`speech stopped ${itemId}`);
  turnCommitted = (itemId: string): void => this.note(`committed ${itemId}`);
  callerTranscript = (itemId: string, text: string): void => this.note(`caller ${itemId} ${text}`);
  responseCreated = (responseId: string): void => this.note(`created ${responseId}`);
  audio = (responseId: string, itemId: string, audio: Buffer): void =>
    this.note(`audio ${responseId} ${itemId} ${audio.toString('hex')}`);
  audioDone = (responseId: string, itemId: string): void => this.note(`audio done ${responseId} ${itemId}`);
  assistantTranscript = (responseId: string, itemId: string, delta: string): void =>
    this.note(`words ${responseId} ${itemId} ${delta}`);
  responseDone: ModelListener['responseDone'] = (outcome): void => this.note(`done ${JSON.stringify(outcome)}`);
  refused = (code: string, requestId: string | undefined): void => this.note(`refused ${code} ${requestId}`);
  lost = ({ kind, code }: ModelFailure): void => this.note(`lost ${kind} ${code}`);
}

describe('RealtimeSession with a service in our hands', () => {
  let http: Server;
  let sockets: WebSocketServer;
  let url: string;
  let requests: IncomingMessage[];
  let received: Event[];
  let refuseWith: number | undefined;
  let greet: boolean;
  /** What the service does with an event; by default it confirms every update. */
  let answer: (event: Event, socket: WebSocket) => void;
  let arrivals: { matches: (event: Event) => boolean; resolve: (event: Event) => void }[];

  beforeEach(async () => {
    requests = [];
    received = [];
    arrivals = [];
    refuseWith = undefined;
    greet = true;
    answer = confirmUpdates;
    http = createServer();
    sockets = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request, socket, head) => {
      requests.push(request);
      const inbox = received;
      socket.on('error', () => undefined);
      if (refuseWith !== undefined) {
        socket.end(`HTTP/1.1 ${refuseWith} No\r\nContent-Length: 2\r\n\r\nno`);
        return;
      }
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.on('error', () => undefined);
        webSocket.on('message', (message: Buffer) => {
          const event = JSON.parse(message.toString()) as Event;
          inbox.push(event);
          for (const arrival of arrivals) if (arrival.matches(event)) arrival.resolve(event);
          answer(event, webSocket);
        });
        if (greet) say(webSocket, { type: 'session.created', session: { id: 'sess_1' } });
      });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v1/realtime`;
  });
  afterEach(async () => {
    for (const socket of sockets.clients) socket.terminate();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });

  function say(socket: WebSocket, event: object): void {
    socket.send(JSON.stringify({ event_id: 'event_x', ...event }));
  }
  function confirmUpdates(event: Event, socket: WebSocket): void {
    if (event.type === 'session.update') say(socket, { type: 'session.updated', session: effective(event) });
  }
  /** The formats as they stand after an update; an update of the input alone leaves the output as it was. */
  function effective(event: Event): object {
    const { audio } = event['session'] as { audio: { input: object; output?: object } };
    return { audio: { output: { format: { type: 'audio/pcmu' } }, ...audio } };
  }
  function arrival(type: string, nth = 1): Promise<Event> {
    const matches = (): boolean => received.filter((event) => event.type === type).length >= nth;
    const last = (): Event | undefined => received.filter((event) => event.type === type)[nth - 1];
    const there = last();
    if (there) return Promise.resolve(there);
    return new Promise((resolve) => arrivals.push({ matches, resolve: (event) => resolve(last() ?? event) }));
  }
  function peer(): WebSocket {
    const [socket] = sockets.clients;
    if (!socket) throw new Error('nobody is connected');
    return socket;
  }
  async function connected(): Promise<{ session: RealtimeSession; notes: Notes }> {
    const session = await open(url);
    const notes = new Notes();
    session.listen(notes);
    return { session, notes };
  }

  it('asks for the model by name, with the key in a header and nothing else that the service would refuse', async () => {
    const session = await open(url, systemClock, { OPENAI_ORG_ID: 'org_1', OPENAI_PROJECT_ID: 'proj_1' });
    const [request] = requests;
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
    const session = await open(url, systemClock, { OPENAI_AUTH: 'api-key' });
    expect(requests[0]?.headers['api-key']).toBe('sk-double');
    expect(requests[0]?.headers).not.toHaveProperty('authorization');
    session.close();
  });

  it('is ready only when both formats are confirmed', async () => {
    let confirm: () => void = () => undefined;
    answer = (event, socket) => (confirm = () => confirmUpdates(event, socket));
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
    answer = (_event, socket) => say(socket, { type: 'session.updated', session: { audio } });
    const failure = { kind: 'fatal', code: 'formats-not-echoed' };
    await expect(open(url)).rejects.toMatchObject(failure);
    await once(peer(), 'close');
  });

  it.each([
    ['a refused field', { type: 'invalid_request_error', code: 'unknown_parameter', param: 'session.x' }, 'fatal'],
    ['trouble of its own', { type: 'server_error', code: null }, 'retryable'],
  ])('fails when the update is answered with %s', async (_case, error, kind) => {
    answer = (event, socket) => say(socket, { type: 'error', error: { ...error, event_id: event['event_id'] } });
    await expect(open(url)).rejects.toMatchObject({ kind });
  });

  it('reports a key that is refused after the upgrade: an error, then close 3000', async () => {
    greet = false;
    const opening = open(url);
    await once(http, 'upgrade');
    say(peer(), { type: 'error', error: { type: 'invalid_request_error', code: 'invalid_api_key' } });
    peer().close(3000, 'invalid_request_error.invalid_api_key');
    await expect(opening).rejects.toMatchObject({ kind: 'fatal', code: 'invalid_api_key' });
  });

  it.each([
    [3000, 'invalid_request_error.invalid_api_key', { kind: 'fatal', code: 'invalid_api_key' }],
    [4000, 'invalid_request_error.missing_model', { kind: 'fatal', code: 'missing_model' }],
    [1011, '', { kind: 'retryable', code: 'close-1011' }],
  ])('reports a close %i without an error before it', async (code, reason, failure) => {
    answer = (_event, socket) => socket.close(code, reason);
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
    refuseWith = status;
    await expect(open(url)).rejects.toMatchObject({ kind, code: `http-${status}` });
  });

  it('reports that nobody is there', async () => {
    await expect(open('ws://127.0.0.1:9/v1/realtime')).rejects.toMatchObject({
      kind: 'retryable',
      code: 'ECONNREFUSED',
    });
  });

  it.each(['does not greet', 'does not confirm'])('gives up a service that %s', async (what) => {
    const clock = new FakeClock();
    if (what === 'does not greet') greet = false;
    answer = () => undefined;
    const opening = open(url, clock);
    const failed = expect(opening).rejects.toMatchObject({ kind: 'retryable', code: 'timeout' });
    await once(http, 'upgrade');
    if (greet) await arrival('session.update');
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
    session.createResponse();
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
      { type: 'response.create', event_id: expect.anything() as string },
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
    const socket = peer();
    say(socket, { type: 'input_audio_buffer.speech_started', item_id: 'item_c', audio_start_ms: 0 });
    say(socket, { type: 'input_audio_buffer.speech_stopped', item_id: 'item_c', audio_end_ms: 900 });
    say(socket, { type: 'input_audio_buffer.committed', item_id: 'item_c', previous_item_id: null });
    say(socket, { type: 'response.created', response: { id: 'resp_1', status: 'in_progress', usage: null } });
    const ids = { response_id: 'resp_1', item_id: 'item_a', output_index: 0, content_index: 0 };
    say(socket, { type: 'response.output_audio_transcript.delta', ...ids, delta: 'Hello "you"' });
    say(socket, { type: 'response.output_audio.delta', ...ids, delta: 'AAEC' });
    say(socket, { type: 'response.output_audio.done', ...ids });
    say(socket, {
      type: 'conversation.item.input_audio_transcription.completed',
      item_id: 'item_c',
      content_index: 0,
      transcript: 'Hi there.',
    });
    say(socket, { type: 'error', error: { type: 'invalid_request_error', code: 'x', event_id: 'parley_7' } });
    say(socket, {
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
    expect(JSON.parse(notes.lines.at(-1)?.slice(5) ?? '')).toEqual({
      responseId: 'resp_1',
      status: 'cancelled',
      reason: 'turn_detected',
      usage: {
        inputTextTokens: 119,
        inputAudioTokens: 13,
        cachedTextTokens: 64,
        cachedAudioTokens: 0,
        outputTextTokens: 30,
        outputAudioTokens: 91,
      },
    });
    session.close();
  });

  it('says why a response failed', async () => {
    const { session, notes } = await connected();
    const failedWith = (error: object): void =>
      say(peer(), { type: 'response.done', response: { id: 'r', status: 'failed', status_details: { error } } });
    failedWith({ type: 'insufficient_quota', code: 'insufficient_quota' });
    failedWith({ type: 'server_error', code: null });
    await notes.heard(/server_error/);
    expect(notes.lines[0]).toContain('"kind":"fatal"');
    expect(notes.lines[1]).toContain('"kind":"retryable"');
    session.close();
  });

  it('passes over what it cannot read, does not know, or that is binary', async () => {
    const { session, notes } = await connected();
    const { modelEventsInvalid, modelEventsUnused } = counters;
    const socket = peer();
    for (const text of ['', '{', 'null', '[]', '{"type":7}', '{"type":"response.created","response":{}}']) {
      socket.send(text);
    }
    socket.send(Buffer.from([0, 1, 2, 255]), { binary: true });
    say(socket, { type: 'something.new', data: {} });
    say(socket, { type: 'response.created', response: { id: 'resp_1' } });
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
        say(socket, { type: 'error', error: { type: 'invalid_request_error', code: 'session_expired' } });
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
    end(peer());
    await notes.heard(/^lost/);
    await new Promise((resolve) => setImmediate(resolve));
    expect(notes.lines.filter((other) => other.startsWith('lost'))).toEqual([line]);
    expect(session.alive).toBe(false);
    // Nothing of this may throw any more.
    session.appendAudio(Buffer.from('AAAA'));
    session.createResponse();
    session.close();
  });

  it('ends the session, not the process, when an event cannot be handled', async () => {
    const { session, notes } = await connected();
    notes.onNote = (line) => {
      if (line.startsWith('created')) throw new Error('a mistake');
    };
    say(peer(), { type: 'response.created', response: { id: 'resp_1' } });
    await notes.heard(/^lost/);
    expect(notes.lines.at(-1)).toBe('lost retryable internal-error');
    expect(session.alive).toBe(false);
  });

  it('says nothing more once it was closed', async () => {
    const { session, notes } = await connected();
    const socket = peer();
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
    peer().pause();
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
      const session = await open(url, clock);
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
      answer = (event, socket) => {
        if (event.type !== 'session.update') return;
        const error = { type: 'invalid_request_error', code: 'response_cancel_not_active', param: null };
        say(socket, { type: 'error', error: { ...error, event_id: 'parley_99' } });
        say(socket, { type: 'error', error: { ...error, event_id: null } });
        confirmUpdates(event, socket);
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
      answer = (event, socket) => {
        const own = by === 'its own id' ? { event_id: event['event_id'] } : { param: 'session.audio.input.format' };
        say(socket, { type: 'error', error: { type: 'invalid_request_error', code: 'invalid_value', ...own } });
      };
      await expect(session.setInputLaw('pcma')).rejects.toMatchObject({ kind: 'fatal', code: 'invalid_value' });
      expect(notes.lines).toEqual(['lost fatal invalid_value']);
    });

    it('does not wait for a session that is lost or closed meanwhile, or was before', async () => {
      for (const end of ['close', 'terminate'] as const) {
        const { session } = await connected();
        answer = () => undefined;
        const change = expect(session.setInputLaw('pcma')).rejects.toMatchObject({ kind: 'retryable' });
        const again = expect(session.setInputLaw('pcma')).rejects.toMatchObject({ kind: 'retryable' });
        if (end === 'close') session.close();
        else for (const socket of sockets.clients) socket.terminate();
        await Promise.all([change, again]);
        await expect(session.setInputLaw('pcma')).rejects.toMatchObject({ kind: 'retryable' });
        answer = confirmUpdates;
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

  it('fails with a key that is not known there', async () => {
    const failure = { kind: 'fatal', code: 'invalid_api_key' };
    await expect(open(double.url, systemClock, { OPENAI_API_KEY: 'sk-wrong' })).rejects.toMatchObject(failure);
  });

  it('fails with a model that is not known there', async () => {
    const env = { OPENAI_REALTIME_MODEL: 'gpt-realtime-99' };
    const failure = { kind: 'fatal', code: 'invalid_model' };
    await expect(open(double.url, systemClock, env)).rejects.toMatchObject(failure);
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
