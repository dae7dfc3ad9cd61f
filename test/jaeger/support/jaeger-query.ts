import { z } from 'zod';

const tags = z
  .array(z.object({ key: z.string(), value: z.unknown() }))
  .transform((list) => new Map(list.map(({ key, value }) => [key, value])));

const spanSchema = z.object({
  traceID: z.string(),
  spanID: z.string(),
  operationName: z.string(),
  references: z.array(z.object({ refType: z.string(), traceID: z.string(), spanID: z.string() })),
  /** Microseconds since 1970. */
  startTime: z.number(),
  /** Microseconds. */
  duration: z.number(),
  tags,
  logs: z.array(z.object({ timestamp: z.number(), fields: tags })),
  processID: z.string(),
  warnings: z.array(z.string()).nullish(),
});

const traceSchema = z.object({
  traceID: z.string(),
  spans: z.array(spanSchema),
  processes: z.record(z.string(), z.object({ serviceName: z.string(), tags })),
  warnings: z.array(z.string()).nullish(),
});

export type JaegerSpan = z.infer<typeof spanSchema>;
export type JaegerTrace = z.infer<typeof traceSchema>;

/** What the form of Jaeger's search page asks for. */
export interface Search {
  service: string;
  operation?: string;
  /** A span has all of them. */
  tags?: Record<string, string>;
  minDurationMs?: number;
  limit?: number;
}

/** OTLP's own form of a trace, as Jaeger's stable API gives it. */
const otlpSchema = z.object({
  result: z.object({
    resourceSpans: z.array(
      z.object({
        scopeSpans: z.array(
          z.object({
            spans: z.array(z.object({ spanId: z.string(), name: z.string(), parentSpanId: z.string().optional() })),
          }),
        ),
      }),
    ),
  }),
});

/** Jaeger's query API: the one its page uses (`/api`), and the stable one (`/api/v3`). */
export class JaegerQuery {
  constructor(private readonly url: string) {}

  services(): Promise<string[]> {
    return this.data('/api/services', z.array(z.string()).nullable()).then((names) => names ?? []);
  }

  async operations(service: string): Promise<{ name: string; spanKind: string }[]> {
    const schema = z.array(z.object({ name: z.string(), spanKind: z.string() })).nullable();
    return (await this.data(`/api/operations?service=${encodeURIComponent(service)}`, schema)) ?? [];
  }

  search({ service, operation, tags: wanted, minDurationMs, limit }: Search): Promise<JaegerTrace[]> {
    const query = new URLSearchParams({ service });
    if (operation !== undefined) query.set('operation', operation);
    if (wanted !== undefined) query.set('tags', JSON.stringify(wanted));
    if (minDurationMs !== undefined) query.set('minDuration', `${minDurationMs}ms`);
    if (limit !== undefined) query.set('limit', `${limit}`);
    return this.data(`/api/traces?${query.toString()}`, z.array(traceSchema));
  }

  /** Undefined while Jaeger has nothing of it. */
  async trace(traceId: string): Promise<JaegerTrace | undefined> {
    const { status, body } = await this.get(`/api/traces/${traceId}`);
    if (status === 404) return undefined;
    return z.object({ data: z.array(traceSchema) }).parse(body).data[0];
  }

  /** The same by the stable API: names of the spans by their ids. */
  async spanNamesV3(traceId: string): Promise<Map<string, string>> {
    const { body } = await this.get(`/api/v3/traces/${traceId}`);
    const { resourceSpans } = otlpSchema.parse(body).result;
    const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    return new Map(spans.map(({ spanId, name }) => [spanId, name]));
  }

  private async data<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const { status, body } = await this.get(path);
    if (status !== 200) throw new Error(`Jaeger answers ${status} to ${path}: ${JSON.stringify(body)}`);
    return z.object({ data: schema }).parse(body).data;
  }

  private async get(path: string): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(this.url + path, { signal: AbortSignal.timeout(10_000) });
    return { status: answer.status, body: await answer.json() };
  }
}
