import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { contextOf, traceparentOf } from './traceparent.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';

describe('traceparent', () => {
  it.each(['00', '01'])('comes back as it was written, with flags %s', (flags) => {
    const traceparent = `00-${TRACE_ID}-${SPAN_ID}-${flags}`;
    const context = contextOf(traceparent);
    expect(context && traceparentOf(context)).toBe(traceparent);
  });

  it('reads the sampled bit alone of the flags', () => {
    const context = contextOf(`00-${TRACE_ID}-${SPAN_ID}-03`) ?? ROOT_CONTEXT;
    expect(trace.getSpanContext(context)).toEqual({
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      traceFlags: 1,
      isRemote: true,
    });
  });

  it.each([
    undefined,
    '',
    TRACE_ID,
    `01-${TRACE_ID}-${SPAN_ID}-01`,
    `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`,
    `00-${'0'.repeat(32)}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
    `00-${TRACE_ID}-${SPAN_ID}-01-more`,
    `00-${TRACE_ID}-${SPAN_ID}-01\n`,
  ])('is none: %p', (text) => {
    expect(contextOf(text)).toBeUndefined();
  });

  it('is none for a context without a span', () => {
    expect(traceparentOf(ROOT_CONTEXT)).toBeUndefined();
  });
});
