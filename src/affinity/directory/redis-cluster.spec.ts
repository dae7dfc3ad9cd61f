import { PinoLogger } from 'nestjs-pino';
import { freePort, RedisServer } from '../../../test/support/redis-server.js';
import { itKeepsTheContract } from './call-directory.contract.js';
import { RedisCallDirectory } from './redis-call-directory.js';
import { callAnsweredBy, epochOf, LEASE_MS, podNamed } from './testing/made-up.js';
import { keptLog, lapseIn, redisConfig, sleep, until } from './testing/redis-stage.js';

const SLOTS = 16_384;

/** Three masters, each with its share of the slots, and nobody to replace them. @param nodes gets them as they start. */
async function startCluster(nodes: RedisServer[]): Promise<void> {
  for (let index = 0; index < 3; index++) {
    // By default the bus is at the port + 10000, which may be more than there are.
    const args = [
      '--cluster-enabled',
      'yes',
      '--cluster-port',
      `${await freePort()}`,
      '--cluster-node-timeout',
      '2000',
    ];
    nodes.push(await RedisServer.start({ args }));
  }
  for (const [index, node] of nodes.entries()) {
    const from = Math.floor((index * SLOTS) / 3);
    const to = Math.floor(((index + 1) * SLOTS) / 3) - 1;
    await node.command('CLUSTER', 'ADDSLOTSRANGE', from, to);
    await node.command('CONFIG', 'SET', 'cluster-migration-barrier', 1);
    for (const other of nodes) {
      const bus = (await other.command('CONFIG', 'GET', 'cluster-port')) as string[];
      if (other !== node) await node.command('CLUSTER', 'MEET', '127.0.0.1', other.port, Number(bus[1]));
    }
  }
  for (const node of nodes) await until('the cluster to come together', () => isWhole(node));
}

async function isWhole(node: RedisServer): Promise<boolean> {
  const info = String(await node.command('CLUSTER', 'INFO'));
  return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3');
}

describe('RedisCallDirectory on a cluster', () => {
  const log = new PinoLogger({ pinoHttp: { enabled: false } });
  const nodes: RedisServer[] = [];
  let directory: RedisCallDirectory;

  itKeepsTheContract(
    async () => {
      await startCluster(nodes);
      directory = new RedisCallDirectory(redisConfig({ url: nodes[0]?.url ?? '', cluster: true }), LEASE_MS, log);
      return { directory, pass: sleep, lapse: (id) => lapseIn(directory, id) };
    },
    async () => {
      for (const node of nodes) await node.close();
      await directory.close();
    },
  );

  it('spreads calls over its nodes', async () => {
    const calls = Array.from({ length: 60 }, () => callAnsweredBy(podNamed('anna')));
    await Promise.all(calls.map((call) => directory.put(call)));
    for (const node of nodes) expect(Number(await node.command('DBSIZE'))).toBeGreaterThan(10);
    for (const call of calls) await expect(directory.find(call.callControlId)).resolves.toMatchObject(call);
  });

  it('is away while one of its nodes is, and found again, though it is the one in the configuration', async () => {
    const lines: string[] = [];
    const config = redisConfig({ url: nodes[0]?.url ?? '', cluster: true, commandTimeoutMs: 500 });
    const watching = new RedisCallDirectory(config, 60_000, keptLog(lines));
    const pod = podNamed('bert');
    // So many that each node has some.
    const calls = Array.from({ length: 60 }, () => callAnsweredBy(pod));
    const askAll = (): Promise<unknown> => Promise.all(calls.map((call) => watching.find(call.callControlId)));
    for (const call of calls) {
      const claim = { callControlId: call.callControlId, pod, aboveEpoch: 0, otherwise: call };
      expect(epochOf(await watching.claim(claim))).toBe(1);
    }
    await nodes[0]?.stop();
    await expect(askAll()).rejects.toMatchObject({ name: 'DirectoryUnavailable' });
    expect(watching.available).toBe(false);
    await nodes[0]?.start();
    await until('the cluster', () => watching.available && askAll().then(() => true));
    const renewals = await watching.renew(
      pod,
      calls.map(({ callControlId }) => ({ callControlId, epoch: 1 })),
    );
    expect(new Set(renewals)).toEqual(new Set(['kept', 'missing']));
    await watching.close();
  });
});
