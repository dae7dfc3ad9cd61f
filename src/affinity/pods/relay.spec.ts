import { once } from 'node:events';
import { type WebSocket } from 'ws';
import { FakeClock } from '../../common/fake-clock.js';
import { relay, type RelayFrame } from './relay.js';
import { type SocketPair, socketPair } from './testing/socket-pair.js';

/** Some 20 ms of audio, as Telnyx sends them. */
const frame = (n: number): string => JSON.stringify({ event: 'media', n, media: { payload: 'x'.repeat(216) } });

/** The next `count` messages, as text. */
function receive(socket: WebSocket, count: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const received: string[] = [];
    socket.on('message', (data: Buffer) => {
      received.push(data.toString());
      if (received.length === count) resolve(received);
    });
    socket.once('close', (code) => reject(new Error(`closed with ${code} after ${received.length} messages`)));
  });
}

/** Fills the way from one peer to another that does not read, until the relay does not read either. */
async function hold(from: SocketPair, to: SocketPair): Promise<void> {
  to.there.pause();
  while (!from.here.socket.isPaused) {
    from.there.send(Buffer.alloc(100_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe('relay', () => {
  let near: SocketPair;
  let far: SocketPair;
  const more: SocketPair[] = [];

  beforeEach(async () => {
    [near, far] = await Promise.all([socketPair('accepted'), socketPair('dialled')]);
  });
  afterEach(async () => {
    await Promise.all([near, far, ...more.splice(0)].map((pair) => pair.close()));
  });

  const start = (early?: readonly RelayFrame[], clock?: FakeClock) => relay(near.here, far.here, early, clock);

  it('hands on two thousand frames each way, in order and as they are', async () => {
    const counts = start();
    const [atFar, atNear] = [receive(far.there, 2_000), receive(near.there, 2_000)];
    for (const n of range(2_000)) {
      near.there.send(frame(n));
      far.there.send(frame(-n));
    }
    expect(await atFar).toEqual(range(2_000).map((n) => frame(n)));
    expect(await atNear).toEqual(range(2_000).map((n) => frame(-n)));
    near.there.close();
    await expect(counts).resolves.toEqual({ toFar: 2_000, toNear: 2_000 });
  });

  it('keeps text text and binary binary, whatever is in them', async () => {
    void start();
    const frames: [Buffer, boolean][] = [
      [Buffer.from('text'), false],
      [Buffer.from([0, 255, 128]), true],
      [Buffer.alloc(0), false],
      [Buffer.alloc(0), true],
      [Buffer.alloc(200_000, 'ü'), false],
    ];
    const received: [Buffer, boolean][] = [];
    const all = new Promise<void>((resolve) => {
      far.there.on('message', (data: Buffer, binary) => {
        if (received.push([data, binary]) === frames.length) resolve();
      });
    });
    for (const [data, binary] of frames) near.there.send(data, { binary });
    await all;
    expect(received).toEqual(frames);
  });

  it('hands on first what came before the far socket was open', async () => {
    near.here.socket.pause();
    near.there.send('third');
    void start([
      { data: Buffer.from('first'), isBinary: false },
      { data: Buffer.from('second'), isBinary: true },
    ]);
    await expect(receive(far.there, 3)).resolves.toEqual(['first', 'second', 'third']);
  });

  it('loses nothing that came with the opening of a paused far socket', async () => {
    far.here.socket.pause();
    far.there.send('at once');
    const atNear = receive(near.there, 1);
    void start();
    await expect(atNear).resolves.toEqual(['at once']);
  });

  it.each(['far', 'near'] as const)('stops reading while the %s peer does not, and loses nothing', async (slowName) => {
    const [slow, fast] = slowName === 'far' ? [far, near] : [near, far];
    const counts = start();
    slow.there.pause();
    // More than the kernel takes for either connection, so that it has to wait in this process or at its sender.
    const big = 'x'.repeat(100_000);
    let sent = 0;
    const paused = new Promise<void>((resolve) => {
      const push = (): void => {
        if (fast.here.socket.isPaused) return resolve();
        fast.there.send(`${sent++} ${big}`);
        setImmediate(push);
      };
      push();
    });
    await paused;
    const waitingBytes = slow.here.socket.bufferedAmount;
    expect(waitingBytes).toBeGreaterThan(65_536);
    // The bound, and what one read of the other socket brought in beyond it: 64 KiB of it, and the rest of a frame.
    expect(waitingBytes).toBeLessThan(65_536 + 65_536 + 2 * 100_010);
    // The other way is not held up by it.
    const back = receive(fast.there, 1);
    slow.there.send('back');
    await expect(back).resolves.toEqual(['back']);

    const all = receive(slow.there, sent);
    slow.there.resume();
    const received = await all;
    expect(received.map((text) => Number(text.split(' ')[0]))).toEqual(range(sent));
    expect(fast.here.socket.isPaused).toBe(false);
    near.there.close();
    expect(Object.values(await counts).sort((a, b) => a - b)).toEqual([1, sent]);
  });

  it('gives a peer up that takes nothing for ten seconds', async () => {
    const clock = new FakeClock();
    const counts = start([], clock);
    await hold(near, far);
    clock.advance(9_999);
    expect(far.here.socket.readyState).toBe(far.here.socket.OPEN);
    clock.advance(1);
    near.there.resume();
    expect((await once(near.there, 'close'))[0]).toBe(1006);
    expect((await counts).toNear).toBe(0);
  });

  it('ends at once where one side is lost while the other was not being read', async () => {
    const counts = start([], new FakeClock());
    await hold(near, far);
    near.there.send(Buffer.alloc(1_000_000));
    far.there.terminate();
    await counts;
    expect(near.here.socket.readyState).toBe(near.here.socket.CLOSED);
  });

  it.each([
    [1000, 'call is over'],
    [1001, ''],
    [1011, 'x'.repeat(123)],
    [1012, 'restart'],
    [3000, 'ours'],
    [4999, 'ünïcode'],
  ])('hands on the close code %i and its reason, either way', async (code, reason) => {
    const [atFar, counts] = [once(far.there, 'close'), start()];
    near.there.close(code, reason);
    expect(await atFar).toEqual([code, Buffer.from(reason)]);
    await counts;

    const [near2, far2] = await Promise.all([socketPair('accepted'), socketPair('dialled')]);
    more.push(near2, far2);
    const [atNear, counts2] = [once(near2.there, 'close'), relay(near2.here, far2.here)];
    far2.there.close(code, reason);
    expect(await atNear).toEqual([code, Buffer.from(reason)]);
    await counts2;
  });

  it('hands on a close without a code as one without', async () => {
    const [atFar, counts] = [once(far.there, 'close'), start()];
    near.there.close();
    expect((await atFar)[0]).toBe(1005);
    await counts;
  });

  it.each(['near', 'far'] as const)(
    'lets the other side see a lost connection where the %s one is lost',
    async (name) => {
      const [lost, left] = name === 'near' ? [near, far] : [far, near];
      const counts = start();
      const [received, seen] = [receive(left.there, 1), once(left.there, 'close')];
      lost.there.send('last words');
      await received;
      lost.there.terminate();
      expect((await seen)[0]).toBe(1006);
      await counts;
    },
  );

  it('hands on what was sent before the close', async () => {
    const counts = start();
    const atFar = receive(far.there, 500);
    for (const n of range(500)) near.there.send(frame(n));
    near.there.close(1000);
    expect(await atFar).toHaveLength(500);
    await expect(counts).resolves.toEqual({ toFar: 500, toNear: 0 });
  });

  it('ends when a side was closed before it began', async () => {
    near.there.terminate();
    await once(near.here.socket, 'close');
    const atFar = receive(far.there, 1);
    const seen = once(far.there, 'close');
    const counts = start([{ data: Buffer.from('stop'), isBinary: false }]);
    await expect(atFar).resolves.toEqual(['stop']);
    expect((await seen)[0]).toBe(1006);
    await expect(counts).resolves.toEqual({ toFar: 1, toNear: 0 });
  });

  it('cuts off a side that does not answer the close frame of the other', async () => {
    const clock = new FakeClock();
    const counts = start([], clock);
    far.there.pause();
    near.there.close(1000);
    await once(near.here.socket, 'close');
    clock.advance(3_000);
    await expect(counts).resolves.toEqual({ toFar: 0, toNear: 0 });
  });

  it('ends both sides for what is no WebSocket', async () => {
    const counts = start();
    const seen = once(far.there, 'close');
    rawSocketOf(near.there).write('GET / HTTP/1.1\r\n\r\n');
    expect((await seen)[0]).toBe(1006);
    await counts;
  });

  it('leaves pings to each side', async () => {
    void start();
    let pings = 0;
    far.there.on('ping', () => pings++);
    near.there.ping('are you there?');
    const [pong] = (await once(near.there, 'pong')) as [Buffer];
    expect(pong.toString()).toBe('are you there?');
    near.there.send('after the ping');
    await receive(far.there, 1);
    expect(pings).toBe(0);
  });

  it('carries a hundred calls at once', async () => {
    const calls = await Promise.all(
      range(100).map(async () => {
        const pairs = await Promise.all([socketPair('accepted'), socketPair('dialled')]);
        more.push(...pairs);
        return { near: pairs[0], far: pairs[1], counts: relay(pairs[0].here, pairs[1].here) };
      }),
    );
    const received = calls.map((call) => Promise.all([receive(call.far.there, 50), receive(call.near.there, 50)]));
    for (const n of range(50)) {
      for (const [index, call] of calls.entries()) {
        call.near.there.send(frame(index * 1_000 + n));
        call.far.there.send(frame(-index * 1_000 - n));
      }
    }
    for (const [index, both] of (await Promise.all(received)).entries()) {
      expect(both[0]).toEqual(range(50).map((n) => frame(index * 1_000 + n)));
      expect(both[1]).toEqual(range(50).map((n) => frame(-index * 1_000 - n)));
    }
    for (const call of calls) call.near.there.close(1000);
    for (const call of calls) await expect(call.counts).resolves.toEqual({ toFar: 50, toNear: 50 });
  });
});

function rawSocketOf(socket: WebSocket): { write(text: string): void } {
  return (socket as unknown as { _socket: { write(text: string): void } })._socket;
}
