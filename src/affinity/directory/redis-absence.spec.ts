import { freePort, RedisServer } from '../../../test/support/redis-server.js';
import { type RedisConfig } from '../../config/config.js';
import { type CallDirectory, DirectoryUnavailable, type NewCall } from '../call-directory.js';
import { RedisCallDirectory } from './redis-call-directory.js';
import { callAnsweredBy, epochOf, podNamed } from './testing/made-up.js';
import { keptLog, redisConfig, until } from './testing/redis-stage.js';

const LEASE_MS = 60_000;
/** Where it is the bound itself that is tried. Elsewhere it is longer than a machine busy with other tests stands still. */
const TIMEOUT_MS = 500;

describe('RedisCallDirectory, when Redis', () => {
  const anna = podNamed('anna');
  let server: RedisServer;
  let directory: RedisCallDirectory;
  let lines: string[];
  let backs: number;
  let emptied: boolean[];

  const directoryAt = (url: string, bound: Pick<Partial<RedisConfig>, 'commandTimeoutMs'> = {}): RedisCallDirectory => {
    const made = new RedisCallDirectory(redisConfig({ url, ...bound }), LEASE_MS, keptLog(lines));
    made.onBack((mayBeEmpty) => {
      backs++;
      emptied.push(mayBeEmpty);
    });
    return made;
  };
  const claim = (call: NewCall, aboveEpoch = 0): ReturnType<CallDirectory['claim']> =>
    directory.claim({ callControlId: call.callControlId, pod: anna, aboveEpoch, otherwise: call });

  beforeEach(async () => {
    lines = [];
    backs = 0;
    emptied = [];
    server = await RedisServer.start();
    directory = directoryAt(server.url);
  });
  afterEach(async () => {
    await directory.close();
    await server.close();
  });

  it('is paused, answers late once, and then at once that it is away, until it goes on', async () => {
    const bounded = directoryAt(server.url, { commandTimeoutMs: TIMEOUT_MS });
    const call = callAnsweredBy(anna);
    await bounded.put(call);
    server.pause();
    await expect(bounded.find(call.callControlId)).rejects.toThrow(DirectoryUnavailable);
    await expect(bounded.find(call.callControlId)).rejects.toThrow(/^Redis is away: no answer within 500 ms$/);
    expect(bounded.available).toBe(false);
    const startedMs = performance.now();
    for (let i = 0; i < 100; i++) {
      await expect(bounded.claim({ callControlId: 'x', pod: anna, aboveEpoch: 0, otherwise: call })).rejects.toThrow(
        DirectoryUnavailable,
      );
    }
    expect(performance.now() - startedMs).toBeLessThan(10 * TIMEOUT_MS);
    expect(backs).toBe(0);
    await until('the warning', () => lines.length > 0);
    server.resume();
    await until('Redis', () => bounded.available);
    await expect(bounded.find(call.callControlId)).resolves.toMatchObject(call);
    expect(backs).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/^warn: Redis is away.*500 ms/), 'warn: Redis is back']);
    await bounded.close();
  });

  it('answers late for a moment, keeps its connection: nothing can be forgotten, and nothing is said of it', async () => {
    const bounded = directoryAt(server.url, { commandTimeoutMs: TIMEOUT_MS });
    await bounded.find('x');
    await server.command('CLIENT', 'PAUSE', '700', 'ALL');
    await expect(bounded.find('x')).rejects.toThrow(/within 500 ms/);
    expect(bounded.available).toBe(false);
    await until('Redis', () => bounded.available);
    await expect(bounded.find('x')).resolves.toBeUndefined();
    expect(emptied).toEqual([false]);
    expect(lines).toEqual([]);
    await bounded.close();
  });

  it('is not there at the start, is found when it comes', async () => {
    const port = await freePort();
    const early = directoryAt(`redis://:hunter2@127.0.0.1:${port}`);
    expect(early.available).toBe(true);
    await expect(early.find('x')).rejects.toThrow(/ECONNREFUSED/);
    await expect(early.firstSight('event')).resolves.toBe(true);
    await expect(early.firstSight('event')).resolves.toBe(false);
    expect(early.available).toBe(false);
    const late = await RedisServer.start({ port, args: ['--requirepass', 'hunter2'], auth: { password: 'hunter2' } });
    await until('Redis', () => early.available);
    await expect(early.find('x')).resolves.toBeUndefined();
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain('hunter2');
    await early.close();
    await late.close();
  });

  it('is restarted empty, says so; calls are registered again, and epochs still grow', async () => {
    const call = callAnsweredBy(anna);
    const id = call.callControlId;
    const epoch = epochOf(await claim(call, 6));
    await directory.move(id, epoch);
    const last = epochOf(await claim(call));
    await server.stop();
    await until('the loss', () => !directory.available);
    await expect(directory.renew(anna, [{ callControlId: id, epoch: last }])).rejects.toThrow(DirectoryUnavailable);
    await server.start();
    await until('Redis', () => backs === 1);
    await expect(directory.renew(anna, [{ callControlId: id, epoch: last }])).resolves.toEqual(['missing']);
    await expect(directory.restore(call, anna, last, 4)).resolves.toBe('kept');
    await expect(directory.find(id)).resolves.toMatchObject({ epoch: last, owner: anna, attempt: 4 });
    expect(await directory.callsOf(anna)).toEqual([id]);
    expect(epochOf(await claim(call, last))).toBe(last);
    const taken = await directory.claim({
      callControlId: id,
      pod: podNamed('bert'),
      aboveEpoch: 0,
      dead: anna,
      otherwise: call,
    });
    expect(epochOf(taken)).toBe(last + 1);
  });

  it('is restarted empty so fast that nobody asked meanwhile, is known to have been away', async () => {
    await directory.find('x');
    await server.restart();
    await until('Redis', () => backs === 1);
    expect(emptied).toEqual([true]);
    expect(lines).toEqual([expect.stringContaining('connection to Redis was lost'), 'warn: Redis is back']);
  });

  it('became a replica that takes no writes, is away until it takes them again', async () => {
    const call = callAnsweredBy(anna);
    await directory.put(call);
    await server.command('REPLICAOF', '127.0.0.1', String(await freePort()));
    await expect(directory.put(callAnsweredBy(anna))).rejects.toThrow(/READONLY/);
    expect(directory.available).toBe(false);
    await expect(directory.find(call.callControlId)).rejects.toThrow(DirectoryUnavailable);
    await server.command('REPLICAOF', 'NO', 'ONE');
    await until('Redis', () => directory.available);
    await expect(directory.put(callAnsweredBy(anna))).resolves.toBeUndefined();
  });

  it.each([
    ['has too few replicas', 'min-replicas-to-write', '1', '0', /NOREPLICAS/],
    ['has no memory left', 'maxmemory', '1', '0', /OOM/],
  ])('%s, is away until that has changed', async (_, setting, wrong, right, expected) => {
    await directory.find('x');
    await server.command('CONFIG', 'SET', setting, wrong);
    await expect(directory.put(callAnsweredBy(anna))).rejects.toThrow(expected);
    expect(directory.available).toBe(false);
    await server.command('CONFIG', 'SET', setting, right);
    await until('Redis', () => directory.available);
  });

  it('is away, decides about events by what this pod has seen', async () => {
    await expect(directory.firstSight('before')).resolves.toBe(true);
    await server.stop();
    await expect(directory.firstSight('meanwhile')).resolves.toBe(true);
    await expect(directory.firstSight('meanwhile')).resolves.toBe(false);
    await expect(directory.firstSight('before')).resolves.toBe(false);
  });

  it('is paused while the directory is closed, lets it go', async () => {
    await directory.find('x');
    server.pause();
    const waiting = directory.find('x');
    await directory.close();
    await expect(waiting).rejects.toThrow(DirectoryUnavailable);
    await expect(directory.find('x')).rejects.toThrow(/closed/);
  });

  it('comes back, tells every listener, whatever one of them does', async () => {
    directory.onBack(() => {
      throw new Error('oops');
    });
    let told = 0;
    directory.onBack(() => told++);
    await directory.find('x');
    await server.restart();
    await until('both', () => told === 1);
    expect(lines).toContainEqual(expect.stringMatching(/^error: listener/));
  });
});
