/**
 * The transport of `@openai/agents-realtime` against the double. It validates every event that it knows with a schema of
 * its own and emits only valid ones under their type; everything is emitted as `*`. So an event that arrives as `*` and
 * not by its type was not shaped as OpenAI's own client expects it.
 */
import {
  OpenAIRealtimeWebSocket,
  type RealtimeSessionConfig,
  type TransportEvent,
  type TransportToolCallEvent,
} from '@openai/agents-realtime';
import { encodeG711, silenceByte } from '../../audio/g711.js';
import { RealtimeDouble } from '../realtime-double.js';
import { synthesiseVoice } from '../voice-synth.js';

const silence = (ms: number) => Buffer.alloc(ms * 8, silenceByte('PCMU'));
const speech = (ms: number) => encodeG711('PCMU', synthesiseVoice(200, ms));

const openingHours = {
  type: 'function' as const,
  name: 'opening_hours',
  description: 'When the bakery is open',
  parameters: { type: 'object' as const, properties: {}, required: [], additionalProperties: true as const },
  strict: false,
};

/** The view of an emitter that lets any event name through. */
interface AnyEmitter {
  on(type: string, listener: (...args: unknown[]) => void): void;
}

class Agent {
  readonly transport: OpenAIRealtimeWebSocket;
  readonly received: string[] = [];
  readonly valid: string[] = [];
  readonly errors: unknown[] = [];
  readonly #watched = new Set<string>();

  constructor(double: RealtimeDouble) {
    this.transport = new OpenAIRealtimeWebSocket({
      url: `${double.url}?model=gpt-realtime-2.1`,
      apiKey: 'sk-double',
      model: 'gpt-realtime-2.1',
    });
    this.transport.on('error', (error) => this.errors.push(error.error));
    this.transport.on('*', (event: TransportEvent) => {
      // An event is emitted as '*' first and by its type right after, so watching from here on is in time.
      if (!this.#watched.has(event.type)) {
        this.#watched.add(event.type);
        (this.transport as unknown as AnyEmitter).on(event.type, () => this.valid.push(event.type));
      }
      this.received.push(event.type);
    });
  }

  next<T>(type: string): Promise<T> {
    return new Promise((resolve) => {
      let done = false;
      (this.transport as unknown as AnyEmitter).on(type, (event) => {
        if (!done) resolve(event as T);
        done = true;
      });
    });
  }

  hear(audio: Buffer): void {
    for (let at = 0; at < audio.length; at += 160) {
      const frame = audio.subarray(at, at + 160);
      this.transport.sendAudio(frame.buffer.slice(frame.byteOffset, frame.byteOffset + frame.length) as ArrayBuffer);
    }
  }

  connect(tools: RealtimeSessionConfig['tools'] = [openingHours]): Promise<void> {
    return this.transport.connect({
      apiKey: 'sk-double',
      initialSessionConfig: {
        instructions: 'You are the phone assistant of a bakery.',
        outputModalities: ['audio'],
        audio: {
          input: {
            format: { type: 'audio/pcmu' },
            transcription: { model: 'gpt-transcribe' },
            turnDetection: { type: 'server_vad', silenceDurationMs: 300, interruptResponse: true },
          },
          output: { format: { type: 'audio/pcmu' }, voice: 'marin' },
        },
        tools,
      },
    });
  }
}

describe('the transport of @openai/agents-realtime', () => {
  let double: RealtimeDouble;
  beforeEach(async () => {
    double = await RealtimeDouble.start({
      switches: { responseDelayMs: 5, deliveryRatio: 20, rateLimitsDelayMs: 1, conversationCreated: true },
      script: {
        replies: [
          { name: 'opening_hours', arguments: { day: 'Friday' }, callId: 'call_hours' },
          { text: 'We are open until six on Friday.', durationMs: 60_000 },
        ].map((item) => ({ items: [item] })),
        hears: ['When are you open?'],
      },
    });
  });
  afterEach(() => double.close());

  it('finds every event well formed through a turn, a function call, an interruption and its truncation', async () => {
    const agent = new Agent(double);
    const call = agent.next<TransportToolCallEvent>('function_call');
    const transcribed = agent.next('conversation.item.input_audio_transcription.completed');
    const calledDone = agent.next('response.done');
    await agent.connect();
    const session = await double.nextSession();
    // One update for tracing, one for everything else.
    await session.waitFor('session.updated');
    await session.waitFor('session.updated');
    expect(session.config).toMatchObject({ tracing: 'auto', audio: { input: { format: { type: 'audio/pcmu' } } } });

    agent.hear(Buffer.concat([silence(200), speech(1000), silence(400)]));
    const toolCall = await call;
    expect(toolCall).toMatchObject({ name: 'opening_hours', callId: 'call_hours', arguments: '{"day":"Friday"}' });
    await transcribed;
    await calledDone;

    const audio = agent.next<{ data: ArrayBuffer; responseId: string }>('audio');
    agent.transport.sendFunctionCallOutput(toolCall, '{"until":"18:00"}', true);
    expect((await audio).data.byteLength).toBe(1600);

    const interrupted = agent.next('audio_interrupted');
    const truncated = agent.next<{ item_id: string; audio_end_ms: number }>('conversation.item.truncated');
    const retrieved = agent.next('conversation.item.retrieved');
    agent.hear(speech(300));
    await interrupted;
    const { item_id, audio_end_ms } = await truncated;
    await retrieved;
    expect(session.items.find(({ id }) => id === item_id)).toMatchObject({
      role: 'assistant',
      status: 'incomplete',
      truncatedAtMs: audio_end_ms,
    });

    expect(agent.errors).toEqual([]);
    expect(session.errorsSent).toEqual([]);
    expect(session.violations).toEqual([]);
    expect(agent.received.length).toBeGreaterThan(30);
    expect(agent.valid).toEqual(agent.received);
    agent.transport.close();
    await session.closed;
  });

  it('finds every event of an MCP server well formed: its listing, a call, an approval, a failure', async () => {
    // Its schema of the arguments' deltas demands the obfuscation that the types of `openai` leave open.
    double.switches.obfuscation = true;
    double.mcpServers['crm'] = {
      tools: [
        { name: 'find', description: 'Finds a customer' },
        { name: 'book', description: 'Books a table' },
      ],
      call: (name) =>
        name === 'find' ? { output: '{"name":"Ada"}' } : { error: { type: 'http_error', message: 'No' } },
    };
    double.script = {
      replies: [
        { items: [{ mcp: 'crm', name: 'find', arguments: { id: 7 } }] },
        { items: [{ mcp: 'crm', name: 'book', arguments: { day: 'Friday' } }] },
        { text: 'That did not work.', durationMs: 20 },
      ],
    };
    const agent = new Agent(double);
    const listed = agent.next<{ serverLabel: string; tools: { name: string }[] }>('mcp_tools_listed');
    const called = agent.next<{ name: string; output: string }>('mcp_tool_call_completed');
    const asked = agent.next<Parameters<OpenAIRealtimeWebSocket['sendMcpResponse']>[0]>('mcp_approval_request');
    await agent.connect([
      {
        type: 'mcp',
        server_label: 'crm',
        server_url: 'https://crm.example/mcp',
        require_approval: { never: { tool_names: ['find'] } },
      },
    ]);
    const session = await double.nextSession();
    expect(await listed).toMatchObject({ serverLabel: 'crm', tools: [{ name: 'find' }, { name: 'book' }] });
    agent.transport.requestResponse();
    expect(await called).toMatchObject({ name: 'find', output: '{"name":"Ada"}', arguments: '{"id":7}' });
    await session.waitFor('response.done');

    agent.transport.requestResponse();
    const request = await asked;
    expect(request).toMatchObject({ name: 'book', serverLabel: 'crm', arguments: { day: 'Friday' } });
    agent.transport.sendMcpResponse(request, true);
    await session.waitFor('response.mcp_call.failed');
    await session.waitFor('response.done');
    agent.transport.requestResponse();
    await session.waitFor('response.done');

    expect(session.approvals).toEqual([{ requestId: request.itemId, approve: true }]);
    expect(session.items.filter(({ type }) => type === 'mcp_call')).toMatchObject([
      { name: 'find', output: '{"name":"Ada"}' },
      { name: 'book', error: { type: 'http_error', code: 502 }, approvalRequestId: request.itemId },
    ]);
    expect(agent.errors).toEqual([]);
    expect(session.errorsSent).toEqual([]);
    // The one event that it does not know.
    expect(agent.valid).toEqual(agent.received.filter((type) => type !== 'response.mcp_call.failed'));
    agent.transport.close();
    await session.closed;
  });
});
