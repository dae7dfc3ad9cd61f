import { afterEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type CallDirectory } from '../call-directory.js';
import { type PodIdentity } from '../pod.js';
import {
  callAnsweredBy,
  claimOf,
  type DirectoryUnderTest,
  ownedCall,
  type OwnedCall,
  podNamed,
} from './testing/made-up.js';

/** What pods know of each other. @param test is there when the tests run. */
export function itKnowsPods(test: () => DirectoryUnderTest): void {
  const [anna, bert] = [podNamed('anna'), podNamed('bert')];
  const directory = (): CallDirectory => test().directory;
  const owned = (pod: PodIdentity): Promise<OwnedCall> => ownedCall(directory(), pod);

  describe('pods', () => {
    const state = { activeCalls: 3, maxCalls: 100, draining: false };
    afterEach(async () => {
      for (const pod of [anna, bert]) await directory().forgetPod(pod);
    });

    it('hear of each other by their heartbeats', async () => {
      await directory().beat({ pod: bert, ...state });
      await test().pass(30);
      await directory().beat({ pod: anna, ...state, activeCalls: 4 });
      const pods = await directory().beat({ pod: anna, ...state, draining: true });
      expect(pods).toHaveLength(2);
      expect(pods).toContainEqual({ pod: anna, ...state, draining: true, silentMs: expect.any(Number) as unknown });
      const silent = pods.find(({ pod }) => pod.uid === bert.uid);
      expect(silent).toMatchObject({ pod: bert, ...state });
      expect(silent?.silentMs).toBeGreaterThanOrEqual(25);
    });

    it('are two when one was restarted, and gone when they left in good order', async () => {
      const restarted = { ...bert, bootId: randomUUID() };
      await directory().beat({ pod: bert, ...state });
      expect(await directory().beat({ pod: restarted, ...state })).toHaveLength(2);
      await directory().forgetPod(bert);
      const pods = await directory().beat({ pod: restarted, ...state });
      expect(pods.map(({ pod }) => pod)).toEqual([restarted]);
      await directory().forgetPod(restarted);
    });

    it('have the calls listed that they answered, and those that they own', async () => {
      const answered = callAnsweredBy(anna);
      await directory().put(answered);
      const { id } = await owned(anna);
      await directory().claim(claimOf(answered, bert));
      expect((await directory().callsOf(anna)).sort()).toEqual([answered.callControlId, id].sort());
      expect(await directory().callsOf(bert)).toEqual([answered.callControlId]);
      await directory().unlist(anna, id);
      expect(await directory().callsOf(anna)).toEqual([answered.callControlId]);
      await directory().forgetPod(anna);
      expect(await directory().callsOf(anna)).toEqual([]);
      expect(await directory().callsOf(podNamed('anna'))).toEqual([]);
    });
  });

  describe('what need not be done by all', () => {
    it('is the turn of one in each period', async () => {
      const what = randomUUID();
      const turns = await Promise.all([1, 2, 3].map(() => directory().turn(what, 60)));
      expect(turns.filter((turn) => turn)).toHaveLength(1);
      await expect(directory().turn(randomUUID(), 60)).resolves.toBe(true);
      await test().pass(80);
      await expect(directory().turn(what, 60_000)).resolves.toBe(true);
      await expect(directory().turn(what, 60_000)).resolves.toBe(false);
    });

    it('is counted within a period', async () => {
      const what = randomUUID();
      const counts = await Promise.all([1, 2, 3].map(() => directory().count(what, 60)));
      expect(counts.sort()).toEqual([1, 2, 3]);
      await test().pass(80);
      await expect(directory().count(what, 60_000)).resolves.toBe(1);
      await expect(directory().count(what, 1)).resolves.toBe(2);
    });
  });
}
