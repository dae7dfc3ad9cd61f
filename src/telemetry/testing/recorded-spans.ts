import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

/** A span as tests look at it. Times are milliseconds since 1970. */
export interface RecordedSpan {
  name: string;
  kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  attributes: ReadableSpan['attributes'];
  events: string[];
  /** Span ids of what it is linked to. */
  links: string[];
  startMs: number;
  endMs: number;
  failed: boolean;
}

const KINDS = {
  [SpanKind.INTERNAL]: 'internal',
  [SpanKind.SERVER]: 'server',
  [SpanKind.CLIENT]: 'client',
  [SpanKind.PRODUCER]: 'producer',
  [SpanKind.CONSUMER]: 'consumer',
} as const;

/** Spans of a test, in memory. OpenTelemetry has one provider a process, and Jest gives each test file its own globals. */
export class RecordedSpans {
  private readonly exporter = new InMemorySpanExporter();
  private readonly provider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter: this.exporter })],
  });

  constructor() {
    trace.setGlobalTracerProvider(this.provider);
  }

  /** What has ended so far, in the order in which it ended. */
  get all(): RecordedSpan[] {
    return this.exporter.getFinishedSpans().map(read);
  }

  get names(): string[] {
    return this.all.map(({ name }) => name);
  }

  named(name: string): RecordedSpan[] {
    return this.all.filter((span) => span.name === name);
  }

  /** The one span of that name; throws where there is none, or another. */
  one(name: string): RecordedSpan {
    const [span, ...more] = this.named(name);
    if (!span || more.length > 0)
      throw new Error(`${more.length + (span ? 1 : 0)} spans named ${name}: ${this.names.join(', ')}`);
    return span;
  }

  forget(): void {
    this.exporter.reset();
  }

  /** From now on nothing is traced, in this file of tests. */
  async close(): Promise<void> {
    trace.disable();
    await this.provider.shutdown();
  }
}

function read(span: ReadableSpan): RecordedSpan {
  const { traceId, spanId } = span.spanContext();
  return {
    ...{ name: span.name, kind: KINDS[span.kind], traceId, spanId },
    parentSpanId: span.parentSpanContext?.spanId,
    attributes: span.attributes,
    events: span.events.map(({ name }) => name),
    links: span.links.map(({ context }) => context.spanId),
    startMs: msOf(span.startTime),
    endMs: msOf(span.endTime),
    failed: span.status.code === SpanStatusCode.ERROR,
  };
}

function msOf([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1_000 + nanoseconds / 1e6;
}
