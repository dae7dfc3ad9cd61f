import { type TraceSpan } from './span.js';

/** What a span is about, for its colour. */
export type SpanRole = 'set-up' | 'turn' | 'caller' | 'model' | 'tool' | 'playout' | 'trouble' | 'summary';

/** One line of a waterfall. */
export interface WaterfallRow {
  readonly span: TraceSpan;
  readonly label: string;
  /** 0: a root, or the span that the picture is of. */
  readonly depth: number;
  /** For each level above it: whether more of that level follows below. The last one is about the row itself. */
  readonly more: readonly boolean[];
  readonly role: SpanRole;
  /** Since the beginning of the picture. */
  readonly offsetMs: number;
  readonly durationMs: number;
  /** What a look should not miss: an error, how a turn ended, the other pod. */
  readonly note: string;
}

export interface Waterfall {
  readonly rows: readonly WaterfallRow[];
  /** From the first beginning to the last end. */
  readonly lengthMs: number;
  /** Spans whose parent is not among the spans: they stand as roots. */
  readonly orphans: readonly TraceSpan[];
}

/**
 * Orders the spans of one trace as a waterfall: children below their parent, by their beginning.
 * @param of id of a span: only that and what is below it. An id that is not there gives no rows.
 */
export function waterfallOf(spans: readonly TraceSpan[], of?: string): Waterfall {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const children = new Map<string, TraceSpan[]>();
  const roots: TraceSpan[] = [];
  const orphans: TraceSpan[] = [];
  for (const span of [...spans].sort(byBeginning)) {
    const { parentSpanId } = span;
    if (parentSpanId !== undefined && byId.has(parentSpanId))
      children.set(parentSpanId, [...(children.get(parentSpanId) ?? []), span]);
    else roots.push(span);
    if (parentSpanId !== undefined && !byId.has(parentSpanId)) orphans.push(span);
  }
  const only = byId.get(of ?? '');
  const tops = of === undefined ? roots : only ? [only] : [];
  const ordered: { span: TraceSpan; depth: number; more: boolean[] }[] = [];
  const walk = (siblings: readonly TraceSpan[], depth: number, above: readonly boolean[]): void => {
    for (const [index, span] of siblings.entries()) {
      const more = depth === 0 ? [] : [...above, index < siblings.length - 1];
      ordered.push({ span, depth, more });
      walk(children.get(span.spanId) ?? [], depth + 1, more);
    }
  };
  walk(tops, 0, []);
  const beginMs = Math.min(...ordered.map(({ span }) => span.startMs));
  const endMs = Math.max(...ordered.map(({ span }) => span.endMs));
  const pods = new Set(spans.map(podOf));
  return {
    rows: ordered.map(({ span, depth, more }) => ({
      span,
      label: labelOf(span),
      depth,
      more,
      role: roleOf(span),
      offsetMs: span.startMs - beginMs,
      durationMs: Math.max(0, span.endMs - span.startMs),
      note: noteOf(span, pods.size > 1),
    })),
    lengthMs: ordered.length === 0 ? 0 : endMs - beginMs,
    orphans,
  };
}

function byBeginning(one: TraceSpan, other: TraceSpan): number {
  return one.startMs - other.startMs || other.endMs - one.endMs;
}

function labelOf({ name, attributes }: TraceSpan): string {
  const number = attributes['parley.turn.number'];
  return name === 'turn' && typeof number === 'number' ? `turn ${number}` : name;
}

const TROUBLE = new Set(['resume', 'take_over', 'hand_over', 'recover', 'relay', 'transfer', 'stream_lost', 'drain']);

function roleOf({ name }: TraceSpan): SpanRole {
  if (name === 'turn') return 'turn';
  if (name === 'user_speech') return 'caller';
  if (name.startsWith('realtime_inference')) return 'model';
  if (name.startsWith('execute_tool')) return 'tool';
  if (name === 'playout') return 'playout';
  if (name === 'call.summary') return 'summary';
  return TROUBLE.has(name) ? 'trouble' : 'set-up';
}

/** Attributes that say at a glance how something went, with the words around them. */
const TELLING: readonly (readonly [string, (value: string) => string])[] = [
  ['error.type', (value) => `✗ ${value}`],
  ['parley.turn.outcome', (value) => (value === 'heard' ? '' : value)],
  ['parley.call.end_reason', (value) => value],
];

function noteOf(span: TraceSpan, manyPods: boolean): string {
  const told = TELLING.flatMap(([name, words]) => {
    const value = span.attributes[name];
    return value === undefined ? [] : [words(String(value))];
  });
  if (span.status === 'error' && told.every((text) => !text.startsWith('✗')))
    told.push(`✗ ${span.statusMessage ?? 'error'}`);
  if (manyPods) told.push(podOf(span));
  return [...new Set(told)].filter((text) => text !== '').join(', ');
}

function podOf({ resource }: TraceSpan): string {
  return String(resource['k8s.pod.name'] ?? resource['service.instance.id'] ?? '');
}

/** Milliseconds as they stand in a column: whole, and tenths of what is short. */
export function milliseconds(ms: number): string {
  return ms < 10 && ms > 0 ? ms.toFixed(1) : String(Math.round(ms));
}

/** Steps of a time axis: few enough for `columns` characters, at least `apart` from one to the next. */
export function axisStepMs(lengthMs: number, columns: number, apart: number): number {
  for (const unit of [1, 10, 100, 1_000, 10_000, 100_000])
    for (const times of [1, 2, 5]) if (((unit * times) / lengthMs) * columns >= apart) return unit * times;
  return 1_000_000;
}

/** A moment on the axis: `850 ms`, `12 s`, `1.5 s`. */
export function axisLabel(ms: number, stepMs: number): string {
  if (stepMs < 100) return `${ms} ms`;
  return `${stepMs < 1_000 ? (ms / 1_000).toFixed(1) : String(ms / 1_000)} s`;
}
