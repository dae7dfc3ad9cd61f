import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';

/** What an answer may say that nobody reads, before its connection is closed. */
const ANSWER_LIMIT_BYTES = 64 * 1024;

export interface PostOptions {
  headers: Record<string, string>;
  body: Buffer;
  /** From the look-up of the name to the end of the answer. */
  timeoutMs: number;
  /** Ends the request at once. */
  signal: AbortSignal;
}

export interface PostAnswer {
  status: number;
  /** As it came. */
  retryAfter: string | undefined;
}

/**
 * Posts to an address, on a connection of its own, and follows no redirect.
 * Resolves with any answer that came, its body read or not. Rejects with what the socket threw; code ETIMEDOUT when no
 * answer came in time.
 */
export function post(url: string, { headers, body, timeoutMs, signal }: PostOptions): Promise<PostAnswer> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? tlsRequest : plainRequest;
    const request = send(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(body.length) },
      agent: false,
      signal,
    });
    let answer: PostAnswer | undefined;
    let failure: Error | undefined;
    const timer = setTimeout(() => {
      request.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    request.on('response', (response) => {
      answer = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
      let bytes = 0;
      response.on('error', () => undefined);
      response.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > ANSWER_LIMIT_BYTES) request.destroy();
      });
    });
    request.on('error', (error) => (failure ??= error));
    // Comes last and always: after the whole answer, or whatever ended it.
    request.on('close', () => {
      clearTimeout(timer);
      if (answer) resolve(answer);
      else reject(failure ?? new Error('closed without an answer'));
    });
    request.end(body);
  });
}
