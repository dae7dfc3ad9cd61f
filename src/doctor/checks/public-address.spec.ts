import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { httpRequest } from '../http-request.js';
import { judgeRoot, judgeWebhook } from './public-address.js';

const url = new URL('https://h.example/');
const running = '{"message":"Media Stream Server is running!"}';

function answer(status: number, body = '', headers: Record<string, string> = {}): Parameters<typeof judgeRoot>[0] {
  return { status, body, headers, tookMs: 5 };
}

describe('the public address', () => {
  it('is right when Parley answers there', () => {
    expect(judgeRoot(answer(200, running), url)).toEqual({ status: 'ok', detail: 'https://h.example/ answers (5 ms)' });
  });

  it.each([
    ['another site', answer(200, '<html>'), /not as Parley/],
    ['another JSON', answer(200, 'null'), /not as Parley/],
    ['nothing on that path', answer(404), /404/],
    ['a redirect', answer(308, '', { location: 'https://www.h.example/' }), /redirects to https:\/\/www/],
    ['a proxy alone', answer(502), /gateway behind it is not/],
    ['a dead tunnel', answer(404, '', { 'ngrok-error-code': 'ERR_NGROK_3200' }), /ERR_NGROK_3200/],
    ['a password', answer(401, '', { 'www-authenticate': 'Basic' }), /password/],
    ['a firewall', answer(403), /forbidden/],
  ])('is wrong with %s there', (_, given, detail) => {
    expect(judgeRoot(given, url)).toMatchObject({ status: 'fail', detail: expect.stringMatching(detail) as string });
  });

  it('refuses unsigned webhooks, or else has its signatures off', () => {
    expect(judgeWebhook(answer(401), url, 'on').status).toBe('ok');
    expect(judgeWebhook(answer(400), url, 'off').status).toBe('ok');
    expect(judgeWebhook(answer(400), url, 'on')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('unsigned') as string,
    });
    expect(judgeWebhook(answer(404), url, 'on').status).toBe('fail');
  });
});

describe('httpRequest', () => {
  let server: Server;
  let base: URL;

  beforeEach(async () => {
    server = createServer((request, response) => {
      if (request.url === '/silent') return;
      if (request.url === '/redirect') response.writeHead(302, { location: '/' }).end();
      else if (request.url === '/endless') {
        const more = (): void => {
          while (response.write(Buffer.alloc(16_384)));
        };
        response.on('drain', more);
        more();
      } else response.end(`${request.method} ${request.url}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('gives what one answer said, without following redirects', async () => {
    expect(await httpRequest(new URL('/x', base), { method: 'POST', timeoutMs: 5000 })).toMatchObject({
      status: 200,
      body: 'POST /x',
    });
    expect(await httpRequest(new URL('/redirect', base), { timeoutMs: 5000 })).toMatchObject({ status: 302 });
  });

  it('gives up on silence', async () => {
    await expect(httpRequest(new URL('/silent', base), { timeoutMs: 50 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('reads no more of an endless body than it needs', async () => {
    const { body } = await httpRequest(new URL('/endless', base), { timeoutMs: 10_000 });
    expect(body.length).toBeLessThan(1_000_000);
  });
});
