import { babble } from '../../simulator/audio/signals.js';
import { type SimulatedCall } from '../../simulator/telnyx/index.js';
import { callEnded, connectCall, eventually } from '../support/calls.js';
import { HttpPeer } from '../support/http-peer.js';
import {
  setTracedStage,
  traceOf,
  type TracedStage,
  type TraceSpan,
  type WholeTrace,
} from '../support/otlp-receiver.js';
import { startTracingIngress, type TracingIngress } from './ingress.js';

const BYTES_PER_MS = 8;
const TOOL_MS = 400;
const MODEL = 'gpt-realtime-2.1';
const CALLER_WORDS = ['Is my parcel underway?', 'Never mind that.', 'That was it.'];
const ASSISTANT_WORDS = {
  greeting: 'Good morning, this is the parcel desk.',
  found: 'Your parcel arrives tomorrow before noon.',
  story: 'Let me tell you everything about parcels.',
};
const TOOL_WORDS = { arguments: 'ZX-81-parcel', result: 'on the blue lorry' };
const KEYS = '83159#';
const SECRETS = {
  OPENAI_API_KEY: 'sk-the-key-of-the-model',
  STREAM_TOKEN_SECRET: 'the-secret-of-stream-tokens',
  NUMBER_HASH_SECRET: 'the-secret-of-number-hashes',
  TOOL_SECRET_DESK: 'the-token-of-the-parcel-desk',
};

let stage: TracedStage;
let ingress: TracingIngress;
let desk: HttpPeer;

/** What a gateway of these tests is given besides the receiver. */
async function begin(env: Record<string, string> = {}): Promise<void> {
  desk = await HttpPeer.start(() => ({ body: JSON.stringify({ found: TOOL_WORDS.result }), afterMs: TOOL_MS }));
  const tool = {
    name: 'find_parcel',
    description: 'Finds a parcel.',
    parameters: { type: 'object', properties: { parcel: { type: 'string' } }, required: ['parcel'] },
    url: desk.url,
    headers: { Authorization: 'Bearer ${TOOL_SECRET_DESK}' },
  };
  stage = await setTracedStage({
    env: { ...SECRETS, WARM_SESSIONS: '0', TOOLS: JSON.stringify({ http: [tool] }), ...env },
    realtime: {
      apiKey: SECRETS.OPENAI_API_KEY,
      switches: { responseDelayMs: 50, deliveryRatio: Infinity },
      script: {
        hears: CALLER_WORDS,
        replies: [
          { text: ASSISTANT_WORDS.greeting, durationMs: 500 },
          { items: [{ name: 'find_parcel', arguments: { parcel: TOOL_WORDS.arguments } }] },
          { text: ASSISTANT_WORDS.found, durationMs: 600 },
          { text: ASSISTANT_WORDS.story, durationMs: 8_000 },
          { text: 'As you like.', durationMs: 500 },
        ],
      },
    },
  });
  ingress = await startTracingIngress(() => stage.gateway.port);
  stage.telnyx.webhookUrl = `http://127.0.0.1:${ingress.port}/webhooks/`;
}

async function end(): Promise<void> {
  await stage.close();
  await Promise.all([ingress.close(), desk.close()]);
}

/** Greeting; a question that a tool answers; an answer that is cut off, and the next one; keys; the caller hangs up. */
async function holdCall(): Promise<SimulatedCall> {
  const { call, session } = await connectCall(stage);
  await session.waitFor('response.done');
  await call.waitForQuiet(60);
  await call.say(babble(700, -12, 1));
  // The answer with the tool's result, after the greeting.
  await call.waitFor('heard-audio', 10_000, 2);
  await call.waitForQuiet(60);
  await call.say(babble(700, -12, 2));
  const playedBefore = call.heard.playedBytes;
  await eventually(() => (call.heard.playedBytes > playedBefore + 800 * BYTES_PER_MS ? true : undefined), 'the story');
  await call.say(babble(700, -12, 3));
  await call.waitFor('heard-audio', 10_000, 4);
  await call.waitForQuiet(60);
  for (const key of KEYS) call.pressKey(key);
  await call.waitFor('heard-audio', 10_000, 5);
  await call.waitForQuiet(60);
  call.hangUp();
  await callEnded(stage, call);
  return call;
}

const ofTurn = (trace: WholeTrace, number: number): TraceSpan =>
  trace.one((span) => span.name === 'turn' && span.attributes['parley.turn.number'] === number);

describe('the trace of a call', () => {
  let call: SimulatedCall;
  let trace: WholeTrace;

  beforeAll(async () => {
    await begin();
    call = await holdCall();
    await traceOf(stage.collector, call);
    // With the process all that it had to send is sent: what would come after the summary has come.
    expect(await stage.gateway.stop('SIGTERM')).toBe(0);
    trace = await traceOf(stage.collector, call);
  }, 60_000);
  afterAll(end);

  it('is one, whole, and ends with the summary', () => {
    trace.expectWhole();
    trace.expectNothingAfterSummary();
    expect(new Set(stage.collector.spans.map(({ traceId }) => traceId)).size).toBe(1);
  });

  it('begins with the webhook that announces the call, and is over in an instant', () => {
    const { root } = trace;
    const answer = trace.one('telnyx answer');
    expect(root.attributes).toMatchObject({
      'parley.call.id': call.callControlId,
      'gen_ai.conversation.id': call.callControlId,
      'parley.call.session_id': call.callSessionId,
      'parley.caller.hash': expect.stringMatching(/^[0-9a-f]{20}$/) as string,
      'parley.callee.hash': expect.stringMatching(/^[0-9a-f]{20}$/) as string,
    });
    expect(root.status).not.toBe('error');
    expect(root.endMs - root.startMs).toBeLessThan(5_000);
    expect(answer.startMs).toBeGreaterThanOrEqual(root.startMs);
    expect(answer.attributes).toMatchObject({ 'http.response.status_code': 200 });
  });

  it("is not the ingress' own, to which it is only linked", () => {
    const [first = ''] = ingress.traceparents;
    const [, traceId, spanId] = first.split('-');
    expect(trace.traceId).not.toBe(traceId);
    expect(trace.root.links).toEqual([expect.objectContaining({ traceId, spanId })]);
    for (const { links } of trace.named('webhook call.hangup')) expect(links[0]?.traceId).toBe(traceId);
  });

  it.each([
    ['call', 'server'],
    ['webhook call.answered', 'server'],
    ['webhook streaming.started', 'server'],
    ['webhook call.hangup', 'server'],
    ['telnyx answer', 'client'],
    ['media_stream', 'server'],
    ['realtime_connect', 'client'],
    ['call.summary', 'internal'],
  ])('has one %s, of kind %s', (name, kind) => {
    expect(trace.one(name)).toMatchObject({ kind, status: 'unset' });
  });

  it('has the gateway for its origin, and nothing of the host that is nobody’s business', () => {
    const { resource } = trace.root;
    expect(resource).toMatchObject({ 'service.name': 'parley', 'service.instance.id': expect.any(String) as string });
    expect(Object.keys(resource).filter((name) => name.startsWith('process.'))).toEqual([]);
    expect(new Set(trace.spans.map((span) => span.resource['service.instance.id'])).size).toBe(1);
  });

  it('has a turn for the greeting, for each thing that the caller said, and for the keys', () => {
    expect(
      trace.turns.map(({ attributes }) => [attributes['parley.turn.number'], attributes['parley.turn.cause']]),
    ).toEqual([
      [0, 'greeting'],
      [1, 'caller'],
      [2, 'caller'],
      [3, 'caller'],
      [4, 'keys'],
    ]);
    for (const turn of trace.turns) expect(turn.kind).toBe('internal');
  });

  it('shows in a turn what the caller waited for: the model, a tool, the model again, and the sound on the line', () => {
    const turn = ofTurn(trace, 1);
    const children = trace.childrenOf(turn);
    expect(children.map(({ name, kind }) => [name, kind])).toEqual([
      ['user_speech', 'internal'],
      [`realtime_inference ${MODEL}`, 'client'],
      ['execute_tool find_parcel', 'internal'],
      [`realtime_inference ${MODEL}`, 'client'],
      ['playout', 'internal'],
    ]);
    const [speech, , tool, , playout] = children as [TraceSpan, TraceSpan, TraceSpan, TraceSpan, TraceSpan];
    expect(tool.attributes).toMatchObject({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'find_parcel',
      'gen_ai.tool.type': 'function',
      'gen_ai.tool.call.id': expect.any(String) as string,
    });
    expect(tool.endMs - tool.startMs).toBeGreaterThanOrEqual(TOOL_MS - 20);
    expect(playout.startMs).toBeGreaterThan(tool.endMs - 1);
    expect(playout.startMs).toBeGreaterThan(speech.endMs);
    expect(turn.attributes).toMatchObject({ 'parley.turn.outcome': 'heard', 'parley.turn.interrupted': false });
    const heardMs = Number(turn.attributes['parley.turn.audio_heard_ms']);
    // The tool is in it, and the turn was over long after the first sound.
    expect(heardMs).toBeGreaterThan(TOOL_MS);
    expect(heardMs).toBeLessThan(turn.endMs - speech.endMs);
  });

  it("describes the model's part in the words of the GenAI conventions", () => {
    const [, inference] = trace
      .childrenOf(ofTurn(trace, 1))
      .filter(({ name }) => name.startsWith('realtime_inference'));
    expect(inference?.attributes).toMatchObject({
      'gen_ai.operation.name': 'realtime_inference',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': MODEL,
      'gen_ai.output.type': 'speech',
      'gen_ai.response.id': expect.stringMatching(/^resp_/) as string,
      'gen_ai.realtime_session.id': expect.stringMatching(/^sess_/) as string,
      'gen_ai.response.finish_reasons': ['completed'],
      'gen_ai.usage.input_tokens': expect.any(Number) as number,
      'gen_ai.usage.audio.output_tokens': expect.any(Number) as number,
    });
    expect(trace.one('realtime_connect').attributes['gen_ai.realtime_session.id']).toBe(
      inference?.attributes['gen_ai.realtime_session.id'],
    );
  });

  it('tells of an interruption: when, and how much of the answer had been heard', () => {
    const turn = ofTurn(trace, 2);
    expect(turn).toMatchObject({ status: 'unset', attributes: { 'parley.turn.outcome': 'interrupted' } });
    const event = turn.events.find(({ name }) => name === 'barge_in');
    const playout = trace.childrenOf(turn).find(({ name }) => name === 'playout');
    const heardMs = Number(turn.attributes['parley.cut.heard_ms']);
    expect(event?.atMs).toBeLessThanOrEqual(turn.endMs);
    expect(heardMs).toBeGreaterThan(700);
    expect(Number(turn.attributes['parley.cut.of_ms'])).toBeGreaterThan(heardMs);
    expect(Math.abs(playout!.endMs - playout!.startMs - heardMs)).toBeLessThan(600);
    expect(Number(turn.attributes['parley.turn.barge_in_ms'])).toBeGreaterThan(0);
  });

  it('has the totals at its end', () => {
    expect(trace.one('call.summary').attributes).toMatchObject({
      'parley.call.id': call.callControlId,
      'parley.call.end_reason': 'caller-hung-up',
      'parley.call.interruptions': 1,
      'parley.call.resumes': 0,
      'parley.call.turns': expect.any(Number) as number,
      'parley.call.cost_usd': expect.any(Number) as number,
      'parley.call.duration_ms': expect.any(Number) as number,
      'parley.stream.codec': 'pcmu',
      'parley.media.frames_in': expect.any(Number) as number,
      'parley.media.frames_out': expect.any(Number) as number,
    });
  });

  it('has neither numbers, nor words, nor keys, nor secrets in any byte that was sent', () => {
    const sent = stage.collector.exports.map(({ body }) => body.toString('utf8')).join('\n');
    const [answer] = stage.telnyx.requests.filter(({ action }) => action === 'answer');
    const token = new URL(String(answer?.body['stream_url'])).pathname.split('/').at(-1) ?? '';
    expect(token.length).toBeGreaterThan(20);
    const private_ = [
      call.from.replace('+', ''),
      call.to.replace('+', ''),
      ...CALLER_WORDS,
      ...Object.values(ASSISTANT_WORDS),
      ...Object.values(TOOL_WORDS),
      KEYS.slice(0, -1),
      ...Object.values(SECRETS),
      stage.telnyx.apiKey,
      token,
      String(answer?.body['client_state']),
    ];
    expect(sent.length).toBeGreaterThan(10_000);
    for (const each of private_) expect(sent).not.toContain(each);
  });

  it('is known to nobody else: not to Telnyx, not to the model, not to a tool', () => {
    const headers = [
      ...stage.telnyx.requests.map((request) => request.headers),
      ...stage.realtime.sessions.map((session) => session.headers),
      ...desk.requests.map((request) => request.headers),
    ];
    expect(headers.length).toBeGreaterThanOrEqual(3);
    for (const each of headers) {
      expect(Object.keys(each).filter((name) => /trace|baggage|b3|jaeger/i.test(name))).toEqual([]);
      expect(JSON.stringify(each)).not.toContain(trace.traceId);
    }
  });

  it('is named on every line of the log about the call', () => {
    const lines = stage.gateway.lines.filter((line) => line['callId'] === call.callControlId);
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.filter((line) => line['traceId'] !== trace.traceId).map(({ msg }) => msg)).toEqual([]);
  });
});

describe('with leave to show numbers and words, a trace', () => {
  beforeAll(() => begin({ TRACE_NUMBERS: 'plain', TRACE_CONTENT: 'on' }), 30_000);
  afterAll(end);

  it('has them, and still no secret', async () => {
    const call = await holdCall();
    const trace = await traceOf(stage.collector, call);
    trace.expectWhole();
    expect(trace.root.attributes).toMatchObject({ 'parley.caller.number': call.from, 'parley.callee.number': call.to });
    expect(trace.root.attributes['parley.caller.hash']).toBeUndefined();
    expect(ofTurn(trace, 1).attributes).toMatchObject({
      'parley.content.caller': CALLER_WORDS[0],
      'parley.content.assistant': expect.stringContaining(ASSISTANT_WORDS.found) as string,
    });
    const tool = trace.one('execute_tool find_parcel').attributes;
    expect(tool['parley.content.tool_arguments']).toContain(TOOL_WORDS.arguments);
    expect(tool['parley.content.tool_result']).toContain(TOOL_WORDS.result);
    const sent = stage.collector.exports.map(({ body }) => body.toString('utf8')).join('\n');
    for (const secret of [...Object.values(SECRETS), stage.telnyx.apiKey]) expect(sent).not.toContain(secret);
  }, 30_000);
});
