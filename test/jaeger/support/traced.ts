import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { eventually } from '../../support/calls.js';
import { ATTRS, SPANS } from '../../../src/telemetry/trace/names.js';
import { type JaegerTrace, type Search } from './jaeger-query.js';
import { type JaegerServer } from './jaeger-server.js';
import { orphans } from './wholeness.js';

export const SERVICE = 'parley';

const HASH_SECRET = { NUMBER_HASH_SECRET: 'a secret for the hashes of these tests' };
/** A batch is sent each second, and Jaeger can find it at once. */
const ARRIVES_WITHIN_MS = 15_000;

/** Settings of a gateway whose spans go to this Jaeger, which takes nothing but spans. */
export function tracedTo(jaeger: JaegerServer, protocol: 'http/protobuf' | 'grpc' = 'http/protobuf') {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? jaeger.otlpGrpcUrl : jaeger.otlpUrl,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_METRICS_EXPORTER: 'none',
    ...HASH_SECRET,
  };
}

/** What `npm run hash-number -- NUMBER` prints: how somebody who knows a number finds its calls. */
export async function printedHash(number: string): Promise<string> {
  const command = ['dist/src/telemetry/numbers/main.js', number];
  const env = { PATH: process.env['PATH'], ...HASH_SECRET };
  const { stdout } = await promisify(execFile)(process.execPath, command, { env });
  return stdout.trim();
}

/**
 * The trace of a call, as somebody finds it who knows the call's id.
 * Resolves when its summary has come, which is written last, and every span that another one names as its parent.
 */
export async function traceOf(jaeger: JaegerServer, call: { callControlId: string }): Promise<JaegerTrace> {
  const tags = { [ATTRS.callId]: call.callControlId };
  let seen: JaegerTrace | undefined;
  const isOver = ({ spans }: JaegerTrace): boolean =>
    spans.some(({ operationName }) => operationName === SPANS.summary);
  return eventually(
    async () => {
      const found = await jaeger.query.search({ service: SERVICE, tags });
      if (found.length > 1) throw new Error(`${found.length} traces of one call`);
      [seen] = found;
      return seen && isOver(seen) && orphans(seen).length === 0 ? seen : undefined;
    },
    `the whole trace of call ${call.callControlId}`,
    ARRIVES_WITHIN_MS,
  ).catch((error: unknown) => {
    const names = seen?.spans.map(({ operationName }) => operationName) ?? [];
    throw new Error(`${(error as Error).message}; there is: ${names.join(', ')}`, { cause: error });
  });
}

/** Ids of the traces that a search finds, sorted. */
export async function found(jaeger: JaegerServer, search: Omit<Search, 'service'>): Promise<string[]> {
  const traces = await jaeger.query.search({ service: SERVICE, ...search });
  return traces.map(({ traceID }) => traceID).sort();
}
