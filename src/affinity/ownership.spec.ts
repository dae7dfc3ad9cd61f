import { FleetStage } from '../calls/fleet/testing/fleet-stage.js';
import { type StagedPod } from '../calls/fleet/testing/staged-pod.js';
import { type NewCall } from './call-directory.js';
import { type Ownership } from './ownership.js';

const SEALED = Buffer.from('sealed');

describe('Ownership', () => {
  let stage: FleetStage;
  let a: StagedPod;
  let ownership: Ownership;
  let lost: string[];
  let restored: string[];

  beforeEach(async () => {
    stage = new FleetStage();
    await stage.start('a', 'b');
    a = stage.pod('a');
    ownership = a.ownership;
    [lost, restored] = [[], []];
    ownership.onLost((call) => lost.push(call));
    ownership.onRestored((call) => restored.push(call));
  });
  afterEach(() => stage.close());

  const newCall = (): NewCall => ({
    callControlId: 'call',
    callSessionId: 'session',
    connectionId: undefined,
    answeredAtMs: Date.now(),
    streamBaseUrl: 'wss://gw.example.com',
    answeredBy: a.pod,
    sealed: SEALED,
  });
  const record = () => stage.store.kept.find('call');

  /** @returns the epoch. */
  async function claim(pod: StagedPod, aboveEpoch = 0): Promise<number> {
    const outcome = await stage.store.kept.claim({
      ...{ callControlId: 'call', pod: pod.pod, aboveEpoch },
      otherwise: newCall(),
      dead: (await record())?.owner,
    });
    if (!outcome.granted) throw new Error('not granted');
    return outcome.epoch;
  }

  async function owned(): Promise<void> {
    await ownership.answering(newCall());
    ownership.owns(newCall(), await claim(a), 0);
  }

  it('writes down the call that is answered, without an owner', async () => {
    await ownership.answering(newCall());
    await expect(record()).resolves.toMatchObject({ epoch: 0, owner: undefined, sealed: SEALED });
    expect(ownership.epochOf('call')).toBe(0);
    await expect(ownership.mayAct('call')).resolves.toBe(true);
  });

  it('renews leases for as long as it has the calls', async () => {
    await owned();
    for (let n = 0; n < 20; n++) {
      await stage.run(1_000);
      expect((await record())?.leaseMs).toBeGreaterThan(2_000);
    }
    expect(lost).toEqual([]);
  });

  it('tells once of a call that another pod has taken, and acts for it no more', async () => {
    await owned();
    await claim(stage.pod('b'));
    await expect(ownership.mayAct('call')).resolves.toBe(false);
    await stage.run(3_000);
    expect(lost).toEqual(['call']);
    expect(ownership.epochOf('call')).toBeUndefined();
    await expect(stage.store.kept.callsOf(a.pod)).resolves.toEqual([]);
  });

  it('notices a loss by the next renewal, without being asked', async () => {
    await owned();
    await claim(stage.pod('b'));
    await stage.run(2_000);
    expect(lost).toEqual(['call']);
  });

  it('may not act for a call that it only answered, and that another pod has claimed or moves', async () => {
    await ownership.answering(newCall());
    await claim(stage.pod('b'));
    await stage.store.kept.move('call', 1);
    await expect(ownership.mayAct('call')).resolves.toBe(false);
    expect(lost).toEqual(['call']);
  });

  it('may not act for a call of which it has no part, or that it has given up for a move', async () => {
    await expect(ownership.mayAct('call')).resolves.toBe(false);
    await owned();
    ownership.suspend('call');
    await expect(ownership.mayAct('call')).resolves.toBe(false);
    expect(lost).toEqual([]);
    // Somebody is to see to it if this pod dies.
    await expect(stage.store.kept.callsOf(a.pod)).resolves.toEqual(['call']);
  });

  it('may act without the directory', async () => {
    await owned();
    stage.store.leave();
    await expect(ownership.mayAct('call')).resolves.toBe(true);
    await stage.run(10_000);
    expect(lost).toEqual([]);
  });

  it('registers again what the directory has forgotten, with its epoch, its papers and its attempts', async () => {
    await owned();
    await ownership.nextAttempt('call');
    await ownership.nextAttempt('call');
    stage.store.leave();
    await stage.run(100);
    stage.store.comeBack(true);
    await stage.run(200);
    await expect(record()).resolves.toMatchObject({ epoch: 1, owner: { uid: 'a' }, attempt: 2, sealed: SEALED });
    expect(restored).toEqual(['call']);
    expect(lost).toEqual([]);
  });

  it('registers again, by its renewals, what was forgotten without a word', async () => {
    await owned();
    stage.store.empty();
    await stage.run(2_000);
    await expect(record()).resolves.toMatchObject({ epoch: 1, owner: { uid: 'a' } });
  });

  it('writes down again a call that it only answered', async () => {
    await ownership.answering(newCall());
    stage.store.leave();
    await stage.run(100);
    stage.store.comeBack(true);
    await stage.run(200);
    await expect(record()).resolves.toMatchObject({ epoch: 0, sealed: SEALED });
  });

  it('writes down a call whose answer the directory did not hear of', async () => {
    stage.store.leave();
    await expect(ownership.answering(newCall())).rejects.toThrow();
    stage.store.comeBack();
    await stage.run(200);
    await expect(record()).resolves.toMatchObject({ epoch: 0 });
  });

  it('lets a call go to the pod that has claimed it while both were without the directory', async () => {
    await owned();
    stage.store.leave();
    await stage.run(100);
    stage.store.empty();
    await claim(stage.pod('b'), 1);
    stage.store.comeBack();
    await stage.run(2_000);
    expect(lost).toEqual(['call']);
    await expect(record()).resolves.toMatchObject({ epoch: 2, owner: { uid: 'b' } });
  });

  it('does not lose a call that it has claimed anew while an older answer was on its way', async () => {
    await owned();
    await claim(stage.pod('b'));
    // Asked with the old epoch; the answer comes when there is a new one.
    stage.scenery.latencyMs = () => 50;
    const mayAct = ownership.mayAct('call');
    const renewal = stage.run(1_600);
    ownership.owns(newCall(), await claim(a), 0);
    await expect(stage.outcome(mayAct)).resolves.toBe(true);
    await renewal;
    expect(lost).toEqual([]);
    expect(ownership.epochOf('call')).toBe(3);
    await expect(record()).resolves.toMatchObject({ epoch: 3, owner: { uid: 'a' } });
  });

  it('saves the papers of a call, and again when the directory was not there', async () => {
    await owned();
    await ownership.save('call', Buffer.from('newer'));
    await expect(record()).resolves.toMatchObject({ sealed: Buffer.from('newer') });
    stage.store.leave();
    await ownership.save('call', Buffer.from('newest'));
    stage.store.comeBack();
    await stage.run(2_000);
    await expect(record()).resolves.toMatchObject({ sealed: Buffer.from('newest') });
  });

  it('keeps the order of what is saved one right after the other', async () => {
    await owned();
    await Promise.all(['1', '2', '3'].map((text) => ownership.save('call', Buffer.from(text))));
    await expect(record()).resolves.toMatchObject({ sealed: Buffer.from('3') });
  });

  it('does not overwrite the papers of a pod that has the call now', async () => {
    await owned();
    await claim(stage.pod('b'));
    await ownership.save('call', Buffer.from('of the past'));
    await expect(record()).resolves.toMatchObject({ sealed: SEALED });
  });

  it('counts streaming commands in common with the other pods, and by itself without the directory', async () => {
    await owned();
    await expect(ownership.nextAttempt('call')).resolves.toBe(1);
    await stage.store.kept.nextAttempt('call', 1);
    await expect(ownership.nextAttempt('call')).resolves.toBe(3);
    stage.store.leave();
    await expect(ownership.nextAttempt('call')).resolves.toBe(4);
  });

  it('forgets a call that is over', async () => {
    await owned();
    await ownership.forget('call');
    await expect(record()).resolves.toBeUndefined();
    await stage.run(2_000);
    await expect(record()).resolves.toBeUndefined();
  });

  it('has a call forgotten, when the directory is back, that ended while it was away', async () => {
    await owned();
    stage.store.leave();
    await expect(ownership.forget('call')).rejects.toThrow();
    stage.store.comeBack();
    await stage.run(200);
    await expect(record()).resolves.toBeUndefined();
  });

  it('leaves nothing of a call that ended while it was being registered again', async () => {
    await owned();
    stage.store.empty();
    stage.scenery.latencyMs = () => 40;
    // The renewal is on its way to the directory.
    await stage.run(1_520);
    const forgotten = ownership.forget('call');
    await stage.outcome(forgotten);
    await stage.run(1_000);
    await expect(record()).resolves.toBeUndefined();
  });

  it('takes a call that it lets go of off its list', async () => {
    await owned();
    ownership.letGo('call');
    await stage.run(50);
    await expect(stage.store.kept.callsOf(a.pod)).resolves.toEqual([]);
    await expect(record()).resolves.toMatchObject({ epoch: 1 });
  });
});
