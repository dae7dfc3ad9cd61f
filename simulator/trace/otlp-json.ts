import { z } from 'zod';
import { type Attributes, type AttributeValue, type SpanKind, type TraceSpan } from './span.js';

/** OTLP's numbers begin at 0 for "unspecified": one more than those of the SDK. */
const KINDS: readonly SpanKind[] = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUSES = ['unset', 'ok', 'error'] as const;

const traceId = z.string().regex(/^[0-9a-f]{32}$/i);
const spanId = z.string().regex(/^[0-9a-f]{16}$/i);
/** A 64-bit integer: text in protobuf's JSON form, and a number from writers that know it is small. */
const int64 = z.union([z.string().regex(/^-?\d+$/), z.int()]);

interface AnyValue {
  stringValue?: string | undefined;
  boolValue?: boolean | undefined;
  intValue?: string | number | undefined;
  doubleValue?: number | undefined;
  arrayValue?: { values?: AnyValue[] | undefined } | undefined;
}

const anyValue: z.ZodType<AnyValue> = z.lazy(() =>
  z.object({
    stringValue: z.string().optional(),
    boolValue: z.boolean().optional(),
    intValue: int64.optional(),
    doubleValue: z.number().optional(),
    arrayValue: z.object({ values: z.array(anyValue).optional() }).optional(),
  }),
);

const attributes = z.array(z.object({ key: z.string(), value: anyValue.optional() })).default([]);

const span = z.object({
  traceId,
  spanId,
  // Protobuf's JSON form may write "none" as an empty text.
  parentSpanId: z.union([spanId, z.literal('')]).optional(),
  name: z.string(),
  kind: z.int().default(0),
  startTimeUnixNano: int64,
  endTimeUnixNano: int64,
  attributes,
  events: z.array(z.object({ name: z.string().default(''), timeUnixNano: int64, attributes })).default([]),
  links: z.array(z.object({ traceId, spanId, attributes })).default([]),
  status: z.object({ code: z.int().default(0), message: z.string().optional() }).default({ code: 0 }),
});

/** An ExportTraceServiceRequest of OTLP 1 in its JSON form; fields that nothing here needs are passed over. */
const traceRequest = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes }).default({ attributes: [] }),
        scopeSpans: z.array(z.object({ spans: z.array(span).default([]) })).default([]),
      }),
    )
    .default([]),
});

/** Reads what an exporter sends to `/v1/traces`. Throws where that is no OTLP. */
export function spansIn(body: unknown): TraceSpan[] {
  return traceRequest.parse(body).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const about = attributesOf(resource.attributes);
    return scopeSpans.flatMap(({ spans }) => spans.map((each) => toSpan(each, about)));
  });
}

function toSpan(from: z.infer<typeof span>, resource: Attributes): TraceSpan {
  return {
    traceId: from.traceId.toLowerCase(),
    spanId: from.spanId.toLowerCase(),
    parentSpanId: from.parentSpanId ? from.parentSpanId.toLowerCase() : undefined,
    name: from.name,
    kind: KINDS[from.kind] ?? 'unspecified',
    startMs: toMs(from.startTimeUnixNano),
    endMs: toMs(from.endTimeUnixNano),
    attributes: attributesOf(from.attributes),
    events: from.events.map((event) => ({
      name: event.name,
      atMs: toMs(event.timeUnixNano),
      attributes: attributesOf(event.attributes),
    })),
    links: from.links.map((link) => ({
      traceId: link.traceId.toLowerCase(),
      spanId: link.spanId.toLowerCase(),
      attributes: attributesOf(link.attributes),
    })),
    status: STATUSES[from.status.code] ?? 'unset',
    statusMessage: from.status.message,
    resource,
  };
}

function attributesOf(list: readonly { key: string; value?: AnyValue | undefined }[]): Attributes {
  return Object.fromEntries(list.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf(value: AnyValue | undefined): AttributeValue {
  if (value?.intValue !== undefined) return Number(value.intValue);
  if (value?.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(valueOf);
  return value?.stringValue ?? value?.boolValue ?? value?.doubleValue;
}

/** Nanoseconds since 1970 have 19 digits, and a number holds 16: whole microseconds first. */
function toMs(unixNano: string | number): number {
  return Number(BigInt(unixNano) / 1_000n) / 1_000;
}
