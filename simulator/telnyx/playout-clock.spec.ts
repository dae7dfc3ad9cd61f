import fc from 'fast-check';
import { PlayoutClock } from './playout-clock.js';

const bytes = (length: number, value = 1): Buffer => Buffer.alloc(length, value);

describe('PlayoutClock', () => {
  it('plays a chunk from the moment it arrives, 8 bytes a millisecond', () => {
    const clock = new PlayoutClock({ rate: 8 });
    clock.media(1000, bytes(160));
    clock.settle(1010);
    expect(clock.playedBytes).toBe(80);
    expect(clock.queuedBytes).toBe(80);
    clock.settle(1500);
    expect(clock.playedSegments).toEqual([{ bytes: bytes(160), startedAtMs: 1000, endedAtMs: 1020 }]);
    expect(clock.queuedBytes).toBe(0);
  });

  it('plays chunks that arrive early one after the other, as one segment', () => {
    const clock = new PlayoutClock({ rate: 8 });
    clock.media(0, bytes(160, 1));
    clock.media(5, bytes(160, 2));
    clock.settle(100);
    expect(clock.playedSegments).toEqual([
      { bytes: Buffer.concat([bytes(160, 1), bytes(160, 2)]), startedAtMs: 0, endedAtMs: 40 },
    ]);
    expect(clock.gaps).toEqual([]);
  });

  it('calls a queue that ran dry a gap, and one after clear by that name', () => {
    const clock = new PlayoutClock({ rate: 8 });
    clock.media(0, bytes(160));
    clock.media(30, bytes(160));
    clock.clear(60);
    clock.media(100, bytes(160));
    expect(clock.gaps).toEqual([
      { fromMs: 20, toMs: 30, afterClear: false },
      { fromMs: 50, toMs: 100, afterClear: true },
    ]);
  });

  it('returns a mark when the audio before it has been played', () => {
    const clock = new PlayoutClock({ rate: 8 });
    clock.media(0, bytes(160));
    clock.mark(1, 'a');
    clock.media(2, bytes(160));
    clock.mark(3, 'b');
    expect(clock.nextEventAtMs()).toBe(20);
    expect(clock.advance(19.9)).toEqual([]);
    expect(clock.advance(20)).toEqual(['a']);
    expect(clock.advance(20)).toEqual([]);
    expect(clock.nextEventAtMs()).toBe(40);
    expect(clock.advance(41)).toEqual(['b']);
    expect(clock.nextEventAtMs()).toBeUndefined();
  });

  it('returns a mark at once when nothing is queued', () => {
    const clock = new PlayoutClock({ rate: 8 });
    clock.mark(7, 'early');
    expect(clock.advance(7)).toEqual(['early']);
  });

  it('clears to the sample: what was played of a chunk stays played, and all waiting marks come back', () => {
    const clock = new PlayoutClock({ rate: 8 });
    clock.media(0, Buffer.from(Array.from({ length: 160 }, (_, i) => i)));
    clock.mark(0, 'a');
    clock.media(0, bytes(160));
    clock.mark(0, 'b');
    expect(clock.clear(10.1)).toEqual(['a', 'b']);
    expect(clock.playedBytes).toBe(80);
    expect(clock.queuedBytes).toBe(0);
    expect(clock.advance(100)).toEqual([]);
    expect(clock.playedSegments[0]?.bytes).toEqual(Buffer.from(Array.from({ length: 80 }, (_, i) => i)));
  });

  it('leaves no trace of audio that was cleared before its first sample', () => {
    const clock = new PlayoutClock({ rate: 8 });
    clock.media(5, bytes(160));
    clock.clear(5);
    clock.media(9, bytes(80, 3));
    clock.settle(50);
    expect(clock.playedSegments).toEqual([{ bytes: bytes(80, 3), startedAtMs: 9, endedAtMs: 19 }]);
  });

  it('takes a time that runs backwards for the last one', () => {
    const clock = new PlayoutClock({ rate: 8 });
    clock.media(100, bytes(800));
    clock.settle(150);
    clock.settle(120);
    expect(clock.playedBytes).toBe(400);
    clock.clear(110);
    expect(clock.playedBytes).toBe(400);
  });

  it('counts alike when it keeps no audio', () => {
    const clock = new PlayoutClock({ rate: 8, keepAudio: false });
    clock.media(0, bytes(160));
    clock.settle(10);
    expect(clock.playedBytes).toBe(80);
    expect(clock.playedSegments).toEqual([{ bytes: Buffer.alloc(0), startedAtMs: 0, endedAtMs: 10 }]);
  });

  it('copies what was played in a window, over a gap too', () => {
    const clock = new PlayoutClock({ rate: 8 });
    clock.media(0, bytes(16, 1));
    clock.media(4, bytes(16, 2));
    clock.settle(5);
    const window = Buffer.alloc(40, 9);
    clock.copyPlayed(1, window);
    expect([...window]).toEqual([...bytes(8, 1), ...bytes(16, 9), ...bytes(8, 2), ...bytes(8, 9)]);
  });

  it('hands out every byte once in windows that follow one another, wherever the audio begins', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 1, max: 700 }), (startUs, length) => {
        const clock = new PlayoutClock({ rate: 8 });
        const audio = Buffer.from(Array.from({ length }, (_, i) => 1 + (i % 250)));
        clock.media(startUs / 1000, audio);
        const windows: Buffer[] = [];
        for (let fromMs = 0; fromMs < 200; fromMs += 20) {
          const window = Buffer.alloc(160);
          clock.settle(fromMs + 20);
          clock.copyPlayed(fromMs, window);
          windows.push(window);
        }
        expect(Buffer.concat(windows).filter((byte) => byte !== 0)).toEqual(audio);
      }),
    );
  });

  it('agrees with a queue that is played byte by byte, for any schedule', () => {
    const operation = fc.oneof(
      fc.record({ op: fc.constant('wait' as const), ticks: fc.integer({ min: 0, max: 400 }) }),
      fc.record({ op: fc.constant('media' as const), length: fc.integer({ min: 1, max: 300 }) }),
      fc.record({ op: fc.constant('mark' as const) }),
      fc.record({ op: fc.constant('clear' as const) }),
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), fc.boolean(), (operations, isEager) => {
        const clock = new PlayoutClock({ rate: 8 });
        const model = new ByteByByte();
        let next = 0;
        for (const operation of operations) {
          const nowMs = model.tick / 8;
          if (operation.op === 'wait') {
            for (let i = 0; i < operation.ticks; i++) model.step();
          } else if (operation.op === 'media') {
            const chunk = Buffer.from(Array.from({ length: operation.length }, () => next++ % 256));
            clock.media(nowMs, chunk);
            model.queue.push(...chunk);
          } else if (operation.op === 'mark') {
            clock.mark(nowMs, `m${next}`);
            model.queue.push(`m${next++}`);
          } else {
            expect(clock.clear(nowMs)).toEqual(model.clear());
          }
          if (isEager) expect(clock.advance(model.tick / 8)).toEqual(model.takeDue());
        }
        expect(clock.advance(model.tick / 8)).toEqual(model.takeDue());
        expect(clock.playedBytes).toBe(model.played.length);
        const laid = clock.playedSegments.flatMap(({ bytes: part, startedAtMs, endedAtMs }) => {
          expect(part.length).toBe(Math.round((endedAtMs - startedAtMs) * 8));
          return [...part].map((value, index) => ({ at: startedAtMs * 8 + index, value }));
        });
        expect(laid).toEqual(model.played);
      }),
    );
  });
});

/** The queue without cleverness: one byte leaves it every eighth of a millisecond. */
class ByteByByte {
  tick = 0;
  readonly queue: (number | string)[] = [];
  readonly played: { at: number; value: number }[] = [];
  private due: string[] = [];

  step(): void {
    this.release();
    const byte = this.queue.shift();
    if (typeof byte === 'number') this.played.push({ at: this.tick, value: byte });
    this.tick++;
    this.release();
  }

  takeDue(): string[] {
    this.release();
    return this.due.splice(0);
  }

  clear(): string[] {
    this.release();
    return [...this.due.splice(0), ...this.queue.splice(0).filter((item) => typeof item === 'string')];
  }

  private release(): void {
    while (typeof this.queue[0] === 'string') this.due.push(String(this.queue.shift()));
  }
}
