import { FakeClock } from '../common/fake-clock.js';
import { type ModelFailure } from '../conversation/model.port.js';
import { type RealtimeSession } from './realtime-session.js';
import { WarmPool } from './warm-pool.js';

const RETRYABLE: ModelFailure = { kind: 'retryable', code: 'close-1006', message: '' };
const FATAL: ModelFailure = { kind: 'fatal', code: 'invalid_api_key', message: '' };

/** As much of a session as the pool looks at. */
class PooledSession {
  alive = true;
  renewAtMs = Infinity;
  constructor(
    readonly name: number,
    readonly openedMs: number,
  ) {}
  close(): void {
    this.alive = false;
  }
}

interface Dial {
  name: number;
  connected(): Promise<PooledSession>;
  failed(failure?: ModelFailure): Promise<void>;
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function setUp(size: number, maxAgeMs = 600_000) {
  const clock = new FakeClock();
  const dials: Dial[] = [];
  const problems: [string, number][] = [];
  let dialled = 0;
  const connect = (): Promise<RealtimeSession> =>
    new Promise((resolve, reject) => {
      const name = ++dialled;
      const openedMs = clock.nowMs();
      dials.push({
        name,
        connected: async () => {
          const session = new PooledSession(name, openedMs);
          resolve(session as unknown as RealtimeSession);
          await settle();
          return session;
        },
        failed: async (failure = RETRYABLE) => {
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a failure is a value on this port
          reject(failure);
          await settle();
        },
      });
    });
  const pool = new WarmPool({ size, maxAgeMs }, clock, connect, (failure, inMs) => problems.push([failure.code, inMs]));
  /** The dials not yet looked at. */
  const next = (): Dial => {
    const dial = dials.shift();
    if (!dial) throw new Error('nothing was dialled');
    return dial;
  };
  const nameOf = async (session: Promise<RealtimeSession>) => ((await session) as unknown as PooledSession).name;
  return { pool, clock, dials, problems, next, nameOf, dialled: () => dialled };
}

describe('WarmPool', () => {
  it('connects its sessions at the start and gives away the one that waited longest', async () => {
    const { pool, next, nameOf } = setUp(2);
    pool.start();
    const [first, second] = [next(), next()];
    await second.connected();
    await first.connected();
    expect(pool.ready).toBe(2);
    await expect(nameOf(pool.acquire())).resolves.toBe(2);
    expect(pool.ready).toBe(1);
  });

  it('replaces what was taken', async () => {
    const { pool, next, dials } = setUp(1);
    pool.start();
    await next().connected();
    await pool.acquire();
    expect(dials).toHaveLength(1);
    await next().connected();
    expect(pool.ready).toBe(1);
  });

  it('has a call connect by itself when none is ready', async () => {
    const { pool, next, nameOf, dials } = setUp(0);
    pool.start();
    expect(dials).toHaveLength(0);
    const waiting = pool.acquire();
    expect(dials).toHaveLength(1);
    await next().connected();
    await expect(nameOf(waiting)).resolves.toBe(1);
    expect(dials).toHaveLength(0);
  });

  it('gives a waiting call whatever is connected first', async () => {
    const { pool, next, nameOf } = setUp(1);
    pool.start();
    const ahead = next();
    const waiting = pool.acquire();
    await ahead.connected();
    await expect(nameOf(waiting)).resolves.toBe(1);
  });

  it('serves waiting calls in their order, each with a session of its own', async () => {
    const { pool, next, nameOf } = setUp(0);
    pool.start();
    const waiting = [pool.acquire(), pool.acquire(), pool.acquire()];
    for (let i = 0; i < 3; i++) await next().connected();
    await expect(Promise.all(waiting.map(nameOf))).resolves.toEqual([1, 2, 3]);
  });

  it('connects ahead for every call that was answered, and no longer expects one that does not come', async () => {
    const { pool, clock, next, dials, dialled } = setUp(0);
    pool.start();
    pool.anticipate();
    pool.anticipate();
    expect(dials).toHaveLength(2);
    await next().connected();
    await next().connected();
    await pool.acquire();
    await pool.acquire();
    expect(dialled()).toBe(2);
    pool.anticipate();
    expect(dialled()).toBe(3);
    await next().connected();
    const taken = await pool.acquire();
    taken.close();
    clock.advance(60_000);
    expect(dialled()).toBe(3);
  });

  it('never holds or connects more than it was asked for', async () => {
    const { pool, clock, next, dials, dialled } = setUp(2);
    pool.start();
    pool.start();
    clock.advance(60_000);
    expect(dialled()).toBe(2);
    await next().connected();
    clock.advance(60_000);
    expect(dialled()).toBe(2);
    expect(dials).toHaveLength(1);
  });

  it('exchanges sessions that have waited too long, before they are given to a call', async () => {
    const { pool, clock, next, nameOf, dials } = setUp(1, 60_000);
    pool.start();
    const old = await next().connected();
    clock.advance(59_000);
    expect(old.alive).toBe(true);
    clock.advance(10_000);
    expect(old.alive).toBe(false);
    expect(dials).toHaveLength(1);
    await next().connected();
    await expect(nameOf(pool.acquire())).resolves.toBe(2);
  });

  it('exchanges sessions that a call would have to replace at once', async () => {
    const { pool, clock, next, nameOf } = setUp(1);
    pool.start();
    const short = await next().connected();
    short.renewAtMs = clock.nowMs() + 60_000;
    clock.advance(59_000);
    expect(short.alive).toBe(true);
    clock.advance(1_000);
    expect(short.alive).toBe(false);
    await next().connected();
    await expect(nameOf(pool.acquire())).resolves.toBe(2);
    pool.close();
  });

  it('replaces a session that was lost while it waited, and does not give it away', async () => {
    const { pool, clock, next, nameOf, dials } = setUp(1);
    pool.start();
    (await next().connected()).alive = false;
    expect(pool.ready).toBe(0);
    const waiting = pool.acquire();
    await next().connected();
    await expect(nameOf(waiting)).resolves.toBe(2);
    clock.advance(5_000);
    expect(dials.length).toBeGreaterThan(0);
  });

  it('waits longer after every failure in a row, and from the beginning after a success', async () => {
    const { pool, clock, next, problems, dials } = setUp(1);
    pool.start();
    for (let i = 0; i < 8; i++) {
      await next().failed();
      const waitMs = problems.at(-1)?.[1] ?? 0;
      clock.advance(waitMs - 1);
      expect(dials).toHaveLength(0);
      clock.advance(1);
      expect(dials).toHaveLength(1);
    }
    expect(problems.map(([, waitMs]) => waitMs)).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((s) => s * 1_000));
    (await next().connected()).alive = false;
    clock.advance(5_000);
    await next().failed();
    expect(problems.at(-1)).toEqual(['close-1006', 1_000]);
  });

  it('tries once a minute where trying again cannot help by itself', async () => {
    const { pool, clock, next, problems, dials } = setUp(3);
    pool.start();
    for (let i = 0; i < 3; i++) await next().failed(FATAL);
    expect(problems).toEqual([['invalid_api_key', 60_000]]);
    clock.advance(59_999);
    expect(dials).toHaveLength(0);
    clock.advance(1);
    expect(dials).toHaveLength(3);
  });

  it('has a call try by itself even while the pool waits after a failure', async () => {
    const { pool, next, nameOf } = setUp(1);
    pool.start();
    await next().failed(FATAL);
    const waiting = pool.acquire();
    await next().connected();
    await expect(nameOf(waiting)).resolves.toBe(2);
  });

  it('tells a call when the connection that it waited for fails', async () => {
    const { pool, next } = setUp(0);
    pool.start();
    const waiting = pool.acquire();
    const told = expect(waiting).rejects.toEqual(FATAL);
    await next().failed(FATAL);
    await told;
  });

  it('does not give up a call while another connection may still serve it', async () => {
    const { pool, next, nameOf } = setUp(2);
    pool.start();
    const [first, second] = [next(), next()];
    const waiting = pool.acquire();
    await first.failed();
    await second.connected();
    await expect(nameOf(waiting)).resolves.toBe(2);
  });

  it('closes what it has and what is still connecting, and dials no more', async () => {
    const { pool, clock, next, dialled } = setUp(2);
    pool.start();
    const ready = await next().connected();
    const late = next();
    pool.close();
    expect(ready.alive).toBe(false);
    expect((await late.connected()).alive).toBe(false);
    clock.advance(600_000);
    expect(dialled()).toBe(2);
  });

  it('lets nobody wait for a pool that was closed', async () => {
    const { pool } = setUp(0);
    pool.start();
    const waiting = expect(pool.acquire()).rejects.toMatchObject({ kind: 'fatal' });
    pool.close();
    await waiting;
    await expect(pool.acquire()).rejects.toMatchObject({ kind: 'fatal' });
  });
});
