import { FleetStage } from '../calls/fleet/testing/fleet-stage.js';
import { type StagedPod } from '../calls/fleet/testing/staged-pod.js';
import { type Whereabouts } from './call-finder.js';
import { type PodIdentity } from './pod.js';

describe('CallFinder', () => {
  let stage: FleetStage;
  let a: StagedPod;
  beforeEach(async () => {
    stage = new FleetStage();
    await stage.start('a', 'b', 'c');
    a = stage.pod('a');
  });
  afterEach(() => stage.close());

  const find = (...hints: (PodIdentity | undefined)[]): Promise<Whereabouts> =>
    stage.outcome(a.finder.find('call', hints));

  it('finds the owner, and the pod that answered and waits', async () => {
    await stage.answered('call', 'b');
    await expect(find()).resolves.toMatchObject({ at: 'pod', pod: { uid: 'b' }, part: 'waiting' });
    await stage.land('call', 'c');
    await expect(find()).resolves.toMatchObject({ at: 'pod', pod: { uid: 'c' }, part: 'streaming' });
  });

  it.each([
    ['gone', 'dead'],
    ['silent', 'silent'],
  ] as const)('says of an owner that is %s how sure it is: %s', async (reach, absence) => {
    await stage.talking('call', 'b');
    stage.pod('c').fleet.onAbsent(() => Promise.resolve());
    a.fleet.onAbsent(() => Promise.resolve());
    stage.kill('b', reach);
    await stage.run(1_100);
    await expect(find()).resolves.toMatchObject({ at: 'absent', pod: { uid: 'b' }, absence, record: { epoch: 1 } });
  });

  it('finds nobody for a call that is on its way, and for one that this pod has let go of', async () => {
    await stage.talking('call', 'b');
    await stage.store.kept.move('call', 1);
    await expect(find()).resolves.toMatchObject({ at: 'nobody', record: { moving: true } });
    await expect(stage.pod('b').finder.find('call', [])).resolves.toMatchObject({ at: 'nobody' });
  });

  it('is sure of a call that the directory does not know, and nobody else', async () => {
    await expect(find()).resolves.toEqual({ at: 'unknown', sure: true });
    stage.store.leave();
    await expect(find()).resolves.toEqual({ at: 'unknown', sure: false });
  });

  it.each(['leave', 'empty'] as const)('asks around where the directory cannot say: %s', async (how) => {
    await stage.talking('call', 'c');
    stage.store[how]();
    await expect(find()).resolves.toMatchObject({ at: 'pod', pod: { uid: 'c' }, part: 'streaming' });
  });

  it('asks pods that nobody has heard of but the token', async () => {
    await stage.talking('call', 'b');
    stage.store.leave();
    stage.store.empty();
    await stage.start('z');
    const { finder } = stage.pod('z');
    await expect(stage.outcome(finder.find('call', []))).resolves.toEqual({ at: 'unknown', sure: false });
    const hints = [undefined, stage.pod('b').pod.identity, stage.pod('z').pod.identity];
    await expect(stage.outcome(finder.find('call', hints))).resolves.toMatchObject({ at: 'pod', pod: { uid: 'b' } });
  });

  it('takes the pod that has the stream before the one that waits for it', async () => {
    await stage.answered('call', 'b');
    stage.store.leave();
    const { url } = stage.wanted[0] ?? { url: '' };
    // As where the one that answered was not told.
    stage.pod('b').peers.reach = 'silent';
    await stage.dial('call', url, 'c');
    await stage.run(2_000);
    stage.pod('b').peers.reach = 'there';
    expect(stage.pod('b').calls.partIn('call')).toBe('waiting');
    await expect(find()).resolves.toMatchObject({ at: 'pod', pod: { uid: 'c' }, part: 'streaming' });
  });

  it('asks the pod that is said to have taken the call, and believes nobody else', async () => {
    await stage.answered('call', 'b');
    await stage.start('d');
    await stage.land('call', 'd');
    stage.store.leave();
    stage.store.empty();
    await stage.start('z');
    const hint = stage.pod('b').pod.identity;
    const { finder } = stage.pod('z');
    await expect(stage.outcome(finder.find('call', [hint]))).resolves.toMatchObject({ at: 'pod', pod: { uid: 'd' } });
    stage.kill('d');
    await expect(stage.outcome(finder.find('call', [hint]))).resolves.toEqual({ at: 'unknown', sure: false });
  });

  it('asks for 300 ms in all', async () => {
    for (const name of ['b', 'c']) stage.kill(name, 'silent');
    stage.store.leave();
    const begunMs = stage.clock.nowMs();
    await find();
    expect(stage.clock.nowMs() - begunMs).toBeLessThanOrEqual(320);
  });
});
