import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { type IncomingHttpHeaders } from 'node:http';

/** Enough of a body to recognise an answer by; a wrong address may serve anything of any size. */
const BODY_LIMIT_BYTES = 64 * 1024;

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  tookMs: number;
}

/**
 * One request without following redirects. `node:http`, not `fetch`: fetch refuses port 6000, Parley's own.
 * Rejects with what the socket threw, or with code ETIMEDOUT after `timeoutMs`.
 */
export function httpRequest(
  url: URL,
  options: { method?: string; headers?: Record<string, string>; body?: string; timeoutMs: number },
): Promise<HttpAnswer> {
  const startedAtMs = performance.now();
  return new Promise((resolve, reject) => {
    const make = url.protocol === 'https:' ? tlsRequest : plainRequest;
    const timeout = Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
    const request = make(url, {
      method: options.method ?? 'GET',
      headers: { 'user-agent': 'parley-doctor', ...options.headers },
      agent: false,
      signal: AbortSignal.timeout(options.timeoutMs),
    });
    request.on('error', (error) =>
      reject(error.name === 'AbortError' || error.name === 'TimeoutError' ? timeout : error),
    );
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const done = (): void =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
          tookMs: Math.round(performance.now() - startedAtMs),
        });
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes < BODY_LIMIT_BYTES) return;
        done();
        request.destroy();
      });
      response.on('end', done);
      response.on('error', (error) => reject(error.name === 'AbortError' ? timeout : error));
    });
    request.end(options.body);
  });
}
