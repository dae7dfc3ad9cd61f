import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type CallDirectory } from '../call-directory.js';
import { type PodIdentity } from '../pod.js';
import {
  callAnsweredBy,
  claimOf,
  type DirectoryUnderTest,
  epochOf,
  LEASE_MS,
  ownedCall,
  type OwnedCall,
  podNamed,
} from './testing/made-up.js';

/** Who owns a call, and who does not any more. @param test is there when the tests run. */
export function itGivesCallsToPods(test: () => DirectoryUnderTest): void {
  const [anna, bert, carl] = [podNamed('anna'), podNamed('bert'), podNamed('carl')];
  const directory = (): CallDirectory => test().directory;
  const owned = (pod: PodIdentity): Promise<OwnedCall> => ownedCall(directory(), pod);

  describe('a claim', () => {
    it('gives the first pod an epoch and a lease, and says what was written down', async () => {
      const call = callAnsweredBy(anna);
      await directory().put(call);
      await expect(directory().claim(claimOf(call, bert))).resolves.toMatchObject({
        granted: true,
        epoch: 1,
        record: { ...call, epoch: 0, owner: undefined },
      });
      const found = await directory().find(call.callControlId);
      expect(found).toMatchObject({ epoch: 1, owner: bert, moving: false });
      expect(found?.leaseMs).toBeGreaterThan(0);
      expect(found?.leaseMs).toBeLessThanOrEqual(LEASE_MS);
    });

    it('writes down a call that nobody had written down, above what its token says', async () => {
      const call = callAnsweredBy(anna);
      const outcome = await directory().claim(claimOf(call, bert, { aboveEpoch: 6 }));
      expect(outcome).toEqual({ granted: true, epoch: 7, record: undefined });
      await expect(directory().find(call.callControlId)).resolves.toMatchObject({ ...call, epoch: 7, owner: bert });
    });

    it('gives the owner the epoch that it has, though its lease ran out', async () => {
      const { call, id, epoch } = await owned(anna);
      await expect(directory().claim(claimOf(call, anna))).resolves.toMatchObject({ granted: true, epoch });
      await test().lapse(id);
      await expect(directory().claim(claimOf(call, anna, { aboveEpoch: epoch }))).resolves.toMatchObject({ epoch });
      expect((await directory().find(id))?.leaseMs).toBeGreaterThan(0);
    });

    it('gives the owner a greater epoch where a greater one is known', async () => {
      const { call, epoch } = await owned(anna);
      const outcome = await directory().claim(claimOf(call, anna, { aboveEpoch: epoch + 4 }));
      expect(epochOf(outcome)).toBe(epoch + 5);
    });

    it('is refused while the lease of another runs, and changes nothing', async () => {
      const { call, id, epoch } = await owned(anna);
      const refused = await directory().claim(claimOf(call, bert, { aboveEpoch: 90, dead: carl }));
      expect(refused).toEqual({ granted: false, owner: anna, epoch });
      await expect(directory().find(id)).resolves.toMatchObject({ epoch, owner: anna });
    });

    it('takes over from a lease that ran out, with the next epoch', async () => {
      const { call, id, epoch } = await owned(anna);
      await test().lapse(id);
      const outcome = await directory().claim(claimOf(call, bert));
      expect(outcome).toMatchObject({ granted: true, epoch: epoch + 1, record: { owner: anna, epoch } });
    });

    it('takes over from a pod that is proven dead, but not from the one started after it', async () => {
      const { call, epoch } = await owned(anna);
      const restarted = { ...anna, bootId: randomUUID() };
      await expect(directory().claim(claimOf(call, bert, { dead: restarted }))).resolves.toMatchObject({
        granted: false,
      });
      await expect(directory().claim(claimOf(call, bert, { dead: anna }))).resolves.toMatchObject({ epoch: epoch + 1 });
    });

    it('of a restarted process is not that of the owner', async () => {
      const { call } = await owned(anna);
      const restarted = { ...anna, bootId: randomUUID() };
      await expect(directory().claim(claimOf(call, restarted))).resolves.toMatchObject({ granted: false, owner: anna });
    });

    it('has one winner, however many pods try at once', async () => {
      const { call, id } = await owned(anna);
      await test().lapse(id);
      const pods = Array.from({ length: 8 }, (_, index) => podNamed(`pod-${index}`));
      const outcomes = await Promise.all(pods.map((pod) => directory().claim(claimOf(call, pod))));
      expect(outcomes.filter(({ granted }) => granted)).toHaveLength(1);
    });
  });

  describe('a renewal', () => {
    it('keeps leases, each by itself', async () => {
      const [one, two, moved] = [await owned(anna), await owned(anna), await owned(anna)];
      await directory().move(moved.id, moved.epoch);
      const leases = [one, moved, { id: 'v3:nobody', epoch: 1 }, two].map(({ id, epoch }) => ({
        callControlId: id,
        epoch,
      }));
      await expect(directory().renew(anna, leases)).resolves.toEqual(['kept', 'lost', 'missing', 'kept']);
      await expect(directory().renew(anna, [])).resolves.toEqual([]);
    });

    it('gives a lease again that ran out and that nobody took', async () => {
      const { id, epoch } = await owned(anna);
      await test().lapse(id);
      await expect(directory().renew(anna, [{ callControlId: id, epoch }])).resolves.toEqual(['kept']);
      expect((await directory().find(id))?.leaseMs).toBeGreaterThan(0);
    });

    it('is lost to a pod that took the call over, and to nobody with a lower epoch', async () => {
      const { call, id, epoch } = await owned(anna);
      await test().lapse(id);
      const taken = epochOf(await directory().claim(claimOf(call, bert)));
      await expect(directory().renew(anna, [{ callControlId: id, epoch }])).resolves.toEqual(['lost']);
      await expect(directory().renew(bert, [{ callControlId: id, epoch: taken }])).resolves.toEqual(['kept']);
      await expect(directory().find(id)).resolves.toMatchObject({ owner: bert, epoch: taken });
    });

    it('asks for the call again where the directory has gone back to an older epoch', async () => {
      const { call, id, epoch } = await owned(anna);
      await expect(directory().renew(bert, [{ callControlId: id, epoch: epoch + 3 }])).resolves.toEqual(['missing']);
      await expect(directory().restore(call, bert, epoch + 3, 2)).resolves.toBe('kept');
      await expect(directory().find(id)).resolves.toMatchObject({ owner: bert, epoch: epoch + 3, attempt: 2 });
    });
  });

  describe('a call that was forgotten', () => {
    it('is restored with the epoch and the attempts that its owner has', async () => {
      const call = callAnsweredBy(anna);
      await expect(directory().restore(call, bert, 5, 3)).resolves.toBe('kept');
      const found = await directory().find(call.callControlId);
      expect(found).toMatchObject({ ...call, epoch: 5, owner: bert, attempt: 3, moving: false });
      expect(found?.leaseMs).toBeGreaterThan(0);
      await expect(directory().renew(bert, [{ callControlId: call.callControlId, epoch: 5 }])).resolves.toEqual([
        'kept',
      ]);
      await expect(directory().findBySession(call.callSessionId ?? '')).resolves.toBe(call.callControlId);
      await expect(directory().callsOf(bert)).resolves.toContain(call.callControlId);
    });

    it('is not restored over a later owner, another one of the same epoch, or a move', async () => {
      const { call, id, epoch } = await owned(anna);
      await expect(directory().restore(call, bert, epoch, 0)).resolves.toBe('lost');
      await expect(directory().restore(call, anna, epoch, 0)).resolves.toBe('kept');
      await directory().move(id, epoch);
      await expect(directory().restore(call, anna, epoch, 0)).resolves.toBe('lost');
      await expect(directory().restore(call, anna, epoch + 1, 0)).resolves.toBe('lost');
      await expect(directory().find(id)).resolves.toMatchObject({ owner: undefined, moving: true, epoch: epoch + 1 });
    });

    it('keeps attempts that others have counted meanwhile', async () => {
      const { call, id, epoch } = await owned(anna);
      for (let attempt = 1; attempt <= 3; attempt++) {
        await expect(directory().nextAttempt(id, epoch)).resolves.toBe(attempt);
      }
      await expect(directory().restore({ ...call, sealed: undefined }, anna, epoch, 1)).resolves.toBe('kept');
      await expect(directory().find(id)).resolves.toMatchObject({ attempt: 3, sealed: call.sealed });
    });
  });

  describe('a move', () => {
    it('takes the call from its owner, whose next writes change nothing', async () => {
      const { id, epoch } = await owned(anna);
      await directory().saveTalk(id, epoch, new Map([['turn', Buffer.from('before')]]));
      await expect(directory().move(id, epoch)).resolves.toEqual({ moved: true, epoch: epoch + 1, attempt: 1 });
      await expect(directory().find(id)).resolves.toMatchObject({
        epoch: epoch + 1,
        owner: undefined,
        leaseMs: 0,
        attempt: 1,
        moving: true,
      });
      await expect(directory().renew(anna, [{ callControlId: id, epoch }])).resolves.toEqual(['lost']);
      await expect(directory().nextAttempt(id, epoch)).resolves.toBe('lost');
      await expect(directory().saveTalk(id, epoch, new Map([['turn', Buffer.from('late')]]))).resolves.toBe('lost');
      await expect(directory().remove(id, epoch)).resolves.toBe(false);
      expect((await directory().readTalk(id)).get('turn')?.toString()).toBe('before');
    });

    it('ends with the claim of whoever the next socket reaches', async () => {
      const { call, id, epoch } = await owned(anna);
      await directory().move(id, epoch);
      const outcome = await directory().claim(claimOf(call, bert, { aboveEpoch: epoch + 1 }));
      expect(outcome).toMatchObject({ granted: true, epoch: epoch + 2, record: { moving: true, epoch: epoch + 1 } });
      await expect(directory().find(id)).resolves.toMatchObject({ moving: false, owner: bert });
    });

    it('has one winner, and tells the others what they missed', async () => {
      const { id, epoch } = await owned(anna);
      const outcomes = await Promise.all([1, 2, 3, 4].map(() => directory().move(id, epoch)));
      expect(outcomes.filter(({ moved }) => moved)).toHaveLength(1);
      expect(outcomes.filter(({ moved }) => !moved)).toEqual(
        Array.from({ length: 3 }, () => ({
          moved: false,
          record: expect.objectContaining({ epoch: epoch + 1, moving: true }),
        })),
      );
    });

    it('of a call that is not written down is none', async () => {
      await expect(directory().move('v3:nobody', 0)).resolves.toEqual({ moved: false, record: undefined });
    });

    it('can be tried again, by who moved it last', async () => {
      const { id, epoch } = await owned(anna);
      await directory().move(id, epoch);
      await expect(directory().move(id, epoch + 1)).resolves.toEqual({ moved: true, epoch: epoch + 2, attempt: 2 });
    });
  });

  describe('streaming commands', () => {
    it('are numbered for who has the epoch', async () => {
      const { id, epoch } = await owned(anna);
      await expect(
        Promise.all([directory().nextAttempt(id, epoch), directory().nextAttempt(id, epoch)]),
      ).resolves.toEqual([1, 2]);
      await expect(directory().nextAttempt(id, epoch - 1)).resolves.toBe('lost');
      await expect(directory().nextAttempt(id, epoch + 1)).resolves.toBe('missing');
      await expect(directory().nextAttempt('v3:nobody', 1)).resolves.toBe('missing');
    });
  });
}
