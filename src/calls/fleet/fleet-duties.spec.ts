import { PART_OPERATION } from '../../affinity/call-finder.js';
import { type PodIdentity } from '../../affinity/pod.js';
import { CLAIMED_OPERATION, WEBHOOK_OPERATION } from './operations.js';
import { FleetStage } from './testing/fleet-stage.js';
import { type StagedPod } from './testing/staged-pod.js';

const WITHIN_MS = 500;

describe('FleetDuties', () => {
  let stage: FleetStage;
  let a: StagedPod;
  let b: StagedPod;
  let at: PodIdentity;
  beforeEach(async () => {
    stage = new FleetStage({ DRAIN_HANDOVER_AFTER: '0' });
    await stage.start('a', 'b');
    [a, b] = [stage.pod('a'), stage.pod('b')];
    at = a.pod.identity;
  });
  afterEach(() => stage.close());

  const part = () => b.peers.ask(at, PART_OPERATION, { callControlId: 'call' }, WITHIN_MS);
  const claimed = (epoch: number, unlisted = false) =>
    b.peers.ask(at, CLAIMED_OPERATION, { callControlId: 'call', epoch, unlisted }, WITHIN_MS);

  it('says what part it has in a call', async () => {
    await expect(part()).resolves.toMatchObject({ ok: true, reply: { part: 'none' } });
    await stage.answered('call', 'a');
    await expect(part()).resolves.toMatchObject({ reply: { part: 'waiting' } });
    await stage.land('call', 'a');
    await expect(part()).resolves.toMatchObject({ reply: { part: 'streaming' } });
  });

  it('says who has taken a call from it', async () => {
    await stage.answered('call', 'a');
    await stage.land('call', 'b');
    await expect(part()).resolves.toMatchObject({ reply: { part: 'none', takenBy: { uid: 'b' } } });
  });

  it('has no part in a call that is on its way', async () => {
    await stage.talking('call', 'a');
    a.drain.begin();
    await stage.run(2_000);
    expect(a.calls.find('call')?.call.moving).toBe(true);
    await expect(part()).resolves.toMatchObject({ reply: { part: 'none' } });
  });

  it('lets go of a call that another pod has claimed, and hands over its papers, sealed', async () => {
    await stage.answered('call', 'a');
    const answer = await claimed(1);
    if (!answer.ok) throw new Error(answer.why);
    const sealed = Buffer.from(answer.reply.sealed ?? '', 'base64');
    expect(sealed.toString('latin1')).not.toContain('+1555');
    expect(b.factory.papersOf('call', sealed)).toMatchObject({ state: { phase: 'answered' } });
    expect(b.factory.papersOf('another', sealed)).toBeUndefined();
    expect(a.calls.find('call')).toBeUndefined();
    expect(a.calls.takenBy('call')?.uid).toBe('b');
    await expect(claimed(1)).resolves.toMatchObject({ ok: false, why: 'declined' });
  });

  it('keeps a call that it has claimed since, when news of an older claim comes late', async () => {
    await stage.talking('call', 'a');
    await stage.outcome(a.taking.claim({ callControlId: 'call', sawEpoch: 4 }));
    await expect(claimed(4)).resolves.toMatchObject({ ok: false, why: 'declined' });
    expect(stage.serving('call')).toEqual(['a']);
    await expect(claimed(6)).resolves.toMatchObject({ ok: true });
    expect(stage.serving('call')).toEqual([]);
  });

  describe('told of a call that a pod has taken without the directory', () => {
    const recorded = async () => {
      await stage.run(100);
      return stage.store.kept.find('call');
    };

    it('writes down who has it', async () => {
      await stage.answered('call', 'a');
      await expect(claimed(1, true)).resolves.toMatchObject({ ok: true });
      await stage.run(10);
      await expect(recorded()).resolves.toMatchObject({ epoch: 1, owner: { uid: 'b' } });
    });

    it('leaves it to a pod that had it later', async () => {
      await stage.talking('call', 'a');
      await stage.outcome(a.taking.claim({ callControlId: 'call', sawEpoch: 4 }));
      await claimed(5, true);
      await expect(recorded()).resolves.toMatchObject({ epoch: 5, owner: { uid: 'a' } });
    });

    it('writes down nothing of a call that is over', async () => {
      await claimed(1, true);
      await expect(recorded()).resolves.toBeUndefined();
    });

    it('leaves it to the last of two pods that took it as blindly, above the epoch of the first', async () => {
      await stage.start('c');
      await stage.answered('call', 'a');
      a.kill();
      stage.store.leave();
      const c = stage.pod('c');
      await stage.outcome(b.taking.takeUnlisted({ callControlId: 'call' }));
      // As if it had not heard of that.
      c.calls.dismiss('call');
      await stage.outcome(c.taking.takeUnlisted({ callControlId: 'call' }));
      await stage.run(100);
      expect([b, c].map(({ calls }) => calls.find('call') !== undefined)).toEqual([false, true]);
      stage.store.comeBack();
      await stage.run(2_000);
      await expect(recorded()).resolves.toMatchObject({ epoch: 2, owner: { uid: 'c' } });
      expect(c.calls.find('call')).toBeDefined();
      expect(stage.errors).toEqual([]);
    });

    it('does without a directory that is away here, too', async () => {
      await stage.answered('call', 'a');
      stage.store.leave();
      await expect(claimed(1, true)).resolves.toMatchObject({ ok: true });
      await stage.run(100);
      stage.store.comeBack();
      await expect(recorded()).resolves.toMatchObject({ epoch: 0, owner: undefined });
      expect(stage.errors).toEqual([]);
    });
  });

  it('takes a webhook about a call of its own, and declines any other, and what is none', async () => {
    await stage.talking('call', 'a');
    const ask = (body: string) => b.peers.ask(at, WEBHOOK_OPERATION, { body }, WITHIN_MS);
    await expect(ask(stage.body('call.dtmf.received', 'call', { digit: '5' }))).resolves.toMatchObject({ ok: true });
    expect(a.conversations.begun[0]?.told).toEqual([expect.stringContaining('key 5')]);
    await expect(ask(stage.body('call.hangup', 'another'))).resolves.toMatchObject({ why: 'declined' });
    await expect(ask('nonsense')).resolves.toMatchObject({ why: 'declined' });
    expect(a.calls.isOver('another')).toBe(false);
  });
});
