import { type AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

const MEDIA = Buffer.from('"event":"media"');
const PAYLOAD = Buffer.from('"payload":"');
// Sound without parsing: inside a JSON string a quote is always escaped, so these bytes can only be a key and its value.
const AUDIO_DELTA = Buffer.from('"type":"response.output_audio.delta"');
const DELTA = Buffer.from('"delta":"');
const SESSION_UPDATED = Buffer.from('"type":"session.updated"');
const APPEND = Buffer.from('{"type":"input_audio_buffer.append","audio":"');
const APPEND_END = Buffer.from('"}');
const MEDIA_OUT = Buffer.from('{"event":"media","media":{"payload":"');
const MEDIA_OUT_END = Buffer.from('"}}');
const QUOTE = 0x22;
const AS_TEXT = { binary: false };

const SESSION_UPDATE = JSON.stringify({
  type: 'session.update',
  session: {
    type: 'realtime',
    audio: { input: { format: { type: 'audio/pcmu' } }, output: { format: { type: 'audio/pcmu' } } },
  },
});

/** The value of a string key, put between a head and a tail; undefined when the key is missing. */
function rewrapped(data: Buffer, key: Buffer, head: Buffer, tail: Buffer): Buffer | undefined {
  const keyAt = data.indexOf(key);
  if (keyAt < 0) return undefined;
  const from = keyAt + key.length;
  const to = data.indexOf(QUOTE, from);
  if (to < 0) return undefined;
  const out = Buffer.allocUnsafe(head.length + to - from + tail.length);
  head.copy(out);
  data.copy(out, head.length, from, to);
  tail.copy(out, head.length + to - from);
  return out;
}

/** Joins one media socket to one model socket until either closes. */
function relay(line: WebSocket, modelUrl: string): void {
  const model = new WebSocket(modelUrl, { headers: { authorization: 'Bearer sk-bench' }, perMessageDeflate: false });
  // Until the model listens in the right format, what the caller says is kept.
  let early: Buffer[] | undefined = [];
  line.on('message', (data: Buffer) => {
    if (data.indexOf(MEDIA) !== 1) return;
    const append = rewrapped(data, PAYLOAD, APPEND, APPEND_END);
    if (append === undefined) return;
    if (early === undefined) model.send(append, AS_TEXT);
    else early.push(append);
  });
  model.on('open', () => model.send(SESSION_UPDATE));
  model.on('message', (data: Buffer) => {
    if (data.includes(AUDIO_DELTA)) {
      const media = rewrapped(data, DELTA, MEDIA_OUT, MEDIA_OUT_END);
      if (media !== undefined) line.send(media, AS_TEXT);
    } else if (early !== undefined && data.includes(SESSION_UPDATED)) {
      for (const append of early) model.send(append, AS_TEXT);
      early = undefined;
    }
  });
  line.on('close', () => model.close());
  model.on('close', () => line.close());
  line.on('error', () => model.close());
  model.on('error', () => line.close());
}

/**
 * The least relay that does the job, to compare Parley with: `ws` and nothing else. It takes Telnyx media sockets, opens one
 * model socket for each, and copies base64 from one JSON text into the other. No pacing, no marks, no interruption, no
 * checks beyond those that keep the copy sound. Port 0: any free one.
 */
export async function startBareRelay(
  port: number,
  modelUrl: string,
): Promise<{ port: number; close: () => Promise<void> }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port, perMessageDeflate: false });
  server.on('connection', (line) => relay(line, modelUrl));
  await new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      for (const line of server.clients) line.terminate();
      server.close(() => resolve());
    });
  return { port: (server.address() as AddressInfo).port, close };
}
