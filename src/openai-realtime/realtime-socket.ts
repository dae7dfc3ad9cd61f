import { WebSocket } from 'ws';
import { type Config } from '../config/config.js';

/** An answer's audio comes in events of a few kilobytes; a response with everything in it stays far below this. */
const MAX_EVENT_BYTES = 16 * 1_048_576;

/** Opens the socket of a realtime session. No beta header: the service refuses it. */
export function openRealtimeSocket(openai: Config['openai']): WebSocket {
  const url = new URL(openai.url);
  url.searchParams.set('model', openai.model);
  const key = openai.apiKey.value;
  return new WebSocket(url, {
    headers: {
      ...(openai.authHeader === 'api-key' ? { 'api-key': key } : { Authorization: `Bearer ${key}` }),
      ...(openai.organization ? { 'OpenAI-Organization': openai.organization } : {}),
      ...(openai.project ? { 'OpenAI-Project': openai.project } : {}),
    },
    handshakeTimeout: openai.connectTimeoutMs,
    // Base64 audio does not compress; offering it would only cost.
    perMessageDeflate: false,
    // A redirect would take the key elsewhere.
    followRedirects: false,
    maxPayload: MAX_EVENT_BYTES,
  });
}
