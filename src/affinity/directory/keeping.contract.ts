import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type CallDirectory } from '../call-directory.js';
import { type PodIdentity } from '../pod.js';
import {
  callAnsweredBy,
  claimOf,
  type DirectoryUnderTest,
  epochOf,
  ownedCall,
  type OwnedCall,
  podNamed,
} from './testing/made-up.js';

/** What is kept of calls, and for how long. @param test is there when the tests run. */
export function itKeepsCalls(test: () => DirectoryUnderTest): void {
  const [anna, bert, carl] = [podNamed('anna'), podNamed('bert'), podNamed('carl')];
  const directory = (): CallDirectory => test().directory;
  const owned = (pod: PodIdentity): Promise<OwnedCall> => ownedCall(directory(), pod);

  describe('events', () => {
    it('are seen for the first time once, deliveries at the same moment too', async () => {
      const [a, b] = [randomUUID(), randomUUID()];
      const sights = await Promise.all([a, b, a, a, b].map((id) => directory().firstSight(id)));
      expect(sights).toEqual([true, true, false, false, false]);
    });
  });

  describe('a call', () => {
    it('is found as it was written down, without an owner', async () => {
      const call = callAnsweredBy(anna);
      await directory().put(call);
      await expect(directory().find(call.callControlId)).resolves.toEqual({
        ...call,
        epoch: 0,
        owner: undefined,
        leaseMs: 0,
        attempt: 0,
        moving: false,
      });
      const bare = callAnsweredBy(anna, { callSessionId: undefined, connectionId: undefined, sealed: undefined });
      await directory().put(bare);
      await expect(directory().find(bare.callControlId)).resolves.toMatchObject(bare);
      await expect(directory().find('v3:nobody')).resolves.toBeUndefined();
    });

    it('is written down once', async () => {
      const { call, id, epoch } = await owned(anna);
      await directory().put({ ...call, answeredBy: bert, answeredAtMs: 2 });
      await expect(directory().find(id)).resolves.toMatchObject({
        answeredBy: anna,
        answeredAtMs: call.answeredAtMs,
        epoch,
      });
    });

    it('is found by its session, the last one that is still there', async () => {
      const first = callAnsweredBy(anna);
      const second = callAnsweredBy(anna, { callSessionId: first.callSessionId });
      const session = first.callSessionId ?? '';
      await directory().put(first);
      await directory().put(second);
      await directory().put(first);
      await expect(directory().findBySession(session)).resolves.toBe(second.callControlId);
      await directory().remove(second.callControlId, 0);
      await expect(directory().findBySession(session)).resolves.toBe(first.callControlId);
      await directory().remove(first.callControlId, 0);
      await expect(directory().findBySession(session)).resolves.toBeUndefined();
    });

    it('has its sealed state replaced by who has not been overtaken', async () => {
      const { id, epoch } = await owned(anna);
      await expect(directory().seal(id, epoch, Buffer.from([9, 0, 200]))).resolves.toBe(true);
      await expect(directory().find(id)).resolves.toMatchObject({ sealed: Buffer.from([9, 0, 200]) });
      await directory().move(id, epoch);
      await expect(directory().seal(id, epoch, Buffer.from('late'))).resolves.toBe(false);
      await expect(directory().find(id)).resolves.toMatchObject({ sealed: Buffer.from([9, 0, 200]) });
      await expect(directory().seal('v3:nobody', 1, Buffer.from('x'))).resolves.toBe(true);
      await expect(directory().find('v3:nobody')).resolves.toBeUndefined();
    });
  });

  describe('a removed call', () => {
    it('is gone with its conversation, and from every list', async () => {
      const call = callAnsweredBy(anna);
      const id = call.callControlId;
      await directory().put(call);
      const epoch = epochOf(await directory().claim(claimOf(call, bert)));
      await directory().saveTalk(id, epoch, new Map([['turn', Buffer.from('x')]]));
      await expect(directory().remove(id, epoch - 1)).resolves.toBe(false);
      await expect(directory().find(id)).resolves.toMatchObject({ epoch });
      await expect(directory().remove(id, epoch)).resolves.toBe(true);
      await expect(directory().find(id)).resolves.toBeUndefined();
      expect((await directory().readTalk(id)).size).toBe(0);
      expect(await directory().callsOf(anna)).not.toContain(id);
      expect(await directory().callsOf(bert)).not.toContain(id);
      await expect(directory().remove(id, epoch)).resolves.toBe(true);
    });

    it('leaves its epoch behind: later ones are greater, and who had an earlier one has lost it', async () => {
      const { call, id, epoch } = await owned(anna);
      await test().lapse(id);
      const last = epochOf(await directory().claim(claimOf(call, bert)));
      await directory().remove(id, last);
      await expect(directory().renew(anna, [{ callControlId: id, epoch }])).resolves.toEqual(['lost']);
      await expect(directory().restore(call, anna, epoch, 0)).resolves.toBe('lost');
      await expect(directory().saveTalk(id, epoch, new Map())).resolves.toBe('lost');
      await expect(directory().nextAttempt(id, epoch)).resolves.toBe('lost');
      await expect(directory().seal(id, epoch, Buffer.from('x'))).resolves.toBe(false);
      await expect(directory().remove(id, epoch)).resolves.toBe(false);
      await expect(directory().find(id)).resolves.toBeUndefined();
      expect(epochOf(await directory().claim(claimOf(call, carl)))).toBeGreaterThan(last);
    });
  });

  describe('a conversation', () => {
    it('is kept in parts, each the last that was written', async () => {
      const { id, epoch } = await owned(anna);
      const binary = Buffer.from([0, 255, 13, 10, 128]);
      const many = Array.from({ length: 300 }, (_, index): [string, Buffer] => [
        `turn ${index}`,
        Buffer.from(`${index}`),
      ]);
      await expect(directory().saveTalk(id, epoch, new Map(many))).resolves.toBe('kept');
      const changes = new Map<string, Buffer | undefined>([
        ['turn 0', binary],
        ['turn 1', undefined],
        ['öäü', Buffer.alloc(0)],
      ]);
      await expect(directory().saveTalk(id, epoch, changes)).resolves.toBe('kept');
      const expected = new Map(many).set('turn 0', binary).set('öäü', Buffer.alloc(0));
      expected.delete('turn 1');
      expect(await directory().readTalk(id)).toEqual(expected);
    });

    it('is not written for a call that is not there, or only with an older epoch', async () => {
      const { id, epoch } = await owned(anna);
      const parts = new Map([['turn', Buffer.from('x')]]);
      await expect(directory().saveTalk('v3:nobody', 1, parts)).resolves.toBe('missing');
      await expect(directory().saveTalk(id, epoch + 1, parts)).resolves.toBe('missing');
      expect((await directory().readTalk('v3:nobody')).size).toBe(0);
      expect((await directory().readTalk(id)).size).toBe(0);
    });
  });
}
