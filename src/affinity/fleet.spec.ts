import { FleetStage } from '../calls/fleet/testing/fleet-stage.js';
import { type StagedPod } from '../calls/fleet/testing/staged-pod.js';
import { type Absence } from './fleet.js';
import { type PodIdentity } from './pod.js';

describe('Fleet', () => {
  let stage: FleetStage;
  let a: StagedPod;
  let absent: string[];
  /** What is done about an absent pod takes so long. */
  let lookingAfterMs: number;

  beforeEach(async () => {
    stage = new FleetStage();
    await stage.start('a', 'b', 'c');
    a = stage.pod('a');
    // It is only this one that does something about it.
    stage.pod('c').fleet.onAbsent(() => Promise.resolve());
    absent = [];
    lookingAfterMs = 0;
    a.fleet.onAbsent(async (pod: PodIdentity, absence: Absence) => {
      absent.push(`${pod.uid} ${absence}`);
      if (lookingAfterMs > 0) await new Promise<void>((resolve) => a.clock.after(lookingAfterMs, resolve));
    });
  });
  afterEach(() => stage.close());

  const names = (pods: readonly { pod: PodIdentity }[]): string[] => pods.map(({ pod }) => pod.uid).sort();

  it('hears of the others, and of their load', async () => {
    await stage.talking('call', 'b');
    await stage.run(1_300);
    expect(names(a.fleet.others)).toEqual(['b', 'c']);
    expect(a.fleet.others.find(({ pod }) => pod.uid === 'b')?.activeCalls).toBe(1);
    await expect(a.fleet.stateOf(stage.pod('b').pod)).resolves.toBe('alive');
  });

  it('does not keep step with the others', async () => {
    const beats: number[] = [];
    const { kept } = stage.store;
    const beat = kept.beat.bind(kept);
    kept.beat = (state) => {
      if (state.pod.uid === 'a') beats.push(stage.clock.nowMs());
      return beat(state);
    };
    await stage.run(20_000);
    const gaps = beats.slice(1).map((atMs, index) => atMs - (beats[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(390);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(620);
    expect(new Set(gaps).size).toBeGreaterThan(3);
  });

  it('probes a pod that has fallen silent, and tells whether it is dead', async () => {
    stage.kill('b');
    stage.kill('c', 'silent');
    await stage.run(2_500);
    expect(new Set(absent)).toEqual(new Set(['b dead', 'c silent']));
    await expect(a.fleet.stateOf(stage.pod('b').pod)).resolves.toBe('dead');
    await expect(stage.outcome(a.fleet.stateOf(stage.pod('c').pod))).resolves.toBe('silent');
  });

  it('says nothing of a pod that answers, though its heartbeats do not come', async () => {
    stage.pod('b').fleet.onModuleDestroy();
    await stage.run(5_000);
    expect(absent).toEqual([]);
    await expect(stage.outcome(a.fleet.stateOf(stage.pod('b').pod))).resolves.toBe('alive');
  });

  it('knows a process that was started anew at the same address for another one', async () => {
    const before = stage.pod('b').pod.identity;
    stage.kill('b');
    stage.begin('b').fleet.onAbsent(() => Promise.resolve());
    await stage.run(2_500);
    expect(absent).toContain('b dead');
    await expect(a.fleet.stateOf(before)).resolves.toBe('dead');
    await expect(a.fleet.stateOf(stage.pod('b').pod)).resolves.toBe('alive');
  });

  it('looks into one pod once at a time, and again for as long as it is listed', async () => {
    lookingAfterMs = 4_000;
    stage.kill('b');
    await stage.run(4_500);
    expect(absent).toEqual(['b dead']);
    await stage.run(4_000);
    expect(absent.length).toBe(2);
  });

  it('goes on after a mistake in what is done about an absent pod', async () => {
    a.fleet.onAbsent((pod) => {
      absent.push(pod.uid);
      return Promise.reject(new Error('on purpose'));
    });
    stage.kill('b');
    await stage.run(4_000);
    expect(absent.length).toBeGreaterThan(1);
  });

  it('acts at once on a proof of death', async () => {
    const { pod } = stage.pod('b');
    stage.kill('b');
    a.fleet.provenDead(pod);
    await stage.run(10);
    expect(absent).toEqual(['b dead']);
    expect(names(a.fleet.alive)).toEqual(['c']);
  });

  it('declares nobody dead because the directory is away', async () => {
    stage.store.leave();
    await stage.run(10_000);
    expect(absent).toEqual([]);
    await expect(stage.outcome(a.fleet.stateOf(stage.pod('b').pod))).resolves.toBe('alive');
    // Nobody is counted on either of whom nothing was heard.
    expect(a.fleet.alive).toEqual([]);
  });

  describe('finds room elsewhere', () => {
    it('with pods that stay and are not full', async () => {
      expect(['b', 'c']).toContain(a.fleet.roomElsewhere()?.uid);
      stage.pod('b').drain.begin();
      await stage.run(1_300);
      for (let n = 0; n < 20; n++) expect(a.fleet.roomElsewhere()?.uid).toBe('c');
      stage.kill('c');
      await stage.run(2_500);
      expect(a.fleet.roomElsewhere()).toBeUndefined();
      expect(a.fleet.stayingElsewhere).toBe(false);
    });

    it('with the less loaded one of two, more often', async () => {
      for (let n = 0; n < 10; n++) await stage.talking(`call ${n}`, 'b');
      await stage.run(1_300);
      let atC = 0;
      for (let n = 0; n < 1_000; n++) if (a.fleet.roomElsewhere()?.uid === 'c') atC++;
      // Three of four pairs hold it: 750 of 1,000, give or take 14.
      expect(atC).toBeGreaterThan(650);
      expect(atC).toBeLessThan(850);
    });

    it('nowhere, where all are full, though they stay', async () => {
      stage.close();
      stage = new FleetStage({ MAX_CALLS: '1' });
      await stage.start('a', 'b');
      await stage.talking('call', 'b');
      await stage.run(1_300);
      expect(stage.pod('a').fleet.roomElsewhere()).toBeUndefined();
      expect(stage.pod('a').fleet.stayingElsewhere).toBe(true);
    });
  });

  it('is not heard of any more when it has left', async () => {
    await stage.pod('b').leave();
    await stage.run(3_000);
    expect(names(a.fleet.others)).toEqual(['c']);
    expect(absent).toEqual([]);
  });
});
