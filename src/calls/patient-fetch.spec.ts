import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { patientFetch } from './patient-fetch.js';

describe('patientFetch', () => {
  let server: Server;
  let asked: Record<string, string> = {};

  beforeAll(async () => {
    server = createServer((_request, response) =>
      response.writeHead(429, { 'x-other': 'kept', ...asked }).end('{"a":1}'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  async function replied(headers: Record<string, string>): Promise<Response> {
    asked = headers;
    return patientFetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  }

  it.each<Record<string, string>>([
    { 'retry-after': '2' },
    { 'retry-after-ms': '900' },
    { 'retry-after': new Date(0).toUTCString() },
  ])('passes on a wait that a caller can bear (%j)', async (headers) => {
    const response = await replied(headers);
    for (const [name, value] of Object.entries(headers)) expect(response.headers.get(name)).toBe(value);
  });

  it.each<Record<string, string>>([
    { 'retry-after': '30' },
    { 'retry-after-ms': '60000' },
    { 'retry-after': new Date(Date.now() + 60_000).toUTCString() },
  ])('forgets one that they cannot (%j), and nothing else', async (headers) => {
    const response = await replied(headers);
    expect(response.status).toBe(429);
    for (const name of Object.keys(headers)) expect(response.headers.get(name)).toBeNull();
    expect(response.headers.get('x-other')).toBe('kept');
    await expect(response.json()).resolves.toEqual({ a: 1 });
  });
});
