import {
  callKeys,
  expectNoCallKeys,
  ClusterTalk,
  hangUpAll,
  setTalkingCluster,
  type TalkingCluster,
} from '../support/cluster-talk.js';

let around: TalkingCluster;

beforeAll(async () => {
  around = await setTalkingCluster({ env: { REDIS_KEY_PREFIX: 'tests:' } });
});
afterAll(() => around.cluster.close());

describe('what is in Redis', () => {
  it('has the prefix and a time to live, all of it, and is forgotten with the call', async () => {
    const { cluster } = around;
    const { redis } = cluster;
    const talk = await ClusterTalk.begin(around, { from: '+15550177777' });
    await talk.asks();
    const keys = await cluster.keys();
    expect((await callKeys(around)).length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(key).toMatch(/^tests:/);
      expect([key, Number(await redis.command('PTTL', key)) > 0]).toEqual([key, true]);
    }
    await hangUpAll(around, [talk]);
    await expectNoCallKeys(around);
  });

  it('tells nobody who calls, nor what was said', async () => {
    const { cluster } = around;
    const { redis } = cluster;
    const talk = await ClusterTalk.begin(around, { from: '+15550177777' });
    await talk.asks();
    const dumps: string[] = [];
    for (const key of await cluster.keys()) {
      const type = String(await redis.command('TYPE', key));
      if (type === 'hash') dumps.push(JSON.stringify(await redis.command('HGETALL', key)));
      else if (type === 'string') dumps.push(String(await redis.command('GET', key)));
      else if (type === 'set') dumps.push(JSON.stringify(await redis.command('SMEMBERS', key)));
      else if (type === 'zset') dumps.push(JSON.stringify(await redis.command('ZRANGE', key, 0, -1)));
      else if (type === 'list') dumps.push(JSON.stringify(await redis.command('LRANGE', key, 0, -1)));
      else throw new Error(`${key} is a ${type}, which nobody looks into here`);
    }
    const all = dumps.join('\n');
    expect(all).toContain(talk.call.callControlId);
    expect(all).not.toContain('15550177777');
    expect(all).not.toContain('says its sentence');
    await hangUpAll(around, [talk]);
  });
});
