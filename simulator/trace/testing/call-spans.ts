import { type TraceSpan } from '../span.js';

const BEGUN_AT_MS = 1_700_000_000_000;

/** A span of a made-up trace; times since its beginning. */
export function spanOf(
  name: string,
  [fromMs, toMs]: readonly [number, number],
  more: Partial<TraceSpan> & { id?: string; below?: string } = {},
): TraceSpan {
  const { id = name, below, ...rest } = more;
  return {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: id,
    parentSpanId: below,
    name,
    kind: 'internal',
    startMs: BEGUN_AT_MS + fromMs,
    endMs: BEGUN_AT_MS + toMs,
    attributes: {},
    events: [],
    links: [],
    status: 'unset',
    statusMessage: undefined,
    resource: { 'service.instance.id': 'one' },
    ...rest,
  };
}

/** A call of ten seconds with one turn, as an exporter may send it: children first, and not in order. */
export const CALL_SPANS: readonly TraceSpan[] = [
  spanOf('user_speech', [2_000, 3_500], { below: 'turn' }),
  spanOf('playout', [4_600, 8_000], { below: 'turn' }),
  spanOf('turn', [2_000, 8_000], {
    below: 'call',
    attributes: { 'parley.turn.number': 1, 'parley.turn.outcome': 'interrupted' },
  }),
  spanOf('call.summary', [10_000, 10_000], {
    below: 'call',
    attributes: { 'parley.call.end_reason': 'caller-hung-up' },
  }),
  spanOf('realtime_inference gpt-realtime', [4_000, 4_700], { below: 'turn' }),
  spanOf('telnyx answer', [20, 140], { below: 'call' }),
  spanOf('call', [0, 150]),
];
