import { trace as tracing } from '@opentelemetry/api';
import fc from 'fast-check';
import { type ModelFailure, type ResponseOutcome } from '../../conversation/model.port.js';
import { type TurnTimeline } from '../../conversation/observer.port.js';
import { RecordedSpans } from '../testing/recorded-spans.js';
import { CallTrace, type FinishedSpan } from '../trace/call-trace.js';
import { modelFacts } from './model-facts.js';
import { T0 } from './testing/turns.js';
import { turnLatencies } from './turn-latencies.js';
import { turnSpans } from './turn-spans.js';

const FACTS = modelFacts({ url: 'wss://api.openai.com/v1/realtime', model: 'gpt-x' });

const time = fc.integer({ min: T0 - 5_000, max: T0 + 60_000 });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const duration = fc.double({ min: 0, max: 60_000, noNaN: true });
const tokens = fc.nat(10_000);
const anyFailure: fc.Arbitrary<ModelFailure> = fc.record({
  kind: fc.constantFrom('fatal', 'retryable'),
  code: fc.oneof(fc.constantFrom('rate_limit_exceeded', 'server_error'), fc.string()),
  message: fc.string(),
});
const anyOutcome: fc.Arbitrary<ResponseOutcome> = fc.record({
  responseId: fc.string(),
  status: fc.constantFrom('completed', 'cancelled', 'failed', 'incomplete'),
  reason: maybe(fc.string()),
  failure: maybe(anyFailure),
  usage: maybe(
    fc.record({
      inputTextTokens: tokens,
      inputAudioTokens: tokens,
      cachedTextTokens: tokens,
      cachedAudioTokens: tokens,
      outputTextTokens: tokens,
      outputAudioTokens: tokens,
    }),
  ),
  costUsd: maybe(fc.double({ min: 0, max: 10, noNaN: true })),
});

/** Any turn at all, also one whose times make no sense because the clock was set meanwhile. */
const anyTurn: fc.Arbitrary<TurnTimeline> = fc.record({
  number: fc.nat(1_000),
  cause: fc.constantFrom('greeting', 'caller', 'keys', 'note'),
  startedAtMs: time,
  endedAtMs: time,
  sessionId: maybe(fc.string()),
  callerSpeech: maybe(fc.record({ startedAtMs: time, endedAtMs: time })),
  responses: fc.array(
    fc.record({
      responseId: fc.string(),
      askedAtMs: maybe(time),
      createdAtMs: time,
      firstAudioAtMs: maybe(time),
      doneAtMs: time,
      outcome: maybe(anyOutcome),
      dropped: fc.boolean(),
      audioMs: duration,
    }),
    { maxLength: 5 },
  ),
  tools: fc.array(
    fc.record({
      toolCallId: fc.string(),
      name: fc.string(),
      kind: fc.constantFrom('built-in', 'http', 'mcp'),
      startedAtMs: time,
      endedAtMs: time,
      error: maybe(fc.string()),
      late: fc.boolean(),
    }),
    { maxLength: 5 },
  ),
  playout: maybe(fc.record({ firstSentAtMs: time, firstHeardAtMs: maybe(time), endedAtMs: time })),
  outcome: fc.constantFrom('heard', 'interrupted', 'skipped', 'failed', 'lost', 'over'),
  cut: maybe(fc.record({ heardMs: duration, ofMs: duration })),
  bargeInMs: maybe(duration),
  words: fc.record({ caller: maybe(fc.string()), assistant: maybe(fc.string()) }),
});

function spansOf(timeline: TurnTimeline, content = false): FinishedSpan[] {
  return turnSpans(timeline, { callId: 'v3:call', facts: FACTS, content });
}

function everySpan(spans: readonly FinishedSpan[]): FinishedSpan[] {
  return spans.flatMap((span) => [span, ...everySpan(span.children ?? [])]);
}

describe('any turn', () => {
  it('makes a well-formed tree: nothing ends before it began, nothing is outside of its turn', () => {
    fc.assert(
      fc.property(anyTurn, fc.boolean(), (timeline, content) => {
        const [root, ...beside] = spansOf(timeline, content);
        if (!root) throw new Error('no span');
        const inside = timeline.tools.filter(({ late }) => !late).length;
        const { callerSpeech, playout, responses } = timeline;
        const expected = (callerSpeech ? 1 : 0) + (playout ? 1 : 0) + responses.length + inside;
        expect(root.children).toHaveLength(expected);
        expect(beside).toHaveLength(timeline.tools.length - inside);
        for (const { startMs, endMs } of everySpan([root, ...beside])) expect(endMs).toBeGreaterThanOrEqual(startMs);
        for (const { startMs, endMs } of root.children ?? []) {
          expect(startMs).toBeGreaterThanOrEqual(root.startMs);
          expect(endMs).toBeLessThanOrEqual(root.endMs);
        }
      }),
    );
  });

  it('never has a negative latency', () => {
    fc.assert(
      fc.property(anyTurn, (timeline) => {
        for (const latencyMs of Object.values(turnLatencies(timeline)) as (number | undefined)[]) {
          expect(latencyMs ?? 0).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  it('makes spans that a backend can read: each below its turn, and no value missing', async () => {
    const spans = new RecordedSpans();
    const { trace, span } = CallTrace.begin(tracing.getTracer('test'), 'call', {});
    span.end();
    fc.assert(
      fc.property(anyTurn, (timeline) => {
        spans.forget();
        for (const each of spansOf(timeline, true)) trace.record(each);
        const over = spans.one('turn');
        for (const { parentSpanId, attributes, startMs, endMs } of spans.all) {
          expect([over.parentSpanId, over.spanId]).toContain(parentSpanId);
          expect(endMs).toBeGreaterThanOrEqual(startMs);
          for (const value of Object.values(attributes)) {
            expect(value).toBeDefined();
            if (typeof value === 'number') expect(value).toBeGreaterThanOrEqual(0);
          }
        }
      }),
    );
    await spans.close();
  });
});
