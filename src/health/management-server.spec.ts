import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { ManagementServer } from './management-server.js';

describe('ManagementServer', () => {
  let server: ManagementServer;
  let port: number;

  beforeEach(async () => {
    server = new ManagementServer();
    port = await server.listen(0, '127.0.0.1');
  });
  afterEach(() => server.close());

  function send(method: string, path: string) {
    return new Promise<{
      status: number | undefined;
      body: string;
      type: string | undefined;
      allow: string | undefined;
    }>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, method, path }, (response) => {
        let body = '';
        response.on('data', (piece: Buffer) => (body += piece.toString()));
        response.on('end', () => {
          const { 'content-type': type, allow } = response.headers;
          resolve({ status: response.statusCode, body, type, allow });
        });
      });
      sent.on('error', reject);
      sent.end();
    });
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
});
