import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { duplexPair } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { acceptRaw, connectRaw, encodeFrame, RawWebSocket } from './raw-websocket.js';

/** Around each change of the length field. */
const LENGTHS = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000];

function texts(): string[] {
  return LENGTHS.map((length) => 'abcdefghij'.repeat(length / 10 + 1).slice(0, length));
}

async function collect(count: number, listen: (onText: (text: string) => void) => void): Promise<string[]> {
  return new Promise((resolve) => {
    const received: string[] = [];
    listen((text) => {
      received.push(text);
      if (received.length === count) resolve(received);
    });
  });
}

describe('the raw WebSocket', () => {
  let server: Server;
  let port: number;
  beforeEach(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('is understood by ws as a client, in both directions', async () => {
    const webSocketServer = new WebSocketServer({ server });
    webSocketServer.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => socket.send(data.toString()));
    });
    const { socket, head } = await connectRaw(port, '/media-stream');
    const echoed = collect(LENGTHS.length, (onText) => (socket.onText = (payload) => onText(payload.toString())));
    socket.start(head);
    for (const text of texts()) socket.send(text);
    expect(await echoed).toEqual(texts());
    const closed = new Promise((resolve) => (socket.onClose = () => resolve('closed')));
    socket.close();
    expect(await closed).toBe('closed');
    webSocketServer.close();
  });

  it('is understood by ws as a server, pings included', async () => {
    let path: string | undefined;
    acceptRaw(server, (socket, url) => {
      path = url;
      socket.onText = (payload) => socket.send(payload.toString());
    });
    const client = new WebSocket(`ws://127.0.0.1:${port}/v1/realtime?model=m`, { perMessageDeflate: false });
    await new Promise((resolve) => client.once('open', resolve));
    const pong = new Promise((resolve) => client.once('pong', (data) => resolve(data.toString())));
    client.ping('are you there');
    const echoed = collect(LENGTHS.length, (onText) => client.on('message', (data: Buffer) => onText(data.toString())));
    for (const text of texts()) client.send(text);
    expect(await echoed).toEqual(texts());
    expect(await pong).toBe('are you there');
    expect(path).toBe('/v1/realtime?model=m');
    const closed = new Promise((resolve) => client.once('close', resolve));
    client.close(1000);
    await closed;
  });

  it('does not care where the bytes are cut', async () => {
    const [far, near] = duplexPair();
    const socket = new RawWebSocket(near, 'server');
    const words = ['first', 'x'.repeat(300), 'last'];
    const received = collect(words.length, (onText) => (socket.onText = (payload) => onText(payload.toString())));
    socket.start(Buffer.alloc(0));
    for (const byte of Buffer.concat(words.map((word, i) => encodeFrame(1, word, 0x1234567 + i))))
      far.write(Buffer.of(byte));
    expect(await received).toEqual(words);
    socket.destroy();
  });

  it('says how an upgrade was refused', async () => {
    server.on('upgrade', (_, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'));
    await expect(connectRaw(port, '/media-stream')).rejects.toThrow('HTTP/1.1 401 Unauthorized');
  });
});
