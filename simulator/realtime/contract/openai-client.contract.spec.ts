/** The `openai` package's own WebSocket client against the double, over TLS because it speaks nothing else. */
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import type { RealtimeServerEvent } from 'openai/resources/realtime/realtime';
import { encodeG711, silenceByte } from '../../audio/g711.js';
import { RealtimeDouble } from '../realtime-double.js';
import { synthesiseVoice } from '../voice-synth.js';

const pem = (name: string) => readFileSync(new URL(`./tls/${name}.pem`, import.meta.url), 'utf8');
const tls = { key: pem('key'), cert: pem('cert') };

const silence = (ms: number) => Buffer.alloc(ms * 8, silenceByte('PCMU'));
const speech = (ms: number) => encodeG711('PCMU', synthesiseVoice(200, ms));

type EventOf<Type extends RealtimeServerEvent['type']> = Extract<RealtimeServerEvent, { type: Type }>;

class Phone {
  readonly events: RealtimeServerEvent[] = [];
  readonly errors: string[] = [];
  readonly client: OpenAIRealtimeWS;
  readonly #waiters = new Set<(event: RealtimeServerEvent) => void>();

  constructor(double: RealtimeDouble, apiKey = 'sk-double') {
    const openai = new OpenAI({ apiKey, baseURL: double.url.replace('wss:', 'https:').replace('/realtime', '') });
    this.client = new OpenAIRealtimeWS({ model: 'gpt-realtime-2.1', options: { ca: tls.cert } }, openai);
    this.client.on('error', (error) => this.errors.push(error.error?.code ?? error.message));
    this.client.on('event', (event) => {
      this.events.push(event);
      for (const waiter of this.#waiters) waiter(event);
    });
  }

  /** The next event of this type that comes from now on. */
  next<Type extends RealtimeServerEvent['type']>(type: Type): Promise<EventOf<Type>> {
    return new Promise((resolve) => {
      const waiter = (event: RealtimeServerEvent) => {
        if (event.type !== type) return;
        this.#waiters.delete(waiter);
        resolve(event as EventOf<Type>);
      };
      this.#waiters.add(waiter);
    });
  }

  hear(audio: Buffer): void {
    for (let at = 0; at < audio.length; at += 160) {
      const frame = audio.subarray(at, at + 160).toString('base64');
      this.client.send({ type: 'input_audio_buffer.append', audio: frame });
    }
  }

  async setUp(): Promise<EventOf<'session.updated'>> {
    await this.next('session.created');
    const updated = this.next('session.updated');
    this.client.send({
      type: 'session.update',
      session: {
        type: 'realtime',
        output_modalities: ['audio'],
        instructions: 'You are the phone assistant of a bakery.',
        audio: {
          input: {
            format: { type: 'audio/pcmu' },
            noise_reduction: { type: 'near_field' },
            transcription: { model: 'gpt-transcribe', languages: ['en'] },
            turn_detection: { type: 'server_vad', silence_duration_ms: 300, threshold: 0.5 },
          },
          output: { format: { type: 'audio/pcmu' }, voice: 'marin' },
        },
        tools: [
          {
            type: 'function',
            name: 'opening_hours',
            description: 'When the bakery is open',
            parameters: { type: 'object', properties: { day: { type: 'string' } } },
          },
        ],
        tool_choice: 'auto',
        truncation: { type: 'retention_ratio', retention_ratio: 0.8, token_limits: { post_instructions: 16_000 } },
        tracing: null,
      },
    });
    return updated;
  }
}

describe("the openai package's realtime client", () => {
  let double: RealtimeDouble;
  beforeEach(async () => {
    double = await RealtimeDouble.start({
      tls,
      switches: { responseDelayMs: 5, deliveryRatio: 20, rateLimitsDelayMs: 1 },
      script: {
        replies: [
          { text: 'Good morning, this is the bakery. How can I help you today?', durationMs: 2000 },
          {
            items: [
              { text: 'One moment.', durationMs: 400 },
              { name: 'opening_hours', arguments: { day: 'Friday' }, callId: 'call_hours' },
            ],
          },
          { text: 'We are open until six on Friday.', durationMs: 60_000 },
        ],
        hears: ['When are you open on Friday?', 'Thank you'],
      },
    });
  });
  afterEach(() => double.close());

  it('holds a whole conversation: greeting, turn, function call, interruption, truncation', async () => {
    const phone = new Phone(double);
    const { session: config } = await phone.setUp();
    if (config.type !== 'realtime') throw new Error('not a realtime session');
    expect(config.audio?.input?.format).toEqual({ type: 'audio/pcmu' });
    expect(config.audio?.output?.format).toEqual({ type: 'audio/pcmu' });

    const greeted = phone.next('response.done');
    phone.client.send({ type: 'response.create' });
    const greeting = (await greeted).response;
    expect(greeting.status).toBe('completed');
    const greetingBytes = phone.events.reduce(
      (bytes, event) =>
        event.type === 'response.output_audio.delta' ? bytes + Buffer.from(event.delta, 'base64').length : bytes,
      0,
    );
    expect(greetingBytes).toBe(16_000);

    const transcribed = phone.next('conversation.item.input_audio_transcription.completed');
    const started = phone.next('input_audio_buffer.speech_started');
    const called = phone.next('response.function_call_arguments.done');
    const asked = phone.next('response.done');
    phone.hear(Buffer.concat([silence(200), speech(1200), silence(400)]));
    expect((await transcribed).item_id).toBe((await started).item_id);
    expect((await transcribed).transcript).toBe('When are you open on Friday?');
    const call = await called;
    expect(JSON.parse(call.arguments)).toEqual({ day: 'Friday' });
    expect((await asked).response.output?.map(({ type }) => type)).toEqual(['message', 'function_call']);

    const answering = phone.next('response.output_audio.delta');
    phone.client.send({
      type: 'conversation.item.create',
      item: { type: 'function_call_output', call_id: call.call_id, output: '{"until":"18:00"}' },
    });
    phone.client.send({ type: 'response.create' });
    const { item_id } = await answering;

    const cancelled = phone.next('response.done');
    const truncated = phone.next('conversation.item.truncated');
    phone.hear(speech(300));
    expect((await cancelled).response).toMatchObject({
      status: 'cancelled',
      status_details: { reason: 'turn_detected' },
    });
    phone.client.send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 100 });
    expect(await truncated).toMatchObject({ item_id, audio_end_ms: 100 });

    const again = phone.next('response.created');
    phone.hear(silence(400));
    await again;
    expect(phone.errors).toEqual([]);
    const session = await double.nextSession();
    expect(session.violations).toEqual([]);
    phone.client.close();
    expect(await session.closed).toEqual({ code: 1000, reason: 'OK' });
  });

  it.each([false, true])('lists, approves and calls a tool of an MCP server (call shown before: %s)', async (shown) => {
    double.switches.mcpApprovalShowsCall = shown;
    double.mcpServers['crm'] = {
      tools: [{ name: 'find', description: 'Finds a customer', input_schema: { type: 'object' } }],
      callDelayMs: 10,
      call: (_name, { id }) => ({ output: `customer ${String(id)}` }),
    };
    double.script = {
      choose: ({ lastInput }) => (lastInput === 'customer 7' ? { text: 'That is Ada.', durationMs: 20 } : undefined),
      replies: [{ items: [{ mcp: 'crm', name: 'find', arguments: { id: 7 } }] }],
    };
    const phone = new Phone(double);
    await phone.setUp();
    const listed = phone.next('mcp_list_tools.completed');
    const listing = phone.next('conversation.item.done');
    phone.client.send({
      type: 'session.update',
      session: {
        type: 'realtime',
        tools: [
          {
            type: 'mcp',
            server_label: 'crm',
            server_url: 'https://crm.example/mcp',
            authorization: 'token',
            allowed_tools: ['find'],
            require_approval: 'always',
          },
        ],
      },
    });
    const { item: list } = await listing;
    if (list.type !== 'mcp_list_tools') throw new Error('not a listing');
    expect((await listed).item_id).toBe(list.id);
    expect(list.tools.map(({ name }) => name)).toEqual(['find']);

    const asked = phone.next('response.done');
    phone.client.send({
      type: 'response.create',
      response: { tool_choice: { type: 'mcp', server_label: 'crm', name: 'find' } },
    });
    const { response } = await asked;
    const request = response.output?.find((item) => item.type === 'mcp_approval_request');
    expect(request).toMatchObject({ server_label: 'crm', name: 'find', arguments: '{"id":7}' });

    const completed = phone.next('response.mcp_call.completed');
    phone.client.send({
      type: 'conversation.item.create',
      item: { id: 'answer_1', type: 'mcp_approval_response', approval_request_id: request?.id ?? '', approve: true },
    });
    const { item_id } = await completed;
    const retrieved = phone.next('conversation.item.retrieved');
    phone.client.send({ type: 'conversation.item.retrieve', item_id });
    expect((await retrieved).item).toMatchObject({
      type: 'mcp_call',
      output: 'customer 7',
      approval_request_id: request?.id,
    });
    const written = phone.events.find((event) => event.type === 'response.mcp_call_arguments.done');
    expect(written?.item_id).toBe(shown ? item_id : undefined);

    const answered = phone.next('response.done');
    phone.client.send({ type: 'response.create', response: { tool_choice: 'none' } });
    expect((await answered).response.output).toMatchObject([{ content: [{ transcript: 'That is Ada.' }] }]);
    expect(phone.errors).toEqual([]);
    phone.client.close();
  });

  it('reports errors with the code it knows, and is told why it may not come in', async () => {
    const stranger = new Phone(double, 'sk-stranger');
    const code = await new Promise((resolve) => stranger.client.socket.once('close', resolve));
    expect(code).toBe(3000);
    expect(stranger.errors).toEqual(['invalid_api_key']);

    const phone = new Phone(double);
    await phone.setUp();
    phone.client.send({ type: 'response.cancel', event_id: 'cancel_1' });
    await phone.next('error');
    expect(phone.errors).toEqual(['response_cancel_not_active']);
    phone.client.close();
  });
});
