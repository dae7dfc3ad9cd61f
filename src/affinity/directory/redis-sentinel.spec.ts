import { freePort, RedisServer } from '../../../test/support/redis-server.js';
import { RedisCallDirectory } from './redis-call-directory.js';
import { callAnsweredBy, epochOf, podNamed } from './testing/made-up.js';
import { keptLog, redisConfig, sleep, until } from './testing/redis-stage.js';

describe('RedisCallDirectory with sentinels', () => {
  const anna = podNamed('anna');
  let master: RedisServer;
  let replica: RedisServer;
  let sentinel: RedisServer;

  beforeAll(async () => {
    master = await RedisServer.start({ args: ['--repl-diskless-sync-delay', '0'] });
    replica = await RedisServer.start({ args: ['--replicaof', '127.0.0.1', `${master.port}`] });
    await until('the replica', async () =>
      /master_link_status:up/.test(String(await replica.command('INFO', 'replication'))),
    );
    sentinel = await RedisServer.start({
      sentinel: [
        `sentinel monitor main 127.0.0.1 ${master.port} 1`,
        'sentinel down-after-milliseconds main 500',
        'sentinel failover-timeout main 3000',
      ],
    });
    await until('the sentinel', async () => /slaves=1/.test(String(await sentinel.command('INFO', 'sentinel'))));
  });
  afterAll(async () => {
    for (const server of [sentinel, replica, master]) await server.close();
    // ioredis keeps a timer of that long for each sentinel that it could not reach.
    await sleep(2000);
  });

  it('goes to the new master when the old one dies', async () => {
    const lines: string[] = [];
    const deadSentinel = { host: '127.0.0.1', port: await freePort() };
    const hosts = [deadSentinel, { host: '127.0.0.1', port: sentinel.port }];
    const config = redisConfig({ sentinel: { hosts, name: 'main', password: undefined, tls: false } });
    const directory = new RedisCallDirectory(config, 60_000, keptLog(lines));
    let backs = 0;
    directory.onBack(() => backs++);
    const call = callAnsweredBy(anna);
    const id = call.callControlId;
    const epoch = epochOf(await directory.claim({ callControlId: id, pod: anna, aboveEpoch: 0, otherwise: call }));
    await until('replication', async () => (await replica.command('EXISTS', `parley:{${id}}:call`)) === 1);

    await master.stop();
    await until('the new master', () => directory.available && backs > 0);
    await expect(directory.renew(anna, [{ callControlId: id, epoch }])).resolves.toEqual(['kept']);
    expect(String(await replica.command('INFO', 'replication'))).toContain('role:master');
    expect(lines).toEqual([expect.stringMatching(/^warn: Redis is away/), 'warn: Redis is back']);
    await directory.close();
  }, 40_000);

  it('names what is wrong where the sentinels do not know the master', async () => {
    const hosts = [{ host: '127.0.0.1', port: sentinel.port }];
    const config = redisConfig({ sentinel: { hosts, name: 'other', password: undefined, tls: false } });
    const directory = new RedisCallDirectory(config, 60_000, keptLog([]));
    await expect(directory.find('x')).rejects.toThrow(/sentinel/i);
    await directory.close();
  });
});
