import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { WebSocket } from 'ws';
import { MediaStreamAdapter } from './media-stream.adapter.js';
import { UpgradePolicy, type UpgradeVerdict } from './upgrade-policy.js';

@WebSocketGateway({ path: '/media-stream', perMessageDeflate: false, maxPayload: 1_000 })
class EchoGateway implements OnGatewayConnection<WebSocket> {
  static connections = 0;

  handleConnection(socket: WebSocket): void {
    EchoGateway.connections++;
    socket.on('message', (data: Buffer, isBinary) => socket.send(data, { binary: isBinary }));
  }
}

@Module({ providers: [EchoGateway] })
class EchoModule {}

/** Accepts the token `good`; makes a mistake for the token `error`. */
class Policy extends UpgradePolicy {
  readonly asked: string[] = [];

  check(_request: IncomingMessage, rest: string): UpgradeVerdict {
    this.asked.push(rest);
    if (rest === 'error') throw new Error('a mistake in the policy');
    return rest === 'good' ? { accept: true } : { accept: false, status: 401 };
  }
}

describe('MediaStreamAdapter', () => {
  let app: NestExpressApplication;
  let policy: Policy;
  let port: number;
  let closed: boolean;

  beforeEach(async () => {
    Logger.overrideLogger(false);
    app = await NestFactory.create<NestExpressApplication>(EchoModule, { logger: false, forceCloseConnections: true });
    policy = new Policy();
    app.useWebSocketAdapter(new MediaStreamAdapter(app, policy));
    await app.listen(0, '127.0.0.1');
    port = (app.getHttpServer().address() as AddressInfo).port;
    EchoGateway.connections = 0;
    closed = false;
  });

  afterEach(async () => {
    if (!closed) await app.close();
  });

  /** Asks for an upgrade byte by byte. @returns the first line and everything else of the answer. */
  async function upgrade(target: string, more = ''): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: gw.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`,
    );
    // An accepted socket stays open: its first answer is enough.
    await Promise.race([once(socket, 'close'), once(socket, 'data')]);
    const text = Buffer.concat(chunks).toString();
    if (text.includes(' 101 ')) socket.destroy();
    else if (!socket.destroyed) await once(socket, 'close');
    return text;
  }

  async function openEcho(path: string): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    socket.on('error', () => undefined);
    await once(socket, 'open');
    return socket;
  }

  it('lets in a good token, with or without a slash at the end or a query, and carries frames', async () => {
    for (const path of [
      '/media-stream/good',
      '/media-stream/good/',
      '/media-stream/good?x=1',
      '/media-stream/good//',
    ]) {
      const socket = await openEcho(path);
      const echo = once(socket, 'message') as Promise<[Buffer, boolean]>;
      socket.send('hello');
      const [data, isBinary] = await echo;
      expect([data.toString(), isBinary]).toEqual(['hello', false]);
      socket.terminate();
    }
    expect(policy.asked).toEqual(['good', 'good', 'good', 'good']);
  });

  it.each([
    ['/media-stream', 401],
    ['/media-stream/', 401],
    ['/media-stream/bad', 401],
    ['/media-stream/good/more', 401],
    ['/media-stream//good', 401],
    ['/media-stream/%67ood', 401],
    ['/', 404],
    ['/media-streams/good', 404],
    ['/media-stream/../good', 404],
    ['/Media-Stream/good', 404],
    ['/elsewhere?x=/media-stream/good', 404],
    ['//', 400],
    ['http://[', 400],
    ['/media-stream/error', 500],
  ])('refuses %s with %i and ends the connection', async (target, status) => {
    const answer = await upgrade(target);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/\r\nConnection: close\r\n/i);
    expect(EchoGateway.connections).toBe(0);
  });

  it('asks the policy about nothing but its own path', async () => {
    await upgrade('/other/good');
    await upgrade('/');
    expect(policy.asked).toEqual([]);
  });

  it('refuses a good token whose handshake is broken', async () => {
    const socket = connect(port, '127.0.0.1');
    const data = once(socket, 'data') as Promise<[Buffer]>;
    socket.write('GET /media-stream/good HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const [answer] = await data;
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
    socket.destroy();
  });

  it('survives peers that leave at any moment of the upgrade', async () => {
    const targets = ['/media-stream/good', '/media-stream/bad', '/nowhere', '/media-stream/error'];
    const gone = Array.from({ length: 100 }, async (_, index) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.resume();
      await once(socket, 'connect');
      const head =
        `GET ${targets[index % targets.length]} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
      socket.write(index % 3 === 0 ? head.slice(0, 90) : head);
      if (index % 2 === 0) socket.resetAndDestroy();
      else socket.end();
      await new Promise((resolve) => socket.once('close', resolve));
    });
    await Promise.all(gone);
    (await openEcho('/media-stream/good')).terminate();
  });

  it('survives frames that break the protocol or are too large, and closes those sockets alone', async () => {
    const healthy = await openEcho('/media-stream/good');
    const large = await openEcho('/media-stream/good');
    const largeClosed = once(large, 'close') as Promise<[number]>;
    large.send('x'.repeat(1_001));
    expect((await largeClosed)[0]).toBe(1009);
    const broken = await openEcho('/media-stream/good');
    const brokenClosed = once(broken, 'close') as Promise<[number]>;
    (broken as unknown as { _socket: { write(data: Buffer): void } })._socket.write(Buffer.from([0xff, 0xff]));
    expect((await brokenClosed)[0]).toBe(1002);

    const echo = once(healthy, 'message') as Promise<[Buffer]>;
    healthy.send('still here');
    expect((await echo)[0].toString()).toBe('still here');
    healthy.terminate();
  });

  it('leaves ordinary HTTP requests alone', async () => {
    const status = await new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path: '/media-stream/good', agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(404);
    expect(policy.asked).toEqual([]);
  });

  it('says goodbye to every socket when the application closes, and takes no more', async () => {
    const sockets = await Promise.all([openEcho('/media-stream/good'), openEcho('/media-stream/good')]);
    const codes = sockets.map(async (socket) => ((await once(socket, 'close')) as [number])[0]);
    await app.close();
    closed = true;
    expect(await Promise.all(codes)).toEqual([1001, 1001]);
    const late = connect(port, '127.0.0.1');
    await expect(once(late, 'connect')).rejects.toThrow('ECONNREFUSED');
  });
});
