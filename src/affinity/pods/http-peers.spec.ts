import { z } from 'zod';
import { connectTo, Strangers } from './testing/strangers.js';
import { ECHO, TestPod } from './testing/test-pod.js';

const TIMEOUT_MS = 10_000;

describe('HttpPeers', () => {
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

  describe('asks', () => {
    it('another pod, which answers and learns who asked', async () => {
      const whoAsks = { name: 'who', request: z.null(), reply: z.string() };
      b.peers.answer(whoAsks, async (_request, from) => `${from.uid} ${from.bootId} ${from.address}`);
      await expect(a.peers.ask(b.identity, ECHO, { say: 'hello — ünïcode' }, TIMEOUT_MS)).resolves.toEqual({
        ok: true,
        reply: { said: 'hello — ünïcode', times: 1 },
      });
      await expect(a.peers.ask(b.identity, whoAsks, null, TIMEOUT_MS)).resolves.toEqual({
        ok: true,
        reply: `pod-a boot-1 ${a.identity.address}`,
      });
      await expect(a.peers.probe(b.identity, TIMEOUT_MS)).resolves.toBe('alive');
    });

    it('many things at once', async () => {
      const replies = await Promise.all(
        Array.from({ length: 100 }, (_, n) => a.peers.ask(b.identity, ECHO, { say: `${n}` }, TIMEOUT_MS)),
      );
      expect(replies.map((reply) => reply.ok && reply.reply.said)).toEqual(replies.map((_, n) => `${n}`));
    });

    it('over connections that it keeps', async () => {
      const connections = new Set<number | undefined>();
      const peek = { name: 'peek', request: z.null(), reply: z.number() };
      const address = await strangers.http((incoming, response) => {
        connections.add(incoming.socket.remotePort);
        response.end();
      });
      for (let n = 0; n < 5; n++) await a.peers.ask({ ...b.identity, address }, peek, null, TIMEOUT_MS);
      expect(connections.size).toBe(1);
    });

    it.each([
      ['declined', 'does not have it', { say: '' }],
      ['failed', 'fails at it', { say: 'fail' }],
      ['failed', 'finds the request to be none', { say: 3 as unknown as string }],
      ['failed', 'would have to read too much', { say: 'x'.repeat(600_000) }],
      ['failed', 'would have to read what is no JSON', { say: 3n as unknown as string }],
    ])('and hears "%s" from a pod that %s', async (why, _, question) => {
      await expect(a.peers.ask(b.identity, ECHO, question, TIMEOUT_MS)).resolves.toMatchObject({ ok: false, why });
      await expect(a.peers.probe(b.identity, TIMEOUT_MS)).resolves.toBe('alive');
    });

    it('and hears "declined" to an operation that the other pod does not know', async () => {
      const newer = { ...ECHO, name: 'of-a-newer-version' };
      await expect(a.peers.ask(b.identity, newer, { say: 'hi' }, TIMEOUT_MS)).resolves.toMatchObject({
        why: 'declined',
      });
    });

    it('and does not tell the other pod what went wrong, but its log', async () => {
      const { detail } = (await a.peers.ask(b.identity, ECHO, { say: 'fail' }, TIMEOUT_MS)) as { detail: string };
      expect(detail).toBe('500');
      expect(b.logged).toMatchObject([{ level: 'error', fields: { operation: 'echo', pod: 'name of pod-a' } }]);
    });

    it('and does not believe a reply of another shape, or one that is too long', async () => {
      const odd = { ...ECHO, name: 'odd', reply: z.any() };
      const long = { ...ECHO, name: 'long', reply: z.any() };
      b.peers.answer(odd, async () => ({ said: 1 }));
      b.peers.answer(long, async () => 'x'.repeat(70_000));
      for (const { name } of [odd, long]) {
        await expect(a.peers.ask(b.identity, { ...ECHO, name }, { say: 'hi' }, TIMEOUT_MS)).resolves.toMatchObject({
          why: 'failed',
        });
      }
    });

    it('and takes a pod for dead whose port refuses', async () => {
      await b.close();
      await expect(a.peers.ask(b.identity, ECHO, { say: 'hi' }, TIMEOUT_MS)).resolves.toEqual({
        ...{ ok: false, why: 'dead', detail: 'ECONNREFUSED' },
      });
      await expect(a.peers.probe(b.identity, TIMEOUT_MS)).resolves.toBe('dead');
    });

    it.each([
      ['the same pod with another boot id', { uid: 'pod-b', bootId: 'boot-of-before' }],
      ['another pod that was at this address', { uid: 'pod-x', bootId: 'boot-b' }],
    ])('and takes for dead: %s', async (_, names) => {
      const before = { ...b.identity, ...names };
      await expect(a.peers.ask(before, ECHO, { say: 'hi' }, TIMEOUT_MS)).resolves.toMatchObject({ why: 'dead' });
      await expect(a.peers.probe(before, TIMEOUT_MS)).resolves.toBe('dead');
      expect(b.times).toBe(0);
    });

    it('and does not take a living pod for dead because its requests are led to another one', async () => {
      const address = await strangers.tcp((socket) => socket.pipe(connectTo(b.identity.address)).pipe(socket));
      const led = { ...b.identity, uid: 'pod-c', bootId: 'boot-c', address };
      await expect(a.peers.ask(led, ECHO, { say: 'hi' }, TIMEOUT_MS)).resolves.toMatchObject({
        why: 'failed',
        detail: `answered by ${b.identity.address}`,
      });
      await expect(a.peers.probe(led, TIMEOUT_MS)).resolves.toBe('silent');
    });

    it('and takes a pod for silent that does not answer in time', async () => {
      await expect(a.peers.ask(b.identity, ECHO, { say: 'hang' }, 50)).resolves.toMatchObject({ why: 'silent' });
      const address = await strangers.tcp(() => undefined);
      await expect(a.peers.probe({ ...b.identity, address }, 50)).resolves.toBe('silent');
    });

    it('and takes a pod for silent that cuts every connection, after two more tries', async () => {
      let connections = 0;
      const address = await strangers.tcp((socket) => {
        connections++;
        socket.resetAndDestroy();
      });
      await expect(a.peers.probe({ ...b.identity, address }, TIMEOUT_MS)).resolves.toBe('silent');
      expect(connections).toBe(3);
    });

    it('and takes a pod for silent whose address leads nowhere', async () => {
      const address = 'no-such-host.invalid:1';
      await expect(a.peers.probe({ ...b.identity, address }, TIMEOUT_MS)).resolves.toBe('silent');
    });

    it.each(['', '127.0.0.1', '127.0.0.1:99999', 'http://127.0.0.1:80', '127.0.0.1:80/path', 'a b:80'])(
      'and bears the address "%s"',
      async (address) => {
        const nowhere = { ...b.identity, address };
        const relayRequest = { callControlId: 'v3:a', token: undefined, hops: 0 };
        await expect(a.peers.ask(nowhere, ECHO, { say: 'hi' }, 500)).resolves.toMatchObject({ ok: false });
        await expect(a.peers.openRelay(nowhere, relayRequest, 500)).resolves.toMatchObject({ ok: false });
      },
    );

    it('and asks again on a connection of its own where the kept ones were cut', async () => {
      const KEPT = 4;
      let connections = 0;
      const address = await strangers.tcp((socket, number) => {
        connections++;
        const onward = connectTo(b.identity.address);
        onward.pipe(socket);
        let requests = 0;
        socket.on('data', (bytes: Buffer) => {
          requests += bytes.includes('POST') ? 1 : 0;
          // As a process does that is just going, or has had enough of an idle connection.
          if (number <= KEPT && requests === 2) socket.resetAndDestroy();
          else onward.write(bytes);
        });
      });
      const ask = () => a.peers.ask({ ...b.identity, address }, ECHO, { say: 'hi' }, TIMEOUT_MS);
      await Promise.all(Array.from({ length: KEPT }, ask));
      expect(connections).toBe(KEPT);
      await expect(ask()).resolves.toEqual({ ok: true, reply: { said: 'hi', times: KEPT + 1 } });
      expect(connections).toBe(KEPT + 1);
    });

    it('and has nothing done twice where the connection was cut before the answer', async () => {
      const address = await strangers.tcp((socket, number) => {
        const onward = connectTo(b.identity.address);
        socket.pipe(onward);
        if (number === 1) onward.once('data', () => socket.resetAndDestroy());
        else onward.pipe(socket);
      });
      const pod = { ...b.identity, address };
      await expect(a.peers.ask(pod, ECHO, { say: 'hi' }, TIMEOUT_MS)).resolves.toMatchObject({ why: 'failed' });
      expect(b.times).toBe(1);
    });
  });

  it('will not have two answers to one operation', () => {
    expect(() => b.peers.answer(ECHO, async () => undefined)).toThrow('echo');
  });
});
