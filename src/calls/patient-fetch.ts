/** A caller waits for what is retried: an answer that is kept back for longer is better asked for at the usual pace. */
const LONGEST_RETRY_AFTER_MS = 3_000;
const RETRY_HEADERS = ['retry-after', 'retry-after-ms'];

/**
 * `fetch`, whose answers ask for no longer a wait than a phone call can bear. Telnyx's client obeys `Retry-After` up to a
 * minute.
 */
export async function patientFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  if (!asksForTooMuch(response.headers)) return response;
  const headers = new Headers(response.headers);
  for (const name of RETRY_HEADERS) headers.delete(name);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

function asksForTooMuch(headers: Headers): boolean {
  const ms = headers.get('retry-after-ms');
  const text = headers.get('retry-after');
  if (ms !== null && Number(ms) > LONGEST_RETRY_AFTER_MS) return true;
  if (text === null) return false;
  const seconds = Number(text);
  const waitMs = Number.isNaN(seconds) ? Date.parse(text) - Date.now() : seconds * 1_000;
  return waitMs > LONGEST_RETRY_AFTER_MS;
}
