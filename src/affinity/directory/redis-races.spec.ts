import { PinoLogger } from 'nestjs-pino';
import { RedisServer } from '../../../test/support/redis-server.js';
import { RedisCallDirectory } from './redis-call-directory.js';
import { callAnsweredBy, podNamed } from './testing/made-up.js';
import { redisConfig } from './testing/redis-stage.js';

const ROUNDS = 1000;
const SEED = 20_261_122;

/** The same numbers from 0 to 1 every time (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('pods that act on a call at once', () => {
  const log = new PinoLogger({ pinoHttp: { enabled: false } });
  const pods = ['anna', 'bert', 'carl'].map(podNamed);
  let server: RedisServer;
  let directories: RedisCallDirectory[];

  beforeAll(async () => {
    server = await RedisServer.start();
    directories = pods.map(() => new RedisCallDirectory(redisConfig({ url: server.url }), 60_000, log));
  });
  afterAll(async () => {
    for (const directory of directories) await directory.close();
    await server.close();
  });

  it(`give each epoch to one of them, and only ever a greater one (${ROUNDS} rounds, seed ${SEED})`, async () => {
    const random = numbersFrom(SEED);
    const pick = (count: number): number => Math.floor(random() * count);
    const call = callAnsweredBy(podNamed('dora'));
    const id = call.callControlId;
    const holders = new Map<number, string>();
    let [highest, claims, moves, refusals, fenced] = [0, 0, 0, 0, 0];

    for (let round = 0; round < ROUNDS; round++) {
      const before = await directories[0]?.find(id);
      const stored = before?.epoch ?? 0;
      expect(stored).toBe(highest);
      const given: { epoch: number; to: string }[] = [];

      const act = async (): Promise<void> => {
        const index = pick(pods.length);
        const [directory, pod] = [directories[index], pods[index]];
        if (!directory || !pod) return;
        const what = random();
        if (what < 0.5) {
          const dead = random() < 0.6 ? before?.owner : undefined;
          const outcome = await directory.claim({
            callControlId: id,
            pod,
            aboveEpoch: random() < 0.2 ? stored : 0,
            dead,
            otherwise: call,
          });
          if (outcome.granted) given.push({ epoch: outcome.epoch, to: pod.name });
          else refusals++;
        } else if (what < 0.75) {
          const outcome = await directory.move(id, stored);
          if (outcome.moved) given.push({ epoch: outcome.epoch, to: `move of ${pod.name} in round ${round}` });
        } else {
          // Whoever writes with an epoch that is not the last one changes nothing; with the last one, no epoch.
          const outcome = await directory.saveTalk(id, pick(stored + 1), new Map([['turn', Buffer.from(pod.name)]]));
          if (outcome === 'lost') fenced++;
        }
      };
      await Promise.all(Array.from({ length: 2 + pick(4) }, act));

      for (const { epoch, to } of given) {
        expect([epoch, holders.get(epoch) ?? to]).toEqual([epoch, to]);
        // An epoch from before is given only to its owner, again.
        if (!holders.has(epoch)) expect(epoch).toBeGreaterThan(stored);
        holders.set(epoch, to);
        highest = Math.max(highest, epoch);
        if (to.startsWith('move')) moves++;
        else claims++;
      }
    }
    // None of it was idle.
    expect(Math.min(claims, moves, refusals, fenced)).toBeGreaterThan(50);
    expect([...holders.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: highest }, (_, index) => index + 1));
  }, 60_000);

  it('have one winner of a claim, and one of a move, every time', async () => {
    for (let round = 0; round < 200; round++) {
      const call = callAnsweredBy(podNamed('dora'));
      const id = call.callControlId;
      const claims = await Promise.all(
        directories.map((directory, index) =>
          directory.claim({ callControlId: id, pod: pods[index] ?? podNamed('?'), aboveEpoch: 0, otherwise: call }),
        ),
      );
      expect(claims.map(({ granted, epoch }) => `${granted} ${epoch}`).sort()).toEqual([
        'false 1',
        'false 1',
        'true 1',
      ]);
      const moves = await Promise.all(directories.map((directory) => directory.move(id, 1)));
      expect(moves.filter(({ moved }) => moved)).toHaveLength(1);
    }
  }, 60_000);
});
