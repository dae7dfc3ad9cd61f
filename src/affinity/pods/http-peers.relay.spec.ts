import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { type WebSocket } from 'ws';
import { type PodIdentity } from '../pod.js';
import { pack, packTarget, type RequestClaims, signRequest } from './peer-wire.js';
import { type RelayRequest, type RelaySocket } from './peers.js';
import { relay } from './relay.js';
import { socketPair } from './testing/socket-pair.js';
import { TestPod, TestSigner } from './testing/test-pod.js';

const TIMEOUT_MS = 10_000;
const CALL: RelayRequest = { callControlId: 'v3:a/ü', token: 'claims.mac', hops: 0 };

describe('HttpPeers, for media sockets', () => {
  let here: TestPod;
  let owner: TestPod;

  beforeEach(async () => {
    here = await TestPod.start();
    owner = await TestPod.start({ uid: 'pod-b', bootId: 'boot-b' });
  });
  afterEach(() => Promise.all([here.close(), owner.close()]));

  async function open(): Promise<RelaySocket> {
    const opened = await here.peers.openRelay(owner.identity, CALL, TIMEOUT_MS);
    if (!opened.ok) throw new Error(`${opened.why}: ${opened.detail}`);
    return opened.reply;
  }

  function echo(socket: WebSocket): void {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  }

  it('opens one to another pod, which learns what it is for and who brings it', async () => {
    const taken: [RelayRequest, PodIdentity][] = [];
    owner.peers.onRelay(({ socket, transport }, relayRequest, from) => {
      taken.push([relayRequest, from]);
      socket.send(`over ${transport.localPort}`);
    });
    const { socket, transport } = await open();
    const message = once(socket, 'message');
    socket.resume();
    const [text] = (await message) as [Buffer];
    expect(text.toString()).toBe(`over ${owner.identity.address.split(':')[1]}`);
    expect(transport.bytesRead).toBeGreaterThan(0);
    expect(taken).toEqual([[CALL, here.identity]]);
    expect(socket.extensions).toBe('');
  });

  it('opens one without a token', async () => {
    const taken: RelayRequest[] = [];
    owner.peers.onRelay((_socket, relayRequest) => void taken.push(relayRequest));
    await here.peers.openRelay(owner.identity, { ...CALL, token: undefined }, TIMEOUT_MS);
    expect(taken).toEqual([{ ...CALL, token: undefined }]);
  });

  it('keeps what comes with the opening until somebody listens', async () => {
    owner.peers.onRelay(({ socket }) => {
      for (let n = 0; n < 100; n++) socket.send(`${n}`);
    });
    const { socket } = await open();
    // Time for what has come to be lost, if it could be.
    await new Promise((resolve) => setImmediate(resolve));
    await here.peers.probe(owner.identity, TIMEOUT_MS);
    const received: string[] = [];
    const all = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        if (received.push(data.toString()) === 100) resolve();
      });
    });
    socket.resume();
    await all;
    expect(received).toEqual(Array.from({ length: 100 }, (_, n) => `${n}`));
  });

  it('relays a socket from end to end, and its end', async () => {
    owner.peers.onRelay(({ socket }) => {
      echo(socket);
      socket.on('message', (data: Buffer) => {
        if (data.toString() === 'stop') socket.close(1000, 'call ended');
      });
    });
    const near = await socketPair();
    const counts = relay(near.here, await open(), [{ data: Buffer.from('start'), isBinary: false }]);
    near.there.send('media');
    near.there.send('stop');
    const [code, reason] = (await once(near.there, 'close')) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1000, 'call ended']);
    await expect(counts).resolves.toEqual({ toFar: 3, toNear: 3 });
    await near.close();
  });

  it('relays a hundred calls at once', async () => {
    owner.peers.onRelay(({ socket }) => echo(socket));
    const calls = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const [near, far] = await Promise.all([socketPair(), open()]);
        return { near, counts: relay(near.here, far), index };
      }),
    );
    await Promise.all(
      calls.map(async ({ near, index }) => {
        for (let n = 0; n < 20; n++) {
          near.there.send(`${index} ${n}`);
          const [data] = (await once(near.there, 'message')) as [Buffer];
          expect(data.toString()).toBe(`${index} ${n}`);
        }
        near.there.close(1000);
      }),
    );
    for (const { near, counts } of calls) {
      await expect(counts).resolves.toEqual({ toFar: 20, toNear: 20 });
      await near.close();
    }
  });

  it.each([
    [
      'has no use for it',
      () =>
        owner.peers.onRelay(
          () => undefined,
          () => false,
        ),
      'declined',
    ],
    ['takes none', () => undefined, 'declined'],
  ])('hears "declined" from a pod that %s', async (_, prepare, why) => {
    prepare();
    await expect(here.peers.openRelay(owner.identity, CALL, TIMEOUT_MS)).resolves.toMatchObject({ ok: false, why });
  });

  it('hears "failed" from a pod that is asked nonsense, or fails to choose', async () => {
    owner.peers.onRelay(
      () => undefined,
      () => {
        throw new Error('with a secret in it');
      },
    );
    await expect(here.peers.openRelay(owner.identity, CALL, TIMEOUT_MS)).resolves.toMatchObject({ why: 'failed' });
    const nonsense = { ...CALL, hops: -1 };
    await expect(here.peers.openRelay(owner.identity, nonsense, TIMEOUT_MS)).resolves.toMatchObject({ why: 'failed' });
    const endless = { ...CALL, token: 'x'.repeat(20_000) };
    await expect(here.peers.openRelay(owner.identity, endless, TIMEOUT_MS)).resolves.toMatchObject({ why: 'failed' });
  });

  it('takes a pod for dead that was restarted at its address, or listens no more', async () => {
    owner.peers.onRelay(() => undefined);
    const before = { ...owner.identity, bootId: 'boot-of-before' };
    await expect(here.peers.openRelay(before, CALL, TIMEOUT_MS)).resolves.toMatchObject({ why: 'dead' });
    await owner.close();
    await expect(here.peers.openRelay(owner.identity, CALL, TIMEOUT_MS)).resolves.toMatchObject({ why: 'dead' });
  });

  it('ends a socket whose handler throws, and not the process', async () => {
    owner.peers.onRelay(() => {
      throw new Error('a mistake');
    });
    const { socket } = await open();
    socket.resume();
    await once(socket, 'close');
    expect(owner.logged).toMatchObject([{ level: 'error', fields: { pod: 'name of pod-a' } }]);
    await expect(here.peers.probe(owner.identity, TIMEOUT_MS)).resolves.toBe('alive');
  });

  it('ends the sockets that it took with 1001 when it leaves', async () => {
    owner.peers.onRelay(({ socket }) => echo(socket));
    const [one, other] = await Promise.all([open(), open()]);
    one.socket.resume();
    // The other one does not read, and is cut off.
    const closed = once(one.socket, 'close');
    await owner.close();
    expect((await closed)[0]).toBe(1001);
    other.socket.terminate();
  });

  describe('lets nobody in', () => {
    function upgrade(headers: Record<string, string>): Promise<number | undefined> {
      const [host, port] = owner.identity.address.split(':');
      return new Promise((resolve, reject) => {
        const sent = request({
          ...{ host, port, path: '/pods/stream' },
          headers: {
            ...{ Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
            ...{ 'Sec-WebSocket-Key': randomBytes(16).toString('base64'), ...headers },
          },
        });
        sent.on('error', reject);
        sent.on('response', (response) => (response.resume(), resolve(response.statusCode)));
        sent.on('upgrade', (response, socket) => (socket.destroy(), resolve(response.statusCode)));
        sent.end();
      });
    }
    function sign(more: Partial<RequestClaims> = {}, method = 'GET', path = '/pods/stream'): Record<string, string> {
      const claims: RequestClaims = {
        from: pack(here.identity),
        to: packTarget(owner.identity),
        time: String(Math.floor(Date.now() / 1_000)),
        nonce: randomBytes(16).toString('base64url'),
        relay: pack(CALL),
        ...more,
      };
      return signRequest(new TestSigner(), method, path, Buffer.alloc(0), claims).headers;
    }
    beforeEach(() => owner.peers.onRelay(() => undefined));

    it('but who signed for this path, this call and this process, once', async () => {
      const headers = sign();
      await expect(upgrade(headers)).resolves.toBe(101);
      await expect(upgrade(headers)).resolves.toBe(401);
      await expect(upgrade({})).resolves.toBe(401);
      await expect(upgrade(sign({}, 'POST'))).resolves.toBe(401);
      await expect(upgrade(sign({}, 'GET', '/pods/other'))).resolves.toBe(401);
      await expect(upgrade(sign({ time: '1700000000' }))).resolves.toBe(401);
      await expect(upgrade({ ...sign(), 'parley-relay': pack({ ...CALL, callControlId: 'v3:b' }) })).resolves.toBe(401);
      await expect(upgrade(sign({ relay: '' }))).resolves.toBe(400);
      await expect(upgrade(sign({ to: packTarget(here.identity) }))).resolves.toBe(410);
    });
  });
});
