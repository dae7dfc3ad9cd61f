export type AttributeValue = string | number | boolean | readonly AttributeValue[] | undefined;

export type Attributes = Readonly<Record<string, AttributeValue>>;

export type SpanKind = 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** A span as a collector gets it. Times are milliseconds since 1970, with fractions. */
export interface TraceSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined: the root of its trace. */
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly atMs: number; readonly attributes: Attributes }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: Attributes }[];
  readonly status: 'unset' | 'ok' | 'error';
  readonly statusMessage: string | undefined;
  /** Of the process that made it. */
  readonly resource: Attributes;
}
