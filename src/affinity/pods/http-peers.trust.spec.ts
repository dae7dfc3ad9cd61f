import { randomBytes } from 'node:crypto';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { pack, packTarget, type RequestClaims, signRequest } from './peer-wire.js';
import { Strangers } from './testing/strangers.js';
import { ECHO, TestPod, TestSigner } from './testing/test-pod.js';

const TIMEOUT_MS = 10_000;
const nowS = (): number => Math.floor(Date.now() / 1_000);

describe('HttpPeers, among strangers', () => {
  let a: TestPod;
  let b: TestPod;
  const strangers = new Strangers();

  beforeEach(async () => {
    a = await TestPod.start();
    b = await TestPod.start({ uid: 'pod-b', bootId: 'boot-b' });
  });
  afterEach(async () => {
    strangers.close();
    await Promise.all([a.close(), b.close()]);
  });

  describe('is not led to believe', () => {
    it.each([
      [404, 'failed'],
      [410, 'failed'],
      [200, 'failed'],
      [401, 'failed'],
      [502, 'failed'],
    ])('an answer %i that nobody signed', async (status, why) => {
      const address = await strangers.http((_request, response) =>
        response.writeHead(status).end('{"said":"","times":0}'),
      );
      const pod = { ...b.identity, address };
      await expect(a.peers.ask(pod, ECHO, { say: 'hi' }, TIMEOUT_MS)).resolves.toMatchObject({ ok: false, why });
      await expect(a.peers.probe(pod, TIMEOUT_MS)).resolves.toBe('silent');
      await expect(
        a.peers.openRelay(pod, { callControlId: 'v3:a', token: undefined, hops: 0 }, TIMEOUT_MS),
      ).resolves.toMatchObject({ ok: false, why });
    });

    it('what is no HTTP, or has no end', async () => {
      const address = await strangers.tcp((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
      await expect(a.peers.ask({ ...b.identity, address }, ECHO, { say: '' }, TIMEOUT_MS)).resolves.toMatchObject({
        why: 'failed',
      });
      const endless = await strangers.http((_request, response) => {
        response.on('error', () => undefined);
        const more = (): void => void (response.writable && response.write('x'.repeat(16_384), more));
        more();
      });
      await expect(
        a.peers.ask({ ...b.identity, address: endless }, ECHO, { say: '' }, TIMEOUT_MS),
      ).resolves.toMatchObject({ why: 'failed', detail: 'the answer is too long' });
    });

    it('an answer that was changed, or given to another request', async () => {
      let change = (answer: Recorded): Recorded => answer;
      const address = await strangers.http(async (incoming, response) => {
        const { status, headers, body } = change(await passOn(b.identity.address, incoming));
        for (const name of SIGNED) if (headers[name]) response.setHeader(name, headers[name]);
        response.writeHead(status).end(body);
      });
      // The address of the one in the middle: it cannot be told from the pod by what it says.
      const c = await TestPod.start({ uid: 'pod-c', bootId: 'boot-c' });
      const pod = { ...b.identity, address };
      const ask = () => c.peers.ask(pod, ECHO, { say: 'hi' }, TIMEOUT_MS);
      await expect(ask()).resolves.toEqual({ ok: true, reply: { said: 'hi', times: 1 } });

      const kept: Recorded[] = [];
      change = (answer) => (kept.push(answer), { ...answer, body: answer.body.replace('hi', 'ho') });
      await expect(ask()).resolves.toMatchObject({ why: 'failed' });
      change = () => kept[0] as Recorded;
      await expect(ask()).resolves.toMatchObject({ why: 'failed' });
      change = (answer) => ({ ...answer, status: 404 });
      await expect(ask()).resolves.toMatchObject({ why: 'failed' });
      const dead = pack({ ...pod, bootId: 'boot-after' });
      change = (answer) => ({ ...answer, status: 410, headers: { ...answer.headers, 'parley-from': dead } });
      await expect(ask()).resolves.toMatchObject({ why: 'failed' });
      await c.close();
    });
  });

  describe('lets nobody in', () => {
    const body: Buffer = Buffer.from(JSON.stringify({ say: 'hi' }));
    const claims = (more: Partial<RequestClaims> = {}): RequestClaims => ({
      from: pack(a.identity),
      to: packTarget(b.identity),
      time: String(nowS()),
      nonce: randomBytes(16).toString('base64url'),
      relay: '',
      ...more,
    });
    const sign = (more: Partial<RequestClaims> = {}, secret?: string) =>
      signRequest(new TestSigner(secret), 'POST', '/pods/echo', body, claims(more)).headers;
    const post = (headers: Record<string, string>, path = '/pods/echo', bytes = body) =>
      send(b.identity.address, path, headers, bytes);

    it('but a pod of its own deployment', async () => {
      await expect(post(sign())).resolves.toMatchObject({ status: 200 });
      for (const headers of [{}, sign({}, 'another secret'), { ...sign(), 'parley-key': 'k2' }]) {
        await expect(post(headers)).resolves.toMatchObject({ status: 401, body: '' });
      }
      expect(b.peers.refusedRequests).toBe(3);
      expect(b.times).toBe(1);
    });

    it('and says so in its log once a minute, and nothing to the peer', async () => {
      const answers = [await post({}), await post({}), await post({})];
      for (const { headers } of answers) expect(Object.keys(headers).join()).not.toContain('parley');
      expect(b.logged).toHaveLength(1);
      expect(b.logged[0]).toMatchObject({ level: 'warn', fields: { times: 1 } });
    });

    it('with a request that was changed on its way', async () => {
      const original = sign();
      const changed: [Record<string, string>, string?, Buffer?][] = [
        [original, '/pods/part'],
        [original, '/pods/echo', Buffer.from(JSON.stringify({ say: 'ho' }))],
        [original, '/pods/echo', Buffer.alloc(0)],
        [{ ...original, 'parley-from': pack({ ...a.identity, uid: 'pod-x' }) }],
        [{ ...original, 'parley-to': packTarget({ ...b.identity, bootId: 'x' }) }],
        [{ ...original, 'parley-time': String(nowS() + 1) }],
        [{ ...original, 'parley-nonce': randomBytes(16).toString('base64url') }],
        [{ ...original, 'parley-relay': pack({ callControlId: 'v3:a', hops: 0 }) }],
        [{ ...original, 'parley-mac': `${original['parley-mac']?.slice(0, -3) ?? ''}AAA` }],
      ];
      for (const [headers, path, bytes] of changed) {
        await expect(post(headers, path, bytes)).resolves.toMatchObject({ status: 401 });
      }
      await expect(post(original)).resolves.toMatchObject({ status: 200 });
    });

    it('twice with the same request', async () => {
      const headers = sign();
      await expect(post(headers)).resolves.toMatchObject({ status: 200 });
      await expect(post(headers)).resolves.toMatchObject({ status: 401 });
      expect(b.times).toBe(1);
    });

    it.each([
      [-50, 200],
      [50, 200],
      [-70, 401],
      [70, 401],
    ])('whose clock is %i s off: %i', async (offS, status) => {
      await expect(post(sign({ time: String(nowS() + offS) }))).resolves.toMatchObject({ status });
    });

    it('without saying who it is, where the request is for another process of its own deployment', async () => {
      const answer = await post(sign({ to: packTarget({ ...b.identity, bootId: 'boot-before' }) }));
      expect(answer).toMatchObject({ status: 410, headers: { 'parley-from': pack(b.identity) } });
    });
  });

  it('tells its own log, once, that its signature is not taken', async () => {
    const c = await TestPod.start({ uid: 'pod-c', signer: new TestSigner('of another deployment') });
    const d = await TestPod.start({ uid: 'pod-d', nowUnixMs: () => Date.now() - 90_000 });
    for (const pod of [c, d]) {
      await expect(pod.peers.ask(b.identity, ECHO, { say: 'hi' }, TIMEOUT_MS)).resolves.toMatchObject({
        why: 'failed',
      });
      await expect(pod.peers.probe(b.identity, TIMEOUT_MS)).resolves.toBe('silent');
      expect(pod.logged).toMatchObject([{ level: 'warn', fields: { pod: 'name of pod-b' } }]);
      await pod.close();
    }
  });
});

const SIGNED = ['parley-from', 'parley-key', 'parley-mac'] as const;

interface Recorded {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

async function passOn(address: string, incoming: IncomingMessage): Promise<Recorded> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  return send(address, incoming.url ?? '', incoming.headers, Buffer.concat(pieces));
}

function send(address: string, path: string, headers: IncomingHttpHeaders, body: Buffer): Promise<Recorded> {
  return new Promise((resolve, reject) => {
    const [host, port] = address.split(':');
    const sent = request({ host, port, path, method: 'POST', headers: { ...headers, 'content-length': body.length } });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.end(body);
  });
}
