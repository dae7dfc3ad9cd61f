/** What is read of an answer: far more than a model should hear, and little enough for many calls at once. */
const MOST_BYTES = 65_536;
const JSON_TYPE = /^application\/(.+\+)?json$/;
const TEXT_TYPE = /^(text\/.+|application\/(.+\+)?xml|application\/x-ndjson)$/;

export type AnswerBody = { text: string; json: boolean } | { wrong: 'too-large' | 'not-text' | 'not-json' };

/**
 * Reads an answer's body as text. Rejects when the connection breaks or the request is aborted meanwhile.
 * Out: the text (JSON without white space between its parts), or why it is none.
 */
export async function readBody(response: Response): Promise<AnswerBody> {
  const [type = '', ...parameters] = (response.headers.get('content-type') ?? '').toLowerCase().split(';');
  const json = JSON_TYPE.test(type.trim());
  if (!json && type.trim() !== '' && !TEXT_TYPE.test(type.trim())) {
    await response.body?.cancel();
    return { wrong: 'not-text' };
  }
  const bytes = await readBytes(response.body);
  if (bytes === undefined) return { wrong: 'too-large' };
  const charset = json ? 'utf-8' : (/charset="?([^"\s]+)/.exec(parameters.join(';'))?.[1] ?? 'utf-8');
  const text = decode(bytes, charset)?.trim();
  if (text === undefined) return { wrong: 'not-text' };
  if (!json || text === '') return { text, json: false };
  return isJson(text) ? { text: compact(text), json } : { wrong: 'not-json' };
}

/** Undefined: more than may be read. */
async function readBytes(body: ReadableStream<Uint8Array> | null): Promise<Buffer | undefined> {
  if (body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    length += value.byteLength;
    if (length > MOST_BYTES) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(value);
  }
}

function decode(bytes: Buffer, charset: string): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Not by JSON.stringify, which would round the long numbers that some systems have as ids. */
function compact(json: string): string {
  return json.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
}
