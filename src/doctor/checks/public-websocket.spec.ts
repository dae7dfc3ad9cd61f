import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { judgeUpgrade, tryUpgrade, type UpgradeOutcome } from './public-websocket.js';

const url = new URL('wss://h.example/media-stream/doctor-probe');

function answered(status: number, headers: Record<string, string> = {}): UpgradeOutcome {
  return { kind: 'answer', status, headers };
}

describe('the media stream’s way through the public address', () => {
  it('is open when the gateway refuses a stream without a token', () => {
    expect(judgeUpgrade(answered(401), url, 'token').status).toBe('ok');
  });

  it.each([
    ['a path that is lost, or an Upgrade header', answered(404), /404/, /Upgrade header/],
    ['an upgrade that is not understood', answered(426), /not understood/, /HTTP\/1\.1/],
    ['a bad request', answered(400), /not understood/, /HTTP\/1\.1/],
    ['a page instead', answered(200), /ignored/, /WebSockets/],
    ['a redirect', answered(301, { location: 'https://x' }), /redirects/, /redirect/],
    ['a password', answered(401, { 'www-authenticate': 'Basic' }), /password/, /password/],
    ['no gateway', answered(504), /gateway behind it is not/, /npm start/],
    ['a stream without a token', { kind: 'open' } as const, /without a token/, /STREAM_AUTH/],
    ['silence', { kind: 'timeout' } as const, /no answer/, /WebSockets/],
    [
      'a dead port',
      { kind: 'error', error: Object.assign(new Error(), { code: 'ECONNREFUSED' }) } as const,
      /refused/,
      /start it/,
    ],
  ])('is blocked by %s', (_, outcome, detail, fix) => {
    const result = judgeUpgrade(outcome, url, 'token');
    expect(result).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(detail) as string,
      fix: expect.stringMatching(fix) as string,
    });
  });

  it('is open to everyone when that was asked for, which is warned of', () => {
    expect(judgeUpgrade({ kind: 'open' }, url, 'off').status).toBe('warn');
    expect(judgeUpgrade(answered(404), url, 'off').status).toBe('ok');
  });
});

describe('tryUpgrade', () => {
  let server: Server;
  let sockets: WebSocketServer;
  let base: string;
  let raw: Duplex[];

  beforeEach(async () => {
    server = createServer((_, response) => response.writeHead(418).end());
    sockets = new WebSocketServer({ noServer: true });
    raw = [];
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      raw.push(socket);
      if (request.url === '/open') sockets.handleUpgrade(request, socket, head, () => undefined);
      else if (request.url === '/refused') socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
      else if (request.url === '/cut') socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    for (const socket of raw) socket.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    sockets.close();
  });

  it('tells acceptance, refusal, a cut and silence apart', async () => {
    expect(await tryUpgrade(new URL(`${base}/open`), 5000)).toEqual({ kind: 'open' });
    expect(await tryUpgrade(new URL(`${base}/refused`), 5000)).toMatchObject({ kind: 'answer', status: 401 });
    expect(await tryUpgrade(new URL(`${base}/cut`), 5000)).toMatchObject({ kind: 'error' });
    expect(await tryUpgrade(new URL(`${base}/silent`), 50)).toEqual({ kind: 'timeout' });
  });
});
