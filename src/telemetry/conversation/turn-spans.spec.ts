import { type TurnTimeline, type TurnTool } from '../../conversation/observer.port.js';
import { type FinishedSpan } from '../trace/call-trace.js';
import { failed, outcome, response, T0, tool, turn } from './testing/turns.js';
import { turnSpans } from './turn-spans.js';

const FACTS = {
  model: 'gpt-realtime-2.1',
  attributes: { 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-realtime-2.1' },
};
const INFERENCE = 'realtime_inference gpt-realtime-2.1';

function spansOf(timeline: TurnTimeline, content = false): FinishedSpan[] {
  return turnSpans(timeline, { callId: 'v3:call', facts: FACTS, content });
}

function treeOf(timeline: TurnTimeline, content = false): FinishedSpan {
  const [root] = spansOf(timeline, content);
  if (!root) throw new Error('no span');
  return root;
}

function child(timeline: TurnTimeline, name: string, content = false): FinishedSpan {
  const found = treeOf(timeline, content).children?.find((span) => span.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}

/** Without what is undefined, which no span gets. */
function attributesOf({ attributes = {} }: FinishedSpan): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

function everySpan(spans: readonly FinishedSpan[]): FinishedSpan[] {
  return spans.flatMap((span) => [span, ...everySpan(span.children ?? [])]);
}

describe('turnSpans', () => {
  it('shows a turn as what the caller said, what the model did, which tools ran, and what was heard', () => {
    const root = treeOf(turn({ tools: [tool()] }));
    expect([root.name, root.startMs, root.endMs]).toEqual(['turn', T0, T0 + 4_000]);
    expect(root.children?.map(({ name, kind = 'internal', startMs, endMs }) => [name, kind, startMs, endMs])).toEqual([
      ['user_speech', 'internal', T0, T0 + 1_000],
      [INFERENCE, 'client', T0 + 1_150, T0 + 2_000],
      ['execute_tool find_order', 'internal', T0 + 1_300, T0 + 1_360],
      ['playout', 'internal', T0 + 1_420, T0 + 4_000],
    ]);
    expect(everySpan([root]).map(({ error }) => error)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('says of the turn how long the caller waited for what, from the end of their words', () => {
    expect(attributesOf(treeOf(turn()))).toEqual({
      'gen_ai.conversation.id': 'v3:call',
      'gen_ai.realtime_session.id': 'sess_1',
      'parley.turn.number': 3,
      'parley.turn.cause': 'caller',
      'parley.turn.outcome': 'heard',
      'parley.turn.interrupted': false,
      'parley.turn.response_created_ms': 150,
      'parley.turn.model_audio_ms': 400,
      'parley.turn.audio_sent_ms': 420,
      'parley.turn.audio_heard_ms': 600,
      'parley.turn.cost_usd': 0.01,
    });
  });

  it('says of a response all that the conventions have a name for', () => {
    expect(attributesOf(child(turn(), INFERENCE))).toEqual({
      'gen_ai.conversation.id': 'v3:call',
      'gen_ai.realtime_session.id': 'sess_1',
      'gen_ai.operation.name': 'realtime_inference',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-realtime-2.1',
      'gen_ai.response.id': 'resp_1',
      'gen_ai.response.finish_reasons': ['completed'],
      'gen_ai.output.type': 'speech',
      'gen_ai.usage.input_tokens': 140,
      'gen_ai.usage.output_tokens': 100,
      'gen_ai.usage.text.input_tokens': 100,
      'gen_ai.usage.audio.input_tokens': 40,
      'gen_ai.usage.text.output_tokens': 20,
      'gen_ai.usage.audio.output_tokens': 80,
      'gen_ai.usage.cache_read.input_tokens': 70,
      'gen_ai.usage.text.cache_read.input_tokens': 60,
      'gen_ai.usage.audio.cache_read.input_tokens': 10,
      'parley.response.cost_usd': 0.01,
      'parley.response.wait_ms': 50,
      'parley.response.first_audio_ms': 250,
      'parley.response.audio_ms': 2_400,
      'parley.response.dropped': false,
    });
    expect(child(turn(), INFERENCE).events).toEqual([{ name: 'first_audio', atMs: T0 + 1_400 }]);
  });

  it('has one inference for every response, also for one that the caller never got', () => {
    const dropped = response({ responseId: 'resp_0', dropped: true, createdAtMs: T0 + 500, doneAtMs: T0 + 600 });
    const inferences = treeOf(turn({ responses: [dropped, response()] })).children?.filter(
      ({ name }) => name === INFERENCE,
    );
    expect(inferences?.map(({ attributes }) => attributes?.['parley.response.dropped'])).toEqual([true, false]);
  });

  it.each([
    ['the reason of an interrupted one', { status: 'cancelled', reason: 'turn_detected' }, ['turn_detected']],
    ['the reason of an unfinished one', { status: 'incomplete', reason: 'max_output_tokens' }, ['max_output_tokens']],
    ['what became of one without a reason', { status: 'cancelled' }, ['cancelled']],
  ] as const)('gives as finish reason %s, and calls it no error', (_, end, reasons) => {
    const inference = child(turn({ responses: [response({ outcome: outcome(end) })] }), INFERENCE);
    expect(inference.attributes?.['gen_ai.response.finish_reasons']).toEqual(reasons);
    expect(inference.error).toBeUndefined();
  });

  it('shows a response that failed as an error, with its class', () => {
    const failure = { kind: 'retryable', code: 'rate_limit_exceeded', message: 'secret' } as const;
    const responses = [response({ outcome: failed(failure) }), response({ outcome: undefined })];
    const timeline = turn({ responses, outcome: 'failed', playout: undefined });
    const inference = child(timeline, INFERENCE);
    expect(inference.error).toBe('rate_limit_exceeded');
    expect(inference.attributes).toMatchObject({
      'gen_ai.response.finish_reasons': ['error'],
      'parley.failure.class': 'rate-limit',
      'parley.failure.kind': 'retryable',
    });
    expect(treeOf(timeline).error).toBe('rate_limit_exceeded');
    expect(JSON.stringify(spansOf(timeline))).not.toContain('secret');
  });

  it('shows a turn as an error that failed without a word of the model for it', () => {
    expect(treeOf(turn({ outcome: 'failed', responses: [] })).error).toBe('failed');
  });

  it('shows what was under way when its session was lost as an error', () => {
    const timeline = turn({ outcome: 'lost', responses: [response(), response({ outcome: undefined })] });
    expect(treeOf(timeline).error).toBe('session-lost');
    const inferences = treeOf(timeline).children?.filter(({ name }) => name === INFERENCE);
    expect(inferences?.map(({ error }) => error)).toEqual([undefined, 'session-lost']);
    expect(inferences?.[1]?.attributes?.['gen_ai.response.finish_reasons']).toEqual(['error']);
  });

  it.each(['heard', 'interrupted', 'skipped', 'over'] as const)('does not call a turn that was %s an error', (end) => {
    const timeline = turn({ outcome: end, responses: [response({ outcome: undefined })] });
    expect(everySpan(spansOf(timeline)).map(({ error }) => error)).not.toContainEqual(expect.any(String));
  });

  it('shows where the caller cut the assistant off, and what they had heard', () => {
    const cut = { heardMs: 812.4, ofMs: 2_400 };
    const timeline = turn({ outcome: 'interrupted', cut, bargeInMs: 93.6 });
    const expected = { 'parley.turn.barge_in_ms': 94, 'parley.cut.heard_ms': 812, 'parley.cut.of_ms': 2_400 };
    const root = treeOf(timeline);
    expect(root.attributes).toMatchObject({ ...expected, 'parley.turn.interrupted': true });
    expect(root.events).toEqual([{ name: 'barge_in', atMs: T0 + 4_000, attributes: expected }]);
    expect(child(timeline, 'playout').attributes).toMatchObject({
      'parley.cut.heard_ms': 812,
      'parley.cut.of_ms': 2_400,
    });
  });

  it('marks within the playout when the caller began to hear it', () => {
    expect(child(turn(), 'playout').events).toEqual([{ name: 'first_heard', atMs: T0 + 1_600 }]);
    const playout = { firstSentAtMs: T0 + 1_420, firstHeardAtMs: undefined, endedAtMs: T0 + 1_500 };
    expect(child(turn({ playout }), 'playout').events).toEqual([]);
  });

  it('says of a tool which kind it is, where it runs, and what went wrong', () => {
    const attributes = attributesOf(child(turn({ tools: [tool()] }), 'execute_tool find_order'));
    expect(attributes).toEqual({
      'gen_ai.conversation.id': 'v3:call',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'find_order',
      'gen_ai.tool.call.id': 'call_1',
      'gen_ai.tool.type': 'function',
      'parley.tool.kind': 'http',
      'parley.tool.late': false,
      'parley.turn.number': 3,
    });
    const remote = child(turn({ tools: [tool({ kind: 'mcp', error: 'http-503' })] }), 'execute_tool find_order');
    expect(remote.attributes).toMatchObject({ 'gen_ai.tool.type': 'extension', 'parley.tool.kind': 'mcp' });
    expect(remote.error).toBe('http-503');
  });

  it('shows a tool that the turn did not wait for beside it, so that the turn is as long as it was', () => {
    const late = tool({ late: true, endedAtMs: T0 + 300_000 });
    const [root, beside, ...others] = spansOf(turn({ tools: [late] }));
    expect(root?.endMs).toBe(T0 + 4_000);
    expect(root?.children?.map(({ name }) => name)).not.toContain('execute_tool find_order');
    expect(beside).toMatchObject({ name: 'execute_tool find_order', endMs: T0 + 300_000 });
    expect(beside?.attributes).toMatchObject({ 'parley.turn.number': 3, 'parley.tool.late': true });
    expect(others).toEqual([]);
  });

  it('does not make a name of what the model made up', () => {
    const made = tool({ name: 'my secret is 4711', error: 'no such: my secret' });
    const code = 'he said: my secret';
    const responses = [response({ outcome: failed({ kind: 'retryable', code, message: code }) })];
    const timeline = turn({ tools: [made], responses, outcome: 'failed' });
    expect(child(timeline, 'execute_tool _OTHER').error).toBe('_OTHER');
    expect(treeOf(timeline).error).toBe('_OTHER');
    expect(JSON.stringify(spansOf(timeline))).not.toContain('secret');
  });

  it('says what a turn cost only where all of it is known', () => {
    const cost = (...costs: (number | undefined)[]): unknown => {
      const responses = costs.map((costUsd) => response({ outcome: outcome({ costUsd }) }));
      return treeOf(turn({ responses })).attributes?.['parley.turn.cost_usd'];
    };
    expect(cost(0.25, 0.5)).toBe(0.75);
    expect(cost(0.25, undefined)).toBeUndefined();
    expect(cost()).toBeUndefined();
    const unused = response({ outcome: outcome({ usage: undefined, costUsd: undefined }) });
    expect(treeOf(turn({ responses: [response(), unused] })).attributes?.['parley.turn.cost_usd']).toBe(0.01);
  });

  describe('with what was said and what tools were given', () => {
    const run: TurnTool = { ...tool(), words: { argumentsText: '{"order":"secret"}', output: 'private' } };
    const timeline = turn({ tools: [run] });

    it('shows nothing of it by default', () => {
      expect(JSON.stringify(spansOf(timeline))).not.toMatch(/secret|private|parley\.content\.\w+":"/);
    });

    it('shows it where that was asked for', () => {
      expect(treeOf(timeline, true).attributes).toMatchObject({
        'parley.content.caller': 'my secret question',
        'parley.content.assistant': 'a private answer',
      });
      expect(child(timeline, 'execute_tool find_order', true).attributes).toMatchObject({
        'parley.content.tool_arguments': '{"order":"secret"}',
        'parley.content.tool_result': 'private',
      });
    });
  });
});
