import { once } from 'node:events';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type ManagementPost, type ManagementReply, ManagementServer } from './management-server.js';

describe('ManagementServer', () => {
  let server: ManagementServer;
  let port: number;

  beforeEach(async () => {
    server = new ManagementServer();
    port = await server.listen(0, '127.0.0.1');
  });
  afterEach(() => server.close());

  function send(method: string, path: string, payload?: string | Buffer, headers: OutgoingHttpHeaders = {}) {
    return new Promise<{
      status: number | undefined;
      body: string;
      type: string | undefined;
      allow: string | undefined;
    }>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
        let body = '';
        response.on('data', (piece: Buffer) => (body += piece.toString()));
        response.on('end', () => {
          const { 'content-type': type, allow } = response.headers;
          resolve({ status: response.statusCode, body, type, allow });
        });
      });
      sent.on('error', reject);
      sent.end(payload);
    });
  }

  const echo = async ({ path, headers, body }: ManagementPost): Promise<ManagementReply> => ({
    ...{ status: 200, headers: { allow: String(headers['x-test']) }, body: `${path} ${body.toString()}` },
  });

  /** Sends bytes over a connection of its own. @returns what came back until its end. */
  async function exchange(bytes: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    let received = '';
    socket.on('data', (piece: Buffer) => (received += piece.toString()));
    socket.write(bytes);
    await once(socket, 'close');
    return received;
  }

  it('answers what was set up for a path, with a query or a slash behind it too', async () => {
    server.get('/livez', () => ({ status: 200, body: 'ok\n' }));
    for (const path of ['/livez', '/livez/', '/livez?verbose']) {
      await expect(send('GET', path)).resolves.toMatchObject({ status: 200, body: 'ok\n' });
    }
    await expect(send('HEAD', '/livez')).resolves.toMatchObject({ status: 200, body: '' });
  });

  it('asks anew for every request', async () => {
    let ready = false;
    server.get('/readyz', () => ({ status: ready ? 200 : 503, body: '' }));
    await expect(send('GET', '/readyz')).resolves.toMatchObject({ status: 503 });
    ready = true;
    await expect(send('GET', '/readyz')).resolves.toMatchObject({ status: 200 });
  });

  it('waits for what takes a moment, and outlives its failure', async () => {
    server.get('/metrics', async () => ({
      status: 200,
      body: 'parley_draining 0\n',
      headers: { 'Content-Type': 'text/x' },
    }));
    server.get('/broken', () => Promise.reject(new Error('with a secret in it')));
    await expect(send('GET', '/metrics')).resolves.toMatchObject({
      status: 200,
      type: 'text/x',
      body: 'parley_draining 0\n',
    });
    await expect(send('GET', '/broken')).resolves.toMatchObject({ status: 500, body: 'internal error\n' });
    await expect(send('HEAD', '/metrics')).resolves.toMatchObject({ status: 200, body: '' });
  });

  it('writes objects as JSON', async () => {
    server.get('/status', () => ({ status: 200, body: { calls: 3 } }));
    await expect(send('GET', '/status')).resolves.toMatchObject({ type: 'application/json', body: '{"calls":3}\n' });
  });

  it('answers 404, 405 and 500 where those are due, and lives on', async () => {
    server.get('/ok', () => ({ status: 200, body: '' }));
    server.get('/broken', () => {
      throw new Error('with a secret in it');
    });
    await expect(send('GET', '/')).resolves.toMatchObject({ status: 404 });
    await expect(send('GET', '/constructor')).resolves.toMatchObject({ status: 404 });
    await expect(send('POST', '/ok')).resolves.toMatchObject({ status: 405, allow: 'GET, HEAD' });
    await expect(send('GET', '/broken')).resolves.toMatchObject({ status: 500, body: 'internal error\n' });
    await expect(send('GET', '/ok')).resolves.toMatchObject({ status: 200 });
  });

  it('survives what is no HTTP', async () => {
    server.get('/ok', () => ({ status: 200, body: '' }));
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write('\x16\x03\x01 this is TLS\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    await expect(send('GET', '/ok')).resolves.toMatchObject({ status: 200 });
  });

  it('says that its port is taken', async () => {
    const second = new ManagementServer();
    await expect(second.listen(port, '127.0.0.1')).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('closes with connections open', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    socket.resume();
    await server.close();
    await closed;
    await expect(send('GET', '/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  describe('for POST requests', () => {
    it('gives the body to what was set up for a path, or for the paths below it', async () => {
      server.post('/one', echo);
      server.post('/pods/', echo);
      const headers = { 'x-test': 'seen' };
      await expect(send('POST', '/one', 'words', headers)).resolves.toMatchObject({
        ...{ status: 200, body: '/one words', allow: 'seen' },
      });
      await expect(send('POST', '/pods/part/?x=1', 'words')).resolves.toMatchObject({ body: '/pods/part words' });
      await expect(send('POST', '/one')).resolves.toMatchObject({ body: '/one ' });
      for (const path of ['/pods', '/pods/', '/pods/part/more', '/two', '/']) {
        await expect(send('POST', path, 'words')).resolves.toMatchObject({ status: 404 });
      }
    });

    it('answers 405 with what the path allows', async () => {
      server.post('/one', echo);
      server.post('/both', echo);
      server.get('/both', () => ({ status: 200, body: 'got' }));
      await expect(send('GET', '/one')).resolves.toMatchObject({ status: 405, allow: 'POST' });
      await expect(send('PUT', '/both', 'x')).resolves.toMatchObject({ status: 405, allow: 'GET, HEAD, POST' });
      await expect(send('GET', '/both')).resolves.toMatchObject({ status: 200, body: 'got' });
      await expect(send('POST', '/both', 'x')).resolves.toMatchObject({ status: 200, body: '/both x' });
    });

    it('takes 512 KiB and answers 413 to more, however it comes', async () => {
      const sizes: number[] = [];
      server.post('/one', async ({ body }) => ({ status: 200, body: `${sizes.push(body.length)}` }));
      await expect(send('POST', '/one', Buffer.alloc(524_288))).resolves.toMatchObject({ status: 200 });
      const chunked = { 'Transfer-Encoding': 'chunked' };
      for (const headers of [{}, chunked]) {
        await expect(send('POST', '/one', Buffer.alloc(524_289), headers)).resolves.toMatchObject({ status: 413 });
        await expect(send('POST', '/one', Buffer.alloc(2_000_000), headers)).resolves.toMatchObject({ status: 413 });
      }
      expect(sizes).toEqual([524_288]);
    });

    it('answers 500 to what is thrown, before or after a wait, and lives on', async () => {
      server.get('/livez', () => ({ status: 200, body: 'ok' }));
      server.post('/now', () => {
        throw new Error('with a secret in it');
      });
      server.post('/later', async () => Promise.reject(new Error('with a secret in it')));
      server.post('/headers', async () => ({ status: 200, body: '', headers: { bad: 'line\nbreak' } }));
      for (const path of ['/now', '/later', '/headers']) {
        await expect(send('POST', path, 'x')).resolves.toMatchObject({ status: 500, body: 'internal error\n' });
      }
      await expect(send('GET', '/livez')).resolves.toMatchObject({ status: 200 });
    });

    it('bears a peer that leaves in the middle of its body, or before the answer', async () => {
      server.get('/livez', () => ({ status: 200, body: 'ok' }));
      let taken = 0;
      let asked: (() => void) | undefined;
      const answering = new Promise<void>((resolve) => (asked = resolve));
      let answer: (() => void) | undefined;
      server.post('/one', async () => {
        taken++;
        asked?.();
        await new Promise<void>((resolve) => (answer = resolve));
        return { status: 200, body: 'x'.repeat(100_000) };
      });
      const open = async (bytes: string): Promise<Socket> => {
        const socket = connect(port, '127.0.0.1').on('error', () => undefined);
        await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
        return socket;
      };
      (await open('POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')).destroy();
      const whole = await open('POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc');
      await answering;
      whole.resetAndDestroy();
      answer?.();
      await expect(send('GET', '/livez')).resolves.toMatchObject({ status: 200 });
      expect(taken).toBe(1);
    });

    it('answers others while one of them waits', async () => {
      server.get('/livez', () => ({ status: 200, body: 'ok' }));
      server.post('/never', () => new Promise<never>(() => undefined));
      const left = request({ host: '127.0.0.1', port, method: 'POST', path: '/never' });
      left.on('error', () => undefined);
      left.end('x');
      await once(left, 'finish');
      await expect(send('GET', '/livez')).resolves.toMatchObject({ status: 200 });
      left.destroy();
    });

    it('answers 408 to a body, or a head, that does not come to its end in time', async () => {
      await server.close();
      server = new ManagementServer({ requestTimeoutMs: 100 });
      port = await server.listen(0, '127.0.0.1');
      server.post('/one', echo);
      for (const begun of [
        'POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc',
        'POST /one HTTP/1.1\r\nHo',
      ]) {
        await expect(exchange(begun)).resolves.toMatch(/^HTTP\/1\.1 408 /);
      }
      await expect(send('POST', '/one', 'x')).resolves.toMatchObject({ status: 200 });
    });
  });

  describe('for upgrades', () => {
    const upgrade = (path: string): string =>
      `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n`;
    const accept = (socket: Socket): void =>
      void socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n');

    it('hands the socket over', async () => {
      server.upgrade('/stream', (_request, socket) => {
        accept(socket);
        socket.end('hello');
      });
      await expect(exchange(upgrade('/stream?x=1'))).resolves.toMatch(/^HTTP\/1\.1 101 [^]*hello$/);
    });

    it('answers 404 for other paths, and as ever where something is to be had without', async () => {
      server.upgrade('/stream', (_request, socket) => socket.end());
      server.get('/livez', () => ({ status: 200, body: 'ok' }));
      const headers = { Connection: 'Upgrade', Upgrade: 'h2c' };
      await expect(send('GET', '/other', undefined, headers)).resolves.toMatchObject({ status: 404 });
      await expect(send('GET', '/livez', undefined, headers)).resolves.toMatchObject({ status: 200, body: 'ok' });
      await expect(send('GET', '/stream')).resolves.toMatchObject({ status: 404 });
    });

    it('answers 500 to what is thrown, and only ends what is answered already', async () => {
      server.upgrade('/now', () => {
        throw new Error('with a secret in it');
      });
      server.upgrade('/late', (_request, socket) => {
        accept(socket);
        throw new Error('with a secret in it');
      });
      await expect(exchange(upgrade('/now'))).resolves.toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/);
      await expect(exchange(upgrade('/late'))).resolves.not.toContain('500');
    });

    it('ends them when it closes', async () => {
      server.upgrade('/stream', (_request, socket) => accept(socket));
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      socket.write(upgrade('/stream'));
      await once(socket, 'data');
      const ended = once(socket, 'close');
      socket.resume();
      await server.close();
      await ended;
    });
  });
});
