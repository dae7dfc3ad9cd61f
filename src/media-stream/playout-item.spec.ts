import fc from 'fast-check';
import { PlayoutItem } from './playout-item.js';

/** Bytes that say where they are, none of them 0xff. */
const audio = (from: number, bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes }, (_, i) => (from + i) % 251));

describe('PlayoutItem', () => {
  it('gives out whole frames only, and keeps the rest until more comes', () => {
    const item = new PlayoutItem('a');
    item.receive(audio(0, 150));
    expect(item.hasFrame).toBe(false);
    expect(item.take(1600)).toBeUndefined();
    item.receive(audio(150, 200));
    expect(item.hasFrame).toBe(true);
    expect(item.take(1600)).toEqual({ frames: audio(0, 320), ownBytes: 320 });
    expect(item.pendingBytes).toBe(30);
    expect(item.hasFrame).toBe(false);
  });

  it('fills the last frame with silence, which is not the item’s own', () => {
    const item = new PlayoutItem('a');
    item.receive(audio(0, 170));
    item.ended = true;
    expect(item.take(1600)).toEqual({ frames: Buffer.concat([audio(0, 170), Buffer.alloc(150, 0xff)]), ownBytes: 170 });
    expect([item.hasFrame, item.pendingBytes, item.take(1600)]).toEqual([false, 0, undefined]);
  });

  it('counts what was heard from where it began in the account, without its silence', () => {
    const item = new PlayoutItem('a');
    item.receive(audio(0, 170));
    item.ended = true;
    item.take(320);
    expect(item.heardBytes(9_999)).toBe(0);
    expect(item.begin(1000, 170)).toBe(true);
    expect([item.heardBytes(900), item.heardBytes(1100), item.heardBytes(1320)]).toEqual([0, 100, 170]);
    expect(item.unheardBytes(1100)).toBe(70);
  });

  it('keeps what was heard over a change of account, and begins only once', () => {
    const item = new PlayoutItem('a');
    item.receive(audio(0, 480));
    item.begin(0, item.take(320)?.ownBytes ?? 0);
    item.settle(100);
    item.putBack(audio(100, 220));
    expect(item.heardBytes(50_000)).toBe(100);
    expect(item.take(1600)?.frames).toEqual(audio(100, 320));
    expect(item.begin(7_000, 320)).toBe(false);
    expect([item.heardBytes(7_000), item.heardBytes(7_100)]).toEqual([100, 200]);
    expect(item.unheardBytes(7_100)).toBe(280);
  });

  it('gives out what it was given, byte for byte, however it comes and is taken', () => {
    const step = fc.oneof(
      fc.record({ receive: fc.nat(700) }),
      fc.record({ takeFrames: fc.integer({ min: 1, max: 5 }), putBack: fc.nat(200) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const item = new PlayoutItem('a');
        const given: Buffer[] = [];
        for (const one of steps) {
          if ('receive' in one) {
            item.receive(audio(item.receivedBytes, one.receive));
            continue;
          }
          const taken = item.take(one.takeFrames * 160);
          if (!taken) continue;
          expect(taken.frames.length).toBe(taken.ownBytes);
          expect(taken.frames.length % 160).toBe(0);
          const kept = Math.max(0, taken.ownBytes - one.putBack);
          given.push(taken.frames.subarray(0, kept));
          if (kept < taken.ownBytes) item.putBack(taken.frames.subarray(kept));
        }
        item.ended = true;
        for (let taken = item.take(800); taken; taken = item.take(800)) {
          expect(taken.frames.length % 160).toBe(0);
          given.push(taken.frames.subarray(0, taken.ownBytes));
        }
        expect(Buffer.concat(given).equals(audio(0, item.receivedBytes))).toBe(true);
        expect(item.pendingBytes).toBe(0);
      }),
    );
  });
});
