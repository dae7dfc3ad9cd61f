import { RedisServer } from '../../test/support/redis-server.js';
import { type Clock, systemClock } from '../common/clock.js';
import { FakeClock } from '../common/fake-clock.js';
import { Keyring } from '../common/keyring.js';
import { Seal } from '../common/seal.js';
import { Secret } from '../config/secret.js';
import { RedisCallDirectory } from './directory/redis-call-directory.js';
import { callAnsweredBy, epochOf, LEASE_MS, podNamed } from './directory/testing/made-up.js';
import { keptLog, redisConfig, until } from './directory/testing/redis-stage.js';
import { REMEMBERED_BYTES } from './remembered-talk.js';
import { TalkLog } from './talk-log.js';
import { WRITE_EVERY_MS } from './talk-writer.js';

const SECRET = 'a-secret-of-32-characters-or-so!';

describe('TalkLog', () => {
  const anna = podNamed('anna');
  const lines: string[] = [];
  const sealer = new Seal(new Keyring(new Secret(SECRET), systemClock), 'conversation');
  let server: RedisServer;
  let directory: RedisCallDirectory;
  let talks: TalkLog;

  const pod = (clock: Clock = systemClock): TalkLog => new TalkLog(directory, sealer, clock, keptLog(lines));
  const ownedCall = async (): Promise<{ id: string; epoch: number; call: ReturnType<typeof callAnsweredBy> }> => {
    const call = callAnsweredBy(anna);
    const id = call.callControlId;
    const claim = { callControlId: id, pod: anna, aboveEpoch: 0, otherwise: call };
    return { id, call, epoch: epochOf(await directory.claim(claim)) };
  };

  beforeAll(async () => {
    server = await RedisServer.start();
    directory = new RedisCallDirectory(redisConfig({ url: server.url }), LEASE_MS, keptLog(lines));
    talks = pod();
  });
  afterEach(() => lines.splice(0));
  afterAll(async () => {
    await directory.close();
    await server.close();
  });

  it('writes down what is said, by itself, and reads it again', async () => {
    const { id, epoch } = await ownedCall();
    const writer = talks.open(id, epoch);
    writer.save(
      new Map<string, unknown>([
        ['turn 1', { who: 'caller', text: 'Grüß Gott' }],
        ['heard', 12.5],
      ]),
    );
    await until('the words', async () => (await talks.read(id)).size === 2);
    expect(await talks.read(id)).toEqual(
      new Map<string, unknown>([
        ['turn 1', { who: 'caller', text: 'Grüß Gott' }],
        ['heard', 12.5],
      ]),
    );
    writer.save(
      new Map<string, unknown>([
        ['heard', undefined],
        ['turn 2', [null, false]],
      ]),
    );
    await expect(writer.flush()).resolves.toBe(true);
    expect([...(await talks.read(id)).keys()].sort()).toEqual(['turn 1', 'turn 2']);
    writer.close();
  });

  it('keeps nothing that anybody can read, and no value that opens in another place', async () => {
    const { id, epoch } = await ownedCall();
    const other = await ownedCall();
    const writer = talks.open(id, epoch);
    writer.save(
      new Map<string, unknown>([
        ['a', 'my PIN is 4711'],
        ['b', 1],
      ]),
    );
    await writer.flush();
    writer.close();
    const stored = await directory.readTalk(id);
    expect(Buffer.concat([...stored.values()]).includes('4711')).toBe(false);
    await directory.saveTalk(other.id, other.epoch, new Map([['a', stored.get('a')]]));
    await directory.saveTalk(
      id,
      epoch,
      new Map([
        ['c', stored.get('a')],
        ['b', Buffer.from('torn')],
      ]),
    );
    expect(await talks.read(other.id)).toEqual(new Map());
    expect(await talks.read(id)).toEqual(new Map([['a', 'my PIN is 4711']]));
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^error: .*passed over.*"unreadable":\["[bc]","[bc]"\]/);
    expect(lines.join()).not.toContain('4711');
  });

  it('puts changes of a moment together, the last of each key', async () => {
    const clock = new FakeClock();
    const { id, epoch } = await ownedCall();
    const writer = pod(clock).open(id, epoch);
    const before = Number(await calls('evalsha')) + Number(await calls('eval'));
    for (let word = 1; word <= 50; word++) writer.save(new Map([['turn', word]]));
    clock.advance(WRITE_EVERY_MS);
    await expect(writer.flush()).resolves.toBe(true);
    expect(Number(await calls('evalsha')) + Number(await calls('eval')) - before).toBe(1);
    expect(await talks.read(id)).toEqual(new Map([['turn', 50]]));
    writer.close();
  });

  it('stops for good when another pod has the call, and says so once', async () => {
    const { id, epoch } = await ownedCall();
    const told: string[] = [];
    const writer = talks.open(id, epoch, { onLost: () => told.push('lost') });
    await directory.move(id, epoch);
    writer.save(new Map([['turn', 1]]));
    await expect(writer.flush()).resolves.toBe(false);
    writer.save(new Map([['turn', 2]]));
    await expect(writer.flush()).resolves.toBe(false);
    expect(told).toEqual(['lost']);
    expect((await talks.read(id)).size).toBe(0);
  });

  it('goes on with a greater epoch', async () => {
    const { id, call, epoch } = await ownedCall();
    const writer = talks.open(id, epoch);
    const claim = { callControlId: id, pod: anna, aboveEpoch: epoch + 1, otherwise: call };
    writer.raise(epochOf(await directory.claim(claim)));
    writer.save(new Map([['turn', 1]]));
    await expect(writer.flush()).resolves.toBe(true);
    writer.close();
  });

  it('writes all of it again where the call was lost meanwhile, and came back', async () => {
    const { id, call, epoch } = await ownedCall();
    const writer = talks.open(id, epoch);
    writer.save(new Map([['turn', 1]]));
    await expect(writer.flush()).resolves.toBe(true);
    await directory.move(id, epoch);
    writer.save(new Map([['next turn', 2]]));
    await expect(writer.flush()).resolves.toBe(false);
    writer.raise(epochOf(await directory.claim({ callControlId: id, pod: anna, aboveEpoch: epoch, otherwise: call })));
    await expect(writer.flush()).resolves.toBe(true);
    expect(await talks.read(id)).toEqual(
      new Map([
        ['turn', 1],
        ['next turn', 2],
      ]),
    );
    writer.close();
  });

  it('survives what is no JSON, and writes the rest', async () => {
    const { id, epoch } = await ownedCall();
    const writer = talks.open(id, epoch);
    const circle: unknown[] = [];
    circle.push(circle);
    writer.save(
      new Map<string, unknown>([
        ['circle', circle],
        ['huge', 1n],
        ['fine', 'yes'],
      ]),
    );
    await expect(writer.flush()).resolves.toBe(true);
    expect(await talks.read(id)).toEqual(new Map([['fine', 'yes']]));
    expect(lines.filter((line) => line.includes('no JSON'))).toHaveLength(2);
    writer.close();
  });

  it('writes a long conversation in several pieces', async () => {
    const { id, epoch } = await ownedCall();
    const writer = talks.open(id, epoch);
    const turns = Array.from({ length: 400 }, (_, index): [string, string] => [`turn ${index}`, 'x'.repeat(4000)]);
    writer.save(new Map(turns));
    await expect(writer.flush(10_000)).resolves.toBe(true);
    expect((await talks.read(id)).size).toBe(400);
    writer.close();
  });

  it('writes nothing after it was closed', async () => {
    const { id, epoch } = await ownedCall();
    const writer = talks.open(id, epoch);
    writer.save(new Map([['turn', 1]]));
    writer.close();
    writer.save(new Map([['turn', 2]]));
    await expect(writer.flush()).resolves.toBe(false);
    expect((await talks.read(id)).size).toBe(0);
  });

  it('writes all of it again when the directory comes back empty, also what was read of an earlier owner', async () => {
    const { id, call, epoch } = await ownedCall();
    const writer = talks.open(id, epoch, { known: new Map([['turn 0', 'before']]) });
    writer.save(
      new Map([
        ['turn 1', 'one'],
        ['gone', 'x'],
      ]),
    );
    await writer.flush();
    writer.save(new Map([['gone', undefined]]));
    await writer.flush();
    const back = new Promise<unknown>((resolve) => directory.onBack(resolve));
    await server.restart();
    await back;
    writer.save(new Map([['turn 2', 'two']]));
    await expect(writer.flush()).resolves.toBe(false);
    await expect(directory.restore(call, anna, epoch, 0)).resolves.toBe('kept');
    const whole = new Map([
      ['turn 0', 'before'],
      ['turn 1', 'one'],
      ['turn 2', 'two'],
    ]);
    await until('the whole conversation', async () => (await talks.read(id)).size === whole.size);
    expect(await talks.read(id)).toEqual(whole);
    writer.close();
  });

  it('holds words back while the directory is away, without waiting, and writes them when it is there again', async () => {
    const { id, call, epoch } = await ownedCall();
    const writer = talks.open(id, epoch);
    await server.stop();
    writer.save(new Map([['turn 1', 'one']]));
    await expect(writer.flush()).resolves.toBe(false);
    writer.save(new Map([['turn 2', 'two']]));
    const back = new Promise<unknown>((resolve) => directory.onBack(resolve));
    await server.start();
    await back;
    await directory.restore(call, anna, epoch, 0);
    await until('the words', async () => (await talks.read(id)).size === 2);
    writer.close();
  });

  it('writes again what a directory lost without being away, when told', async () => {
    const { id, epoch } = await ownedCall();
    const writer = talks.open(id, epoch);
    writer.save(new Map([['turn', 1]]));
    await writer.flush();
    await server.command('DEL', `parley:{${id}}:talk`);
    writer.rewrite();
    await until('the words', async () => (await talks.read(id)).size === 1);
    writer.close();
  });

  it('lets go of the oldest parts rather than fill the memory, and writes the others again', async () => {
    const { id, epoch } = await ownedCall();
    const writer = talks.open(id, epoch);
    const part = 'x'.repeat(REMEMBERED_BYTES / 8);
    for (let turn = 0; turn < 10; turn++) {
      writer.save(new Map([[`turn ${turn}`, part]]));
      await expect(writer.flush(10_000)).resolves.toBe(true);
    }
    expect((await directory.readTalk(id)).size).toBe(10);
    await server.command('DEL', `parley:{${id}}:talk`);
    writer.rewrite();
    await expect(writer.flush(10_000)).resolves.toBe(true);
    expect([...(await directory.readTalk(id)).keys()].sort()).toEqual(
      [3, 4, 5, 6, 7, 8, 9].map((turn) => `turn ${turn}`),
    );
    writer.close();
  });

  it('removes nothing that it could not write yet, however much it is', async () => {
    const { id, epoch } = await ownedCall();
    const writer = talks.open(id, epoch);
    const part = 'x'.repeat(REMEMBERED_BYTES / 8);
    writer.save(new Map(Array.from({ length: 12 }, (_, turn): [string, string] => [`turn ${turn}`, part])));
    await expect(writer.flush(10_000)).resolves.toBe(true);
    expect((await directory.readTalk(id)).size).toBe(12);
    expect(lines).toEqual([]);
    writer.save(new Map(Array.from({ length: 30 }, (_, turn): [string, string] => [`more ${turn}`, part])));
    await expect(writer.flush(10_000)).resolves.toBe(true);
    const kept = [...(await directory.readTalk(id)).keys()].filter((key) => key.startsWith('more'));
    expect(kept).toContain('more 29');
    expect(kept).not.toContain('more 0');
    expect(lines).toEqual([expect.stringContaining('oldest parts are dropped')]);
    writer.close();
  });

  /** How often Redis ran a command since it was started. */
  async function calls(command: string): Promise<number> {
    const stats = String(await server.command('INFO', 'commandstats'));
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  }
});
