import { once } from 'node:events';
import { relay } from './relay.js';
import { PodChild } from './testing/pod-child.js';
import { ECHO, TestPod } from './testing/test-pod.js';
import { socketPair } from './testing/socket-pair.js';

const TIMEOUT_MS = 10_000;
const CALL = { callControlId: 'v3:a', token: undefined, hops: 0 };

describe('HttpPeers, of pods in processes of their own', () => {
  let here: TestPod;
  const children: PodChild[] = [];

  beforeEach(async () => {
    here = await TestPod.start();
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.kill()));
    await here.close();
  });

  async function start(bootId: string, port?: number): Promise<PodChild> {
    const child = await PodChild.start(bootId, port);
    children.push(child);
    return child;
  }

  const ask = (pod: PodChild, say = 'hi') => here.peers.ask(pod.identity, ECHO, { say }, TIMEOUT_MS);

  it('takes a killed process for dead, also over a connection kept from before', async () => {
    const pod = await start('boot-1');
    await expect(ask(pod)).resolves.toMatchObject({ ok: true });
    await pod.kill();
    await expect(ask(pod)).resolves.toMatchObject({ ok: false, why: 'dead' });
    await expect(here.peers.probe(pod.identity, TIMEOUT_MS)).resolves.toBe('dead');
    await expect(here.peers.openRelay(pod.identity, CALL, TIMEOUT_MS)).resolves.toMatchObject({ why: 'dead' });
  });

  it('takes a process for dead that is killed while it works on a request', async () => {
    const pod = await start('boot-1');
    const asked = ask(pod, 'hang');
    // The second one is answered after the first has come in, on another connection.
    await ask(pod);
    await pod.kill();
    await expect(asked).resolves.toMatchObject({ ok: false, why: 'dead' });
  });

  it('tells a restarted process from the one before, at the same address', async () => {
    const before = await start('boot-1');
    await ask(before);
    await before.kill();
    const after = await start('boot-2', before.port);
    expect(after.identity.address).toBe(before.identity.address);
    await expect(ask(before)).resolves.toMatchObject({ ok: false, why: 'dead' });
    await expect(here.peers.probe(before.identity, TIMEOUT_MS)).resolves.toBe('dead');
    await expect(here.peers.openRelay(before.identity, CALL, TIMEOUT_MS)).resolves.toMatchObject({ why: 'dead' });
    await expect(ask(after)).resolves.toMatchObject({ ok: true });
    await expect(here.peers.probe(after.identity, TIMEOUT_MS)).resolves.toBe('alive');
  });

  it('takes a stopped process for silent, and for alive when it goes on', async () => {
    const pod = await start('boot-1');
    await ask(pod);
    pod.signal('SIGSTOP');
    await expect(here.peers.probe(pod.identity, 300)).resolves.toBe('silent');
    await expect(here.peers.ask(pod.identity, ECHO, { say: 'hi' }, 300)).resolves.toMatchObject({ why: 'silent' });
    await expect(here.peers.openRelay(pod.identity, CALL, 300)).resolves.toMatchObject({ why: 'silent' });
    pod.signal('SIGCONT');
    await expect(here.peers.probe(pod.identity, TIMEOUT_MS)).resolves.toBe('alive');
  });

  it('ends the near socket when the pod at the far end is killed', async () => {
    const pod = await start('boot-1');
    const opened = await here.peers.openRelay(pod.identity, CALL, TIMEOUT_MS);
    if (!opened.ok) throw new Error(opened.detail);
    const near = await socketPair();
    const relayed = relay(near.here, opened.reply);
    near.there.send('there and back');
    const [echo] = (await once(near.there, 'message')) as [Buffer];
    expect(echo.toString()).toBe('there and back');

    const closed = once(near.there, 'close');
    await pod.kill();
    const [code] = (await closed) as [number];
    expect(code).toBe(1006);
    await expect(relayed).resolves.toEqual({ toFar: 1, toNear: 1 });
    await near.close();
  });
});
