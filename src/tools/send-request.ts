import { type AnswerBody, readBody } from './answer-body.js';
import { type ToolRequest } from './tool-request.js';

/** `body` is undefined where it has no use: of a redirect, of a server's failure, of a refusal that breaks off. */
export interface Answered {
  status: number;
  body: AnswerBody | undefined;
}

export interface Broken {
  broken: 'timeout' | 'network' | 'unreachable' | 'call-over';
}

/** Failures from before the request was on its way: it has certainly not been carried out. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Sends a request and reads the whole answer. A GET whose connection fails before an answer begins is sent once more;
 * nothing else is ever sent twice. Redirects are not followed: they would carry headers with secrets to another place.
 * @param timeoutMs for all of it. @param signal ends it early. Never rejects for what the network does.
 */
export async function sendRequest(
  request: ToolRequest,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Answered | Broken> {
  if (signal.aborted) return { broken: 'call-over' };
  const end = new AbortController();
  let endedBy: 'timeout' | 'call-over' | undefined;
  const finish = (why: 'timeout' | 'call-over'): void => {
    endedBy ??= why;
    end.abort();
  };
  const timer = setTimeout(() => finish('timeout'), timeoutMs);
  const callOver = (): void => finish('call-over');
  signal.addEventListener('abort', callOver, { once: true });
  try {
    return await readAnswer(await fetchAnswer(request, end.signal));
  } catch (error) {
    return { broken: endedBy ?? (wasNotSent(error) ? 'unreachable' : 'network') };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', callOver);
  }
}

async function fetchAnswer(request: ToolRequest, signal: AbortSignal): Promise<Response> {
  const { url, method, headers, body } = request;
  const send = (): Promise<Response> =>
    fetch(url, { method, headers, ...(body === undefined ? {} : { body }), redirect: 'manual', signal });
  if (method !== 'GET') return send();
  return send().catch((error: unknown) => {
    if (signal.aborted) throw error;
    return send();
  });
}

async function readAnswer(response: Response): Promise<Answered> {
  const { status } = response;
  if (status >= 300 && (status < 400 || status >= 500)) {
    await response.body?.cancel();
    return { status, body: undefined };
  }
  const body = readBody(response);
  return { status, body: await (status >= 400 ? body.catch(() => undefined) : body) };
}

function wasNotSent(error: unknown): boolean {
  // fetch rejects with a TypeError whose cause is the system's error.
  const { cause } = error as { cause?: NodeJS.ErrnoException };
  const code = cause?.code;
  return code !== undefined && NOT_SENT.has(code);
}
