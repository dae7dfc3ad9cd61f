import { Redis } from 'ioredis';
import { PinoLogger } from 'nestjs-pino';
import { RedisServer } from '../../../test/support/redis-server.js';
import { itKeepsTheContract } from './call-directory.contract.js';
import { RedisCallDirectory } from './redis-call-directory.js';
import { callAnsweredBy, LEASE_MS, podNamed } from './testing/made-up.js';
import { keptLog, lapseIn, redisConfig, sleep } from './testing/redis-stage.js';

describe('RedisCallDirectory', () => {
  const log = new PinoLogger({ pinoHttp: { enabled: false } });
  let server: RedisServer;
  let directory: RedisCallDirectory;

  itKeepsTheContract(
    async () => {
      server = await RedisServer.start();
      directory = new RedisCallDirectory(redisConfig({ url: server.url }), LEASE_MS, log);
      return { directory, pass: sleep, lapse: (id) => lapseIn(directory, id) };
    },
    async () => {
      await directory.close();
      await server.close();
    },
  );

  describe('keeps', () => {
    it('nothing without an end', async () => {
      const call = callAnsweredBy(podNamed('anna'));
      await directory.put(call);
      await directory.claim({
        callControlId: call.callControlId,
        pod: call.answeredBy,
        aboveEpoch: 0,
        otherwise: call,
      });
      await directory.saveTalk(call.callControlId, 1, new Map([['turn', Buffer.from('x')]]));
      await directory.beat({ pod: call.answeredBy, activeCalls: 1, maxCalls: 2, draining: false });
      await directory.firstSight('event');
      await directory.turn('what', 60_000);
      await directory.count('what', 60_000);
      const gone = callAnsweredBy(podNamed('bert'));
      await directory.put(gone);
      await directory.remove(gone.callControlId, 0);

      const client = new Redis(server.port, '127.0.0.1');
      const keys = await client.keys('*');
      const kinds = new Set(keys.map((key) => key.slice(key.lastIndexOf(':') + 1)));
      const ttls = await Promise.all(keys.map((key) => client.pttl(key)));
      client.disconnect();
      expect([...kinds].sort()).toEqual(
        ['beats', 'call', 'calls', 'count', 'epoch', 'event', 'legs', 'states', 'talk', 'turn'].sort(),
      );
      for (const [index, key] of keys.entries()) {
        expect([key.startsWith('parley:{'), ttls[index]]).toEqual([true, expect.any(Number)]);
        expect(ttls[index]).toBeGreaterThan(0);
        expect(ttls[index]).toBeLessThanOrEqual(4.5 * 3_600_000);
      }
    });

    it('events for all pods, and for its own when they come again', async () => {
      const other = new RedisCallDirectory(redisConfig({ url: server.url }), LEASE_MS, log);
      await expect(directory.firstSight('shared')).resolves.toBe(true);
      await expect(other.firstSight('shared')).resolves.toBe(false);
      await expect(other.firstSight('shared')).resolves.toBe(false);
      await other.close();
    });

    it('installations apart that share a Redis', async () => {
      const other = new RedisCallDirectory(redisConfig({ url: server.url, keyPrefix: 'other:' }), LEASE_MS, log);
      const call = callAnsweredBy(podNamed('anna'));
      await directory.put(call);
      await expect(other.find(call.callControlId)).resolves.toBeUndefined();
      await other.close();
    });
  });

  describe('what it cannot read', () => {
    it('is refused by name, and does not count as an absence', async () => {
      await server.command('HSET', 'parley:{v3:odd}:call', 'call', '{"answeredAtMs":"?"}', 'epoch', '1');
      await expect(directory.find('v3:odd')).rejects.toMatchObject({
        name: 'DirectoryUnavailable',
        message: expect.stringContaining('cannot read') as unknown,
      });
      expect(directory.available).toBe(true);
    });

    it('is said once where it is no record at all', async () => {
      const lines: string[] = [];
      const telling = new RedisCallDirectory(redisConfig({ url: server.url }), LEASE_MS, keptLog(lines));
      await server.command('SET', 'parley:{v3:worse}:call', 'no hash');
      for (let i = 0; i < 3; i++) {
        await expect(telling.find('v3:worse')).rejects.toMatchObject({ name: 'DirectoryUnavailable' });
      }
      expect(telling.available).toBe(true);
      expect(lines).toEqual([expect.stringMatching(/^error: .*"script":"parleyFind","cause":"WRONGTYPE/)]);
      await telling.close();
    });

    it('hides no other pod', async () => {
      const anna = podNamed('anna');
      await directory.beat({ pod: anna, activeCalls: 0, maxCalls: 1, draining: false });
      await server.command('HSET', 'parley:{pods}:states', `${anna.uid} ${anna.bootId}`, '{"of":"the future"}');
      const bert = { pod: podNamed('bert'), activeCalls: 0, maxCalls: 1, draining: false };
      const pods = await directory.beat(bert);
      expect(pods.map(({ pod }) => pod.uid)).toEqual(expect.arrayContaining([bert.pod.uid]));
      expect(pods.map(({ pod }) => pod.bootId)).not.toContain(anna.bootId);
    });
  });
});
