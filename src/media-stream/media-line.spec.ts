import { FakeClock } from '../common/fake-clock.js';
import { type LineListener } from '../conversation/line.port.js';
import { InboundOrder, type InboundCounts, type InboundSink } from './inbound-order.js';
import { type MediaConnection } from './media-connection.js';
import { MediaLine } from './media-line.js';

/** A connection without a socket below it: what the line needs of one. */
class Socket {
  readonly sent: string[] = [];
  sentBytes = 0;
  framesOut = 0;
  bufferedBytes = 0;
  cork(): void {}
  uncork(): void {}
  terminated = false;
  private order = new InboundOrder({ audio: () => undefined, silence: () => undefined });
  private chunk = 0;

  get counts(): InboundCounts {
    return this.order.counts;
  }

  deliverTo(sink: InboundSink): void {
    this.order = new InboundOrder(sink);
  }

  padByClock(bytes: number): void {
    this.order.padByClock(bytes);
  }

  media(audio: Buffer): void {
    this.framesOut++;
    this.sent.push(`media ${audio.length}`);
    this.sentBytes += audio.length;
  }

  mark(name: string): void {
    this.sent.push(`mark ${name}`);
  }

  clear(): void {
    this.sent.push('clear');
  }

  terminate(): void {
    this.terminated = true;
  }

  /** A frame of 20 ms from the caller; `lost` frames before it never come. */
  callerSays(value: number, lost = 0): void {
    this.chunk += 1 + lost;
    const payload = Buffer.from(Buffer.alloc(160, value).toString('base64'));
    this.order.push({ inbound: true, chunk: this.chunk, payload, bytes: 160 });
  }

  asConnection(): MediaConnection {
    return this as unknown as MediaConnection;
  }
}

function setUp() {
  const clock = new FakeClock();
  const events: string[] = [];
  const listener: LineListener = {
    callerAudio: (base64, bytes) => {
      const audio = Buffer.from(base64.toString('latin1'), 'base64');
      expect(audio.length).toBe(bytes);
      expect(new Set(audio).size).toBe(1);
      events.push(`caller ${bytes} x ${audio[0]}`);
    },
    key: (digit) => events.push(`key ${digit}`),
    itemStarted: (id) => events.push(`${id} started`),
    itemHeard: (id, heardMs) => events.push(`${id} heard ${heardMs}`),
    lineBack: () => events.push('line back'),
  };
  const closed: (MediaConnection | undefined)[] = [];
  const owner = {
    overflow: () => events.push('overflow'),
    stalled: () => events.push('stalled'),
    failed: (error: unknown) => events.push(`failed: ${String(error)}`),
    closed: (open?: MediaConnection) => void closed.push(open),
  };
  const line = new MediaLine(clock, { leadMs: 200, chunkMs: 60 }, owner);
  line.listen(listener);
  const attach = (law: 'pcmu' | 'pcma' = 'pcmu'): Socket & { replaced: MediaConnection | undefined } => {
    const socket = new Socket();
    return Object.assign(socket, { replaced: line.attach(socket.asConnection(), law) });
  };
  return { clock, events, closed, line, attach };
}

describe('MediaLine', () => {
  it('carries audio both ways and keys', () => {
    const { clock, events, line, attach } = setUp();
    const socket = attach();
    socket.callerSays(7);
    line.key('5', undefined);
    line.play('a', Buffer.alloc(160, 1));
    line.endItem('a');
    expect(socket.sent).toEqual(['media 160', 'mark 0:160']);
    clock.advance(20);
    line.markReturned(socket.asConnection(), '0:160');
    expect(events).toEqual(['caller 160 x 7', 'key 5', 'a started', 'a heard 20']);
    expect(line.idle).toBe(true);
  });

  it.each([
    ['pcmu' as const, 0xff],
    ['pcma' as const, 0xd5],
  ])('pads what is missing with the silence of %s', (law, silence) => {
    const { events, attach } = setUp();
    const socket = attach(law);
    socket.callerSays(1);
    socket.callerSays(2, 3);
    socket.callerSays(3);
    socket.callerSays(4);
    expect(events[1]).toBe(`caller 480 x ${silence}`);
  });

  it('puts in silence when frames stop while the caller speaks, and only then', () => {
    const { clock, events, line, attach } = setUp();
    const socket = attach();
    socket.callerSays(1);
    clock.advance(2_000);
    socket.callerSays(1);
    line.setCallerSpeaking(true);
    clock.advance(1_000);
    line.setCallerSpeaking(false);
    clock.advance(2_000);
    const silence = events.filter((event) => event.endsWith('x 255'));
    const bytes = silence.reduce((sum, event) => sum + Number(event.split(' ')[1]), 0);
    expect(bytes).toBeGreaterThanOrEqual(7_200);
    expect(bytes).toBeLessThanOrEqual(8_000);
  });

  it('reports what its timers throw, and does not throw itself', () => {
    const { clock, events, line, attach } = setUp();
    const socket = attach();
    line.play('a', Buffer.alloc(8_000, 1));
    socket.media = () => {
      throw new Error('a mistake');
    };
    clock.advance(100);
    expect(events).toContain('failed: Error: a mistake');
  });

  it('goes on behind what was heard on the next socket, and says that the line is back', () => {
    const { clock, events, line, attach } = setUp();
    const first = attach();
    line.play('a', Buffer.alloc(3_200, 1));
    line.endItem('a');
    clock.advance(100);
    expect(line.detach(first.asConnection())).toBe(true);
    clock.advance(1_000);
    expect(line.heardItems()).toMatchObject([{ itemId: 'a', heardMs: 100 }]);
    const second = attach();
    expect(second.replaced).toBeUndefined();
    clock.advance(1_000);
    expect(second.sentBytes).toBe(2_400);
    expect(events).toEqual(['a started', 'line back', 'a heard 400']);
  });

  it('hands back the socket that a newer one replaces, and listens to that one no more', () => {
    const { clock, events, line, attach } = setUp();
    const first = attach();
    line.play('a', Buffer.alloc(8_000, 1));
    const second = attach();
    expect(second.replaced).toBe(first);
    const before = first.sent.length;
    expect(second.sent).toContain('mark 1:1600');
    line.markReturned(first.asConnection(), '1:1600');
    expect(line.heardItems()).toMatchObject([{ heardMs: 0 }]);
    clock.advance(500);
    line.interrupt();
    expect(first.sent).toHaveLength(before);
    expect(second.sent.at(-1)).toBe('clear');
    // Its close comes later than the new socket, and must not take that one away.
    expect(line.detach(first.asConnection())).toBe(false);
    line.play('b', Buffer.alloc(160));
    expect(second.sent.at(-1)).toBe('media 160');
    expect(events).toContain('line back');
  });

  it('takes the law of the newer socket', () => {
    const { line, attach } = setUp();
    attach('pcmu');
    expect(line.law).toBe('pcmu');
    attach('pcma');
    expect(line.law).toBe('pcma');
  });

  it('cuts off a socket whose peer does not read, and plays on when there is another', () => {
    const { clock, events, line, attach } = setUp();
    const socket = attach();
    socket.bufferedBytes = 100_000;
    line.play('a', Buffer.alloc(8_000));
    clock.advance(6_000);
    expect(events).toContain('stalled');
    expect(socket.terminated).toBe(true);
    line.detach(socket.asConnection());
    expect(attach().sentBytes).toBe(1_600);
  });

  it('sums up over its sockets, and gives the open one to its owner at the end', () => {
    const { closed, line, attach } = setUp();
    const first = attach();
    first.callerSays(1);
    line.detach(first.asConnection());
    const second = attach();
    second.callerSays(1);
    second.callerSays(1, 2);
    second.callerSays(1);
    second.callerSays(1);
    line.play('a', Buffer.alloc(480));
    const inbound = { frames: 5, reordered: 0, late: 0, gaps: 1, paddedBytes: 320 };
    expect(line.close()).toEqual({ codec: 'pcmu', sockets: 2, framesOut: second.framesOut, ...inbound });
    expect(second.framesOut).toBeGreaterThan(0);
    expect(closed).toEqual([second]);
  });

  it('is deaf and dumb once closed, with or without a socket', () => {
    const { clock, events, closed, line, attach } = setUp();
    const socket = attach();
    line.play('a', Buffer.alloc(8_000));
    line.setCallerSpeaking(true);
    const sent = socket.sent.length;
    line.close();
    const told = events.length;
    socket.callerSays(1);
    line.key('1', undefined);
    line.play('b', Buffer.alloc(160));
    line.interrupt();
    expect(line.detach(socket.asConnection())).toBe(false);
    clock.advance(20_000);
    expect(socket.sent).toHaveLength(sent);
    expect(events).toHaveLength(told);

    const { line: without, closed: closedWithout } = setUp();
    expect(without.close()).toMatchObject({ sockets: 0 });
    expect([closed.length, closedWithout]).toEqual([1, [undefined]]);
  });
});
