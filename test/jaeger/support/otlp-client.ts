import { randomBytes } from 'node:crypto';

/** A span for Jaeger that none of Parley's code has made. Times are milliseconds since 1970. */
export interface PlainSpan {
  name: string;
  spanId?: string;
  parentSpanId?: string;
  startMs: number;
  endMs: number;
  attributes?: Record<string, string>;
}

export const newTraceId = (): string => randomBytes(16).toString('hex');
export const newSpanId = (): string => randomBytes(8).toString('hex');

/** Sends spans of one trace by OTLP/HTTP as JSON. Rejects unless the collector took them. */
export async function sendSpans(otlpUrl: string, service: string, traceId: string, spans: PlainSpan[]): Promise<void> {
  const answer = await fetch(`${otlpUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: keyValues({ 'service.name': service }) },
          scopeSpans: [{ scope: { name: 'plain' }, spans: spans.map((span) => wire(traceId, span)) }],
        },
      ],
    }),
  });
  if (!answer.ok) throw new Error(`the collector answers ${answer.status}: ${await answer.text()}`);
}

function wire(traceId: string, { name, spanId, parentSpanId, startMs, endMs, attributes = {} }: PlainSpan): object {
  return {
    traceId,
    spanId: spanId ?? newSpanId(),
    parentSpanId,
    name,
    kind: 1,
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: keyValues(attributes),
  };
}

function keyValues(attributes: Record<string, string>): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: value } }));
}

/** As a string: too many digits for a number. */
function nanoseconds(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}
