import { type ReceivedExport } from './otlp-receiver.js';

/** A collector on this machine or in this network answers in milliseconds. */
const PATIENCE_MS = 5_000;

/**
 * Where a collector takes traces. In: what a user typed, `http://localhost:4318` or with the path of OTLP.
 * Throws an Error that says what is wrong with it.
 */
export function collectorUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new Error(`“${text}” is no URL of a collector, as in http://localhost:4318 (OTLP over HTTP).`);
  if (url.username !== '' || url.password !== '') throw new Error('A user or password in the URL is not sent on.');
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`;
  return url;
}

/** Sends what was received on to a collector, as it came. Out: what went wrong, in words; undefined when all is there. */
export async function forwardTraces(received: readonly ReceivedExport[], to: URL): Promise<string | undefined> {
  try {
    for (const { body } of received.filter(({ signal }) => signal === 'traces')) {
      const response = await fetch(to, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: new Uint8Array(body),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const said = await response.text();
      if (!response.ok) return `${to.href} answered with ${response.status}${said ? `: ${said.slice(0, 200)}` : ''}`;
    }
    return undefined;
  } catch (error) {
    return `${to.href}: ${reasonOf(error)}`;
  }
}

/** What an error says, by its fields: those of the platform itself need not be of this program's `Error`. */
function reasonOf(error: unknown): string {
  const { name, message, cause } = error as { name?: string; message?: string; cause?: NodeJS.ErrnoException };
  if (name === 'TimeoutError') return `no answer within ${PATIENCE_MS / 1000} s`;
  if (cause?.code === 'ECONNREFUSED') return 'nobody listens there';
  return cause?.message || message || String(error);
}
