import {
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api';
import { contextOf, traceparentOf } from './traceparent.js';

export type SpanAttributes = Record<string, string | number | boolean | string[] | undefined>;

/** Something that happened at one moment. */
export interface SpanEvent {
  name: string;
  /** Milliseconds since 1970. */
  atMs: number;
  attributes?: SpanAttributes;
}

/** A span that is over, with all that it is made of. Times are milliseconds since 1970. */
export interface FinishedSpan {
  name: string;
  kind?: 'internal' | 'server' | 'client';
  startMs: number;
  endMs: number;
  attributes?: SpanAttributes;
  events?: readonly SpanEvent[];
  /** It failed: a word of ours, of bounded number (`error.type`). */
  error?: string | undefined;
  children?: readonly FinishedSpan[];
}

/** A span that goes on. */
export interface OpenSpan {
  set(attributes: SpanAttributes): void;
  event(name: string, attributes?: SpanAttributes): void;
  /** @param error it failed: a word of ours, of bounded number (`error.type`). Later ends change nothing. */
  end(error?: string): void;
}

export interface SpanOptions {
  kind?: FinishedSpan['kind'];
  /** Milliseconds since 1970; default: now. */
  startMs?: number;
  attributes?: SpanAttributes;
  /** A W3C `traceparent` from outside: related, and nothing more. */
  linkedTo?: string | undefined;
}

const KINDS = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT };

/** Jaeger takes a span of no length for one that ends before it begins, and says so. */
const LEAST_MS = 0.001;

const SILENT: OpenSpan = { set: () => undefined, event: () => undefined, end: () => undefined };

/**
 * The trace of one call. Every span of it hangs below the call's root, a short one that has been over since the call was
 * answered: no span is as long as a call, and none is lost with a pod but what was not sent yet. Costs nothing
 * where the call is not traced.
 */
export class CallTrace {
  /** A call that nobody traces. */
  static readonly NONE = new CallTrace(undefined, ROOT_CONTEXT, false);

  private constructor(
    private readonly tracer: Tracer | undefined,
    private readonly root: Context,
    readonly recording: boolean,
  ) {}

  /** Goes on with the trace that another hop or pod carries; with none where that is not one. */
  static join(tracer: Tracer, traceparent: string | undefined): CallTrace {
    const root = contextOf(traceparent);
    return root ? CallTrace.below(tracer, root) : CallTrace.NONE;
  }

  /** Begins a call's trace, with its root span. Whether the call is sampled is decided here and nowhere else. */
  static begin(tracer: Tracer, name: string, options: SpanOptions): { trace: CallTrace; span: OpenSpan } {
    const span = startSpan(tracer, name, options, ROOT_CONTEXT);
    if (!trace.isSpanContextValid(span.spanContext())) return { trace: CallTrace.NONE, span: SILENT };
    return { trace: CallTrace.below(tracer, trace.setSpanContext(ROOT_CONTEXT, span.spanContext())), span: open(span) };
  }

  private static below(tracer: Tracer, root: Context): CallTrace {
    const flags = trace.getSpanContext(root)?.traceFlags ?? TraceFlags.NONE;
    return new CallTrace(tracer, root, (flags & TraceFlags.SAMPLED) !== 0);
  }

  /** The root in W3C's form, to be carried to other hops and pods; undefined where nothing is traced. */
  get traceparent(): string | undefined {
    return traceparentOf(this.root);
  }

  /** For log lines; undefined where nothing is traced. */
  get traceId(): string | undefined {
    return trace.getSpanContext(this.root)?.traceId;
  }

  /** Begins a span below the root. Whoever begins it ends it, within seconds. */
  begin(name: string, options: SpanOptions = {}): OpenSpan {
    if (!this.recording || !this.tracer) return SILENT;
    return open(startSpan(this.tracer, name, options, this.root));
  }

  /** Adds a span that is over, with its children, below the root. */
  record(span: FinishedSpan): void {
    if (this.recording && this.tracer) write(this.tracer, span, this.root);
  }

  /** Adds something that happened just now, as a span of no length. */
  note(name: string, attributes?: SpanAttributes, error?: string): void {
    if (!this.recording) return;
    const nowMs = Date.now();
    this.record({ name, startMs: nowMs, endMs: nowMs, error, ...(attributes && { attributes }) });
  }
}

function startSpan(tracer: Tracer, name: string, options: SpanOptions, parent: Context): Span {
  const { kind = 'internal', startMs, attributes = {}, linkedTo } = options;
  const given = { kind: KINDS[kind], links: linksTo(linkedTo) };
  const span = tracer.startSpan(name, startMs === undefined ? given : { ...given, startTime: startMs }, parent);
  // Afterwards: what a span begins with is copied twice, for samplers that look at it. Leaves out what is undefined.
  return span.setAttributes(attributes);
}

function linksTo(traceparent: string | undefined): Link[] {
  const context = traceparent === undefined ? undefined : trace.getSpanContext(contextOf(traceparent) ?? ROOT_CONTEXT);
  return context ? [{ context }] : [];
}

function open(span: Span): OpenSpan {
  let over = false;
  return {
    set: (attributes) => void span.setAttributes(attributes),
    event: (name, attributes) => void span.addEvent(name, attributes),
    end: (error) => {
      if (over) return;
      over = true;
      if (error !== undefined) fail(span, error);
      span.end();
    },
  };
}

function write(tracer: Tracer, finished: FinishedSpan, parent: Context): void {
  const { name, startMs, attributes, events = [], error, children = [] } = finished;
  const span = startSpan(tracer, name, { kind: finished.kind, startMs, attributes }, parent);
  for (const { name: what, atMs, attributes: about } of events) span.addEvent(what, about, atMs);
  if (error !== undefined) fail(span, error);
  if (children.length > 0) {
    const context = trace.setSpan(parent, span);
    for (const child of children) write(tracer, child, context);
  }
  span.end(endOf(finished));
}

/** Never before what is in it. */
function endOf({ startMs, endMs, children = [] }: FinishedSpan): number {
  return Math.max(startMs + LEAST_MS, endMs, ...children.map(endOf));
}

function fail(span: Span, error: string): void {
  span.setAttribute('error.type', error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error });
}
