import { SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { CallTrace } from './call-trace.js';

const FOREIGN = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function setUp(share = 1): { tracer: Tracer; finished: () => ReadableSpan[] } {
  const exporter = new InMemorySpanExporter();
  const sampler = new TraceIdRatioBasedSampler(share);
  const provider = new TracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  return { tracer: provider.getTracer('test'), finished: () => exporter.getFinishedSpans() };
}

const epochMs = ([seconds, nanos]: readonly [number, number]): number => seconds * 1000 + nanos / 1e6;

describe('CallTrace', () => {
  it('begins with a root of its own, to which what came from outside is only linked', () => {
    const { tracer, finished } = setUp();
    const { trace: call, span } = CallTrace.begin(tracer, 'call', { kind: 'server', linkedTo: FOREIGN });
    span.end();
    const [root] = finished();
    expect(root).toMatchObject({ name: 'call', kind: SpanKind.SERVER, parentSpanContext: undefined });
    expect(root?.links.map(({ context }) => context.traceId)).toEqual([FOREIGN.split('-')[1]]);
    expect(root?.spanContext().traceId).not.toBe(FOREIGN.split('-')[1]);
    expect(call.traceparent).toBe(`00-${root?.spanContext().traceId}-${root?.spanContext().spanId}-01`);
    expect(call.traceId).toBe(root?.spanContext().traceId);
  });

  it('takes what is no traceparent for no link', () => {
    const { tracer, finished } = setUp();
    CallTrace.begin(tracer, 'call', { linkedTo: 'nonsense' }).span.end();
    expect(finished()[0]?.links).toEqual([]);
  });

  it('puts a whole tree below the root, with the times and attributes that it is given', () => {
    const { tracer, finished } = setUp();
    const { trace: call, span } = CallTrace.begin(tracer, 'call', {});
    span.end();
    call.record({
      name: 'turn',
      startMs: 1_700_000_000_000,
      endMs: 1_700_000_005_000,
      attributes: { number: 1, cut: false, nothing: undefined },
      events: [{ name: 'barge-in', atMs: 1_700_000_004_000, attributes: { heardMs: 12 } }],
      children: [
        {
          name: 'inference',
          kind: 'client',
          startMs: 1_700_000_001_000,
          endMs: 1_700_000_002_500,
          error: 'rate-limit',
        },
      ],
    });
    const [root, inference, turn] = finished();
    expect(turn).toMatchObject({
      name: 'turn',
      attributes: { number: 1, cut: false },
      status: { code: SpanStatusCode.UNSET },
    });
    expect(turn?.attributes).not.toHaveProperty('nothing');
    expect(turn?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId);
    expect(epochMs(turn?.startTime ?? [0, 0])).toBe(1_700_000_000_000);
    expect(epochMs(turn?.endTime ?? [0, 0])).toBe(1_700_000_005_000);
    expect(turn?.events).toMatchObject([{ name: 'barge-in', attributes: { heardMs: 12 } }]);
    expect(epochMs(turn?.events[0]?.time ?? [0, 0])).toBe(1_700_000_004_000);
    expect(inference).toMatchObject({
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.ERROR, message: 'rate-limit' },
      attributes: { 'error.type': 'rate-limit' },
    });
    expect(inference?.parentSpanContext?.spanId).toBe(turn?.spanContext().spanId);
  });

  it('ends an open span once, and never before it began', () => {
    const { tracer, finished } = setUp();
    const { trace: call } = CallTrace.begin(tracer, 'call', {});
    const open = call.begin('telnyx answer', { attributes: { a: 1 } });
    open.set({ b: 'two', c: undefined });
    open.event('retried');
    open.end('http-503');
    open.end();
    call.record({ name: 'clock set back', startMs: 2_000_000_000_000, endMs: 1_999_999_999_000 });
    expect(finished().map(({ name }) => name)).toEqual(['telnyx answer', 'clock set back']);
    expect(finished()[0]).toMatchObject({ attributes: { a: 1, b: 'two', 'error.type': 'http-503' } });
    const lengthMs = epochMs(finished()[1]?.duration ?? [0, 0]);
    expect(lengthMs).toBeGreaterThanOrEqual(0);
    expect(lengthMs).toBeLessThan(0.01);
  });

  it('goes on elsewhere under the same root', () => {
    const here = setUp();
    const there = setUp();
    const { trace: call, span } = CallTrace.begin(here.tracer, 'call', {});
    span.end();
    CallTrace.join(there.tracer, call.traceparent).note('take_over', { reason: 'dead' });
    const [root] = here.finished();
    expect(there.finished()[0]?.spanContext().traceId).toBe(root?.spanContext().traceId);
    expect(there.finished()[0]?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId);
  });

  it('is not sampled anywhere if it was not at its beginning', () => {
    const here = setUp(0);
    const there = setUp(1);
    const { trace: call, span } = CallTrace.begin(here.tracer, 'call', {});
    span.end();
    call.note('webhook');
    const joined = CallTrace.join(there.tracer, call.traceparent);
    joined.begin('media_stream').end();
    expect(call.traceparent).toMatch(/-00$/);
    expect([...here.finished(), ...there.finished()]).toEqual([]);
  });

  it('is nothing without an SDK, and costs nobody anything', () => {
    const { trace: call, span } = CallTrace.begin(trace.getTracer('none'), 'call', {});
    span.end();
    call.begin('media_stream').end();
    call.record({ name: 'turn', startMs: 0, endMs: 1 });
    expect(call).toBe(CallTrace.NONE);
    expect(call.traceparent).toBeUndefined();
    expect(CallTrace.join(trace.getTracer('none'), 'nonsense')).toBe(CallTrace.NONE);
  });
});
