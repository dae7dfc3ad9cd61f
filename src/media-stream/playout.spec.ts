import { FakeClock } from '../common/fake-clock.js';
import { Playout, type PlayoutOptions, type PlayoutOutput } from './playout.js';

interface Sent {
  atMs: number;
  kind: 'media' | 'mark' | 'clear';
  bytes: number;
  name: string;
}

/** A socket that notes what it is given, and can be made to look full. */
class Socket implements PlayoutOutput {
  bufferedBytes = 0;
  cork(): void {}
  uncork(): void {}
  readonly sent: Sent[] = [];
  readonly audio: Buffer[] = [];

  constructor(private readonly clock: FakeClock) {}

  media(audio: Buffer): void {
    this.audio.push(Buffer.from(audio));
    this.sent.push({ atMs: this.clock.nowMs(), kind: 'media', bytes: audio.length, name: '' });
  }

  mark(name: string): void {
    this.sent.push({ atMs: this.clock.nowMs(), kind: 'mark', bytes: 0, name });
  }

  clear(): void {
    this.sent.push({ atMs: this.clock.nowMs(), kind: 'clear', bytes: 0, name: '' });
  }

  /** Names of the marks so far. */
  get marks(): string[] {
    return this.sent.filter(({ kind }) => kind === 'mark').map(({ name }) => name);
  }

  get sentBytes(): number {
    return this.sent.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

const audio = (bytes: number, value = 1): Buffer => Buffer.alloc(bytes, value);

function setUp(options: PlayoutOptions = { leadMs: 200, chunkMs: 60 }) {
  const clock = new FakeClock();
  const events: string[] = [];
  const hooks: { itemHeard?: (id: string) => void } = {};
  const playout = new Playout(clock, options, {
    itemStarted: (id) => events.push(`${id} started`),
    itemHeard: (id, heardMs) => {
      events.push(`${id} heard ${heardMs} ms @${clock.nowMs()}`);
      hooks.itemHeard?.(id);
    },
    overflow: () => events.push('overflow'),
    stalled: () => events.push(`stalled @${clock.nowMs()}`),
  });
  const attach = (): Socket => {
    const socket = new Socket(clock);
    playout.attach(socket);
    return socket;
  };
  return { clock, events, hooks, playout, attach, socket: attach() };
}

describe('Playout', () => {
  describe('pacing', () => {
    it('sends the lead at once and then a chunk whenever a chunk was played, never the whole answer', () => {
      const { clock, playout, socket } = setUp();
      playout.play('a', audio(8_000));
      expect(socket.sent.filter(({ kind }) => kind === 'media')).toEqual([
        { atMs: 0, kind: 'media', bytes: 1600, name: '' },
      ]);
      clock.advance(180);
      expect(socket.sent.filter(({ kind }) => kind === 'media').map(({ atMs, bytes }) => [atMs, bytes])).toEqual([
        [0, 1600],
        [60, 480],
        [120, 480],
        [180, 480],
      ]);
    });

    it.each([
      { leadMs: 200, chunkMs: 20 },
      { leadMs: 200, chunkMs: 60 },
      { leadMs: 100, chunkMs: 100 },
      { leadMs: 1_000, chunkMs: 100 },
    ])('keeps within the lead and never runs dry with %j', (options) => {
      const { clock, playout, socket } = setUp(options);
      playout.play('a', audio(24_000));
      for (let nowMs = 0; nowMs < 2_900; nowMs += 10) {
        const aheadMs = socket.sentBytes / 8 - nowMs;
        expect(aheadMs).toBeLessThanOrEqual(options.leadMs);
        expect(aheadMs).toBeGreaterThanOrEqual(0);
        clock.advance(10);
      }
      clock.advance(1_000);
      expect(socket.sentBytes).toBe(24_000);
    });

    it('takes up the lead again after the model was late', () => {
      const { clock, playout, socket } = setUp();
      playout.play('a', audio(320));
      clock.advance(500);
      playout.play('a', audio(8_000));
      expect(socket.sentBytes).toBe(320 + 1600);
    });

    it('sends whole frames only, and the rest of an item with silence when it has ended', () => {
      const { clock, playout, socket } = setUp();
      playout.play('a', audio(250));
      expect(socket.sentBytes).toBe(160);
      clock.advance(1_000);
      expect(socket.sentBytes).toBe(160);
      playout.endItem('a');
      expect(Buffer.concat(socket.audio)).toEqual(Buffer.concat([audio(250), audio(70, 0xff)]));
    });

    it('plays items one after the other in the order in which they came, an open one before a full one', () => {
      const { clock, playout, socket, events } = setUp();
      playout.play('a', audio(160, 1));
      playout.play('b', audio(320, 2));
      playout.play('a', audio(160, 1));
      clock.advance(100);
      expect(Buffer.concat(socket.audio)).toEqual(audio(320, 1));
      playout.endItem('a');
      clock.advance(100);
      expect(Buffer.concat(socket.audio)).toEqual(Buffer.concat([audio(320, 1), audio(320, 2)]));
      expect(events).toEqual(['a started', 'a heard 40 ms @100', 'b started']);
    });

    it('keeps what comes before there is a socket', () => {
      const { playout, events, attach } = setUp();
      playout.detach();
      playout.play('a', audio(160));
      playout.endItem('a');
      expect(events).toEqual([]);
      expect(attach().sentBytes).toBe(160);
    });
  });

  describe('marks', () => {
    it('asks about five times a second, and behind the last audio there is', () => {
      const { clock, playout, socket } = setUp();
      playout.play('a', audio(8_000));
      playout.endItem('a');
      clock.advance(2_000);
      const positions = socket.marks.map((name) => Number(name.split(':')[1]));
      expect(positions.at(-1)).toBe(8_000);
      expect(positions.length).toBeLessThanOrEqual(5);
      for (const [index, position] of positions.entries())
        expect(position - (positions[index - 1] ?? 0)).toBeLessThanOrEqual(1600 + 480);
    });

    it('ignores marks of an earlier generation, marks of others and marks that make no sense', () => {
      const { clock, playout, socket } = setUp();
      playout.play('a', audio(1_600));
      const [old = ''] = socket.marks;
      clock.advance(50);
      playout.interrupt();
      playout.play('b', audio(3_200));
      for (const name of [old, 'x', '', ':', '1', '1:', '1:x', 'NaN:1600', '1:99999999', '1:-1600', '1:1e99']) {
        playout.markReturned(name);
        expect(playout.heardItems()).toMatchObject([{ itemId: 'b', heardMs: 0 }]);
      }
      clock.advance(50);
      expect(playout.heardItems()).toMatchObject([{ itemId: 'b', heardMs: 50 }]);
    });

    it('waits for the mark of an item on a network where marks come late, and reports it when it comes', () => {
      const { clock, playout, socket, events } = setUp();
      playout.play('a', audio(1_600));
      clock.advance(250);
      playout.markReturned(socket.marks[0] ?? '');
      playout.play('a', audio(1_600));
      playout.endItem('a');
      clock.advance(900);
      expect(events).toEqual(['a started']);
      playout.markReturned(socket.marks[1] ?? '');
      expect(events).toEqual(['a started', 'a heard 400 ms @1150']);
    });

    it('takes an item for heard by the clock alone where marks never come', () => {
      const { clock, playout, events } = setUp();
      playout.play('a', audio(1_600));
      playout.endItem('a');
      clock.advance(199);
      expect(events).toEqual(['a started']);
      clock.advance(2);
      expect(events).toEqual(['a started', 'a heard 200 ms @200']);
    });

    it('gives up waiting for marks that have stopped coming', () => {
      const { clock, playout, socket, events } = setUp();
      playout.play('a', audio(4_800));
      playout.endItem('a');
      clock.advance(200);
      playout.markReturned(socket.marks[0] ?? '');
      clock.advance(5_000);
      expect(events).toHaveLength(2);
      expect(events[1]).toMatch(/^a heard 600 ms/);
    });

    it('gives up waiting for the marks of one item also while the next one plays', () => {
      const { clock, playout, socket, events } = setUp();
      playout.play('a', audio(4_800));
      playout.endItem('a');
      playout.play('b', audio(160_000));
      clock.advance(200);
      playout.markReturned(socket.marks[0] ?? '');
      clock.advance(4_000);
      expect(events.filter((event) => event.startsWith('a heard'))).toHaveLength(1);
    });

    it('reports an item once, even if its marks come after it was taken for heard', () => {
      const { clock, playout, socket, events } = setUp();
      playout.play('a', audio(3_200));
      playout.endItem('a');
      clock.advance(200);
      playout.markReturned(socket.marks[0] ?? '');
      clock.advance(5_000);
      for (const name of [...socket.marks, ...socket.marks]) playout.markReturned(name);
      clock.advance(5_000);
      expect(events.filter((event) => event.startsWith('a heard'))).toHaveLength(1);
      expect(playout.idle).toBe(true);
    });
  });

  describe('interrupt', () => {
    it('clears Telnyx’s queue and says what was heard of each item, in order', () => {
      const { clock, playout, socket } = setUp();
      playout.play('a', audio(800));
      playout.endItem('a');
      playout.play('b', audio(8_000));
      playout.play('c', audio(160));
      clock.advance(99);
      playout.play('d', audio(5));
      clock.advance(51);
      expect(playout.interrupt()).toEqual([
        { itemId: 'b', heardMs: 50, receivedMs: 1000, complete: false },
        { itemId: 'c', heardMs: 0, receivedMs: 20, complete: false },
        { itemId: 'd', heardMs: 0, receivedMs: 0.625, complete: false },
      ]);
      expect(socket.sent.at(-1)).toMatchObject({ kind: 'clear', atMs: 150 });
      clock.advance(1_000);
      expect(socket.sent.at(-1)).toMatchObject({ kind: 'clear' });
      expect(playout.interrupt()).toEqual([]);
    });

    it('says complete of an item that ended and was heard while its mark was awaited', () => {
      const { clock, playout, socket } = setUp();
      playout.play('a', audio(1_600));
      clock.advance(200);
      playout.markReturned(socket.marks[0] ?? '');
      playout.endItem('a');
      playout.play('b', audio(1_600));
      expect(playout.interrupt()).toEqual([{ itemId: 'b', heardMs: 0, receivedMs: 200, complete: false }]);

      playout.play('c', audio(1_600));
      clock.advance(300);
      expect(playout.heardItems()).toEqual([{ itemId: 'c', heardMs: 200, receivedMs: 200, complete: false }]);
    });

    it('sends no clear where nothing was sent, and none twice', () => {
      const { clock, playout, socket } = setUp();
      playout.interrupt();
      playout.play('a', audio(100));
      playout.interrupt();
      expect(socket.sent).toEqual([]);
      playout.play('b', audio(1_000));
      playout.interrupt();
      playout.interrupt();
      clock.advance(1_000);
      expect(socket.sent.filter(({ kind }) => kind === 'clear')).toHaveLength(1);
    });

    it('plays what comes next at once, without waiting for what was dropped', () => {
      const { clock, playout, socket } = setUp();
      playout.play('a', audio(16_000));
      clock.advance(30);
      playout.interrupt();
      playout.play('b', audio(8_000));
      expect(socket.sent.at(-2)).toMatchObject({ kind: 'media', bytes: 1600, atMs: 30 });
    });

    it('does not take a new item for heard when an item being heard is what leads to the interruption', () => {
      const { clock, playout, events, hooks } = setUp();
      hooks.itemHeard = (id) => {
        if (id !== 'a') return;
        playout.interrupt();
        playout.play('b', audio(1_600));
        playout.endItem('b');
      };
      playout.play('a', audio(1_600));
      playout.endItem('a');
      clock.advance(210);
      expect(events).toEqual(['a started', 'a heard 200 ms @200', 'b started']);
      clock.advance(200);
      expect(events.at(-1)).toBe('b heard 200 ms @400');
    });
  });

  describe('a lost socket', () => {
    it('goes on behind what was heard, on the next one, and tells of the item only once', () => {
      const { clock, playout, socket, events, attach } = setUp();
      const whole = Buffer.from(Array.from({ length: 4_800 }, (_, index) => index % 251));
      playout.play('a', whole);
      playout.endItem('a');
      clock.advance(101);
      playout.detach();
      clock.advance(5_000);
      expect(playout.heardItems()).toEqual([{ itemId: 'a', heardMs: 101, receivedMs: 600, complete: false }]);
      expect(events).toEqual(['a started']);

      const next = attach();
      clock.advance(2_000);
      expect(Buffer.concat(socket.audio).subarray(0, 808).equals(whole.subarray(0, 808))).toBe(true);
      expect(
        Buffer.concat(next.audio)
          .subarray(0, 4_800 - 808)
          .equals(whole.subarray(808)),
      ).toBe(true);
      expect(events).toEqual(['a started', expect.stringMatching(/^a heard 600 ms @560/)]);
    });

    it('takes up a last frame in the middle, without the silence that filled it', () => {
      const { clock, playout, attach } = setUp();
      playout.play('a', Buffer.from(Array.from({ length: 170 }, (_, index) => index)));
      playout.endItem('a');
      clock.advance(20.625);
      playout.detach();
      expect(Buffer.concat(attach().audio)).toEqual(
        Buffer.concat([Buffer.from([165, 166, 167, 168, 169]), audio(155, 0xff)]),
      );
    });

    it('does not lose audio when a mark has just set back what was heard', () => {
      const { clock, playout, socket, events, attach } = setUp();
      playout.play('a', audio(8_000));
      playout.endItem('a');
      // The network takes 200 ms for a round trip: by the clock 400 ms were heard when the mark for 200 ms comes.
      clock.advance(400);
      playout.markReturned(socket.marks[0] ?? '');
      playout.detach();
      attach();
      clock.advance(5_000);
      expect(events.filter((event) => event.startsWith('a heard'))).toHaveLength(1);
      expect(playout.idle).toBe(true);
    });

    it('does not believe marks of the old socket on the new one', () => {
      const { clock, playout, socket, attach } = setUp();
      playout.play('a', audio(4_800));
      clock.advance(50);
      const old = socket.marks;
      playout.detach();
      attach();
      for (const name of old) playout.markReturned(name);
      expect(playout.heardItems()).toMatchObject([{ heardMs: 50 }]);
    });

    it('sends nothing to a socket that was replaced', () => {
      const { clock, playout, socket, attach } = setUp();
      playout.play('a', audio(8_000));
      clock.advance(100);
      const next = attach();
      const before = socket.sent.length;
      clock.advance(2_000);
      playout.interrupt();
      expect(socket.sent).toHaveLength(before);
      expect(next.sentBytes).toBeGreaterThan(6_400);
    });

    it('can be interrupted while there is no socket', () => {
      const { clock, playout, attach } = setUp();
      playout.play('a', audio(8_000));
      clock.advance(100);
      playout.detach();
      clock.advance(400);
      expect(playout.interrupt()).toMatchObject([{ itemId: 'a', heardMs: 100 }]);
      expect(attach().sent).toEqual([]);
    });
  });

  describe('a socket that does not take more', () => {
    it('holds audio back, so that an interruption still finds it here, and goes on when there is room', () => {
      const { clock, playout, socket } = setUp();
      socket.bufferedBytes = 20_000;
      playout.play('a', audio(8_000));
      clock.advance(1_000);
      expect(socket.sent).toEqual([]);
      expect(playout.heardItems()).toMatchObject([{ heardMs: 0, receivedMs: 1000 }]);
      socket.bufferedBytes = 0;
      clock.advance(20);
      expect(socket.sentBytes).toBe(1600);
    });

    it('is reported when it stays so for seconds, and not when it has recovered in between', () => {
      const { clock, playout, socket, events } = setUp();
      playout.play('a', audio(80_000));
      socket.bufferedBytes = 20_000;
      clock.advance(4_000);
      socket.bufferedBytes = 0;
      clock.advance(200);
      socket.bufferedBytes = 20_000;
      clock.advance(4_000);
      expect(events).toEqual(['a started']);
      clock.advance(2_000);
      expect(events[1]).toMatch(/^stalled/);
    });
  });

  it('reports more than ten minutes of waiting audio', () => {
    const { playout, events } = setUp();
    const minute = audio(480_000);
    for (let i = 0; i < 10; i++) playout.play('a', minute);
    expect(events).not.toContain('overflow');
    playout.play('a', minute);
    expect(events).toContain('overflow');
  });

  it('counts only what waits now towards that limit', () => {
    const { clock, playout, events } = setUp();
    const minute = audio(480_000);
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 9; i++) playout.play(`a${round}`, minute);
      clock.advance(1_000);
      playout.detach();
      playout.interrupt();
      playout.attach(new Socket(clock));
    }
    expect(events).not.toContain('overflow');
  });

  it('is silent once closed', () => {
    const { clock, playout, socket, events } = setUp();
    playout.play('a', audio(8_000));
    playout.endItem('a');
    const before = socket.sent.length;
    playout.close();
    playout.play('a', audio(8_000));
    clock.advance(5_000);
    expect(socket.sent).toHaveLength(before);
    expect(events).toEqual(['a started']);
  });

  it('takes an item without any audio for heard when it ends', () => {
    const { playout, events } = setUp();
    playout.play('a', Buffer.alloc(0));
    playout.endItem('a');
    playout.endItem('unknown');
    expect(events).toEqual(['a heard 0 ms @0']);
    expect(playout.idle).toBe(true);
  });
});
