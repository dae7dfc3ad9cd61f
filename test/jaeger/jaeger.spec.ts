import { JaegerServer } from './support/jaeger-server.js';
import { newSpanId, newTraceId, sendSpans } from './support/otlp-client.js';
import { complaints, orphans } from './support/wholeness.js';

/** What the tests of calls rely on: that this Jaeger takes, finds and criticises spans whoever sends them. */
describe('the Jaeger that the tests use', () => {
  const nowMs = Date.now();
  let jaeger: JaegerServer;

  beforeAll(async () => {
    jaeger = await JaegerServer.start();
  }, 120_000);

  afterAll(() => jaeger.close());

  it('gives back a trace by its id, by a tag, by an operation and by its length, and nothing else', async () => {
    const traceId = newTraceId();
    const spanId = newSpanId();
    await sendSpans(jaeger.otlpUrl, 'plain', traceId, [
      { name: 'first', spanId, startMs: nowMs - 2000, endMs: nowMs - 1000 },
      { name: 'second', parentSpanId: spanId, startMs: nowMs - 1900, endMs: nowMs - 1100, attributes: { word: 'yes' } },
    ]);
    await sendSpans(jaeger.otlpUrl, 'plain', newTraceId(), [{ name: 'other', startMs: nowMs - 9, endMs: nowMs }]);

    const trace = await jaeger.query.trace(traceId);
    expect(trace?.spans.map(({ operationName }) => operationName).sort()).toEqual(['first', 'second']);
    expect(trace && [complaints(trace), orphans(trace)]).toEqual([[], []]);
    expect([...(await jaeger.query.spanNamesV3(traceId)).values()].sort()).toEqual(['first', 'second']);
    expect(await jaeger.query.services()).toContain('plain');
    const service = 'plain';
    for (const search of [{ tags: { word: 'yes' } }, { operation: 'second' }, { minDurationMs: 900 }]) {
      const found = await jaeger.query.search({ service, ...search });
      expect(found.map(({ traceID }) => traceID)).toEqual([traceId]);
    }
    expect(await jaeger.query.search({ service, tags: { word: 'no' } })).toEqual([]);
    expect(await jaeger.query.trace(newTraceId())).toBeUndefined();
  });

  it('complains of a span whose parent never came', async () => {
    const traceId = newTraceId();
    const parentSpanId = newSpanId();
    await sendSpans(jaeger.otlpUrl, 'plain', traceId, [
      { name: 'orphan', parentSpanId, startMs: nowMs - 9, endMs: nowMs },
    ]);
    const trace = await jaeger.query.trace(traceId);
    expect(trace && complaints(trace)).toEqual([expect.stringContaining(parentSpanId)]);
    expect(trace && orphans(trace)).toEqual(['orphan']);
  });

  it('complains of two spans with one id', async () => {
    const traceId = newTraceId();
    const spanId = newSpanId();
    await sendSpans(jaeger.otlpUrl, 'plain', traceId, [
      { name: 'one', spanId, startMs: nowMs - 9, endMs: nowMs },
      { name: 'two', spanId, startMs: nowMs - 8, endMs: nowMs },
    ]);
    const trace = await jaeger.query.trace(traceId);
    expect(trace && complaints(trace)).toEqual([expect.stringContaining('duplicate span IDs')]);
  });

  it('says of a span that begins after its parent has ended only that it will not move it', async () => {
    const traceId = newTraceId();
    const spanId = newSpanId();
    const lateMs = nowMs - 500;
    await sendSpans(jaeger.otlpUrl, 'plain', traceId, [
      { name: 'short', spanId, startMs: nowMs - 2000, endMs: nowMs - 1900 },
      { name: 'late', parentSpanId: spanId, startMs: lateMs, endMs: lateMs + 10 },
    ]);
    const trace = await jaeger.query.trace(traceId);
    const late = trace?.spans.find(({ operationName }) => operationName === 'late');
    expect(late?.startTime).toBe(lateMs * 1000);
    expect(late?.warnings).toEqual([expect.stringMatching(/^clock skew adjustment disabled/)]);
    expect(trace && complaints(trace)).toEqual([]);
  });
});
