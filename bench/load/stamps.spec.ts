import fc from 'fast-check';
import { FRAME_BYTES, FrameLedger, readFrames, writeFrame } from './stamps.js';

function frames(sender: number, from: number, count: number): Buffer {
  const audio = Buffer.alloc(count * FRAME_BYTES);
  for (let i = 0; i < count; i++) writeFrame(audio, i * FRAME_BYTES, sender, from + i);
  return audio;
}

describe('stamped frames', () => {
  it('are found however a relay joins them', () => {
    fc.assert(
      fc.property(fc.nat(65_535), fc.nat(1e9), fc.integer({ min: 1, max: 40 }), (sender, from, count) => {
        const seen: number[][] = [];
        const foreignBytes = readFrames(frames(sender, from, count), (...stamp) => seen.push(stamp));
        expect(foreignBytes).toBe(0);
        expect(seen).toEqual(Array.from({ length: count }, (_, i) => [sender, from + i]));
      }),
    );
  });

  it('are found behind padding, which is counted', () => {
    const seen: number[] = [];
    const audio = Buffer.concat([Buffer.alloc(100, 0xff), frames(1, 7, 2), Buffer.alloc(60, 0xff), frames(1, 9, 1)]);
    expect(readFrames(audio, (_, counter) => seen.push(counter))).toBe(160);
    expect(seen).toEqual([7, 8, 9]);
  });

  it('are not found in silence, nor when the stamp itself is cut', () => {
    const none = (): never => {
      throw new Error('no frame is there');
    };
    expect(readFrames(Buffer.alloc(320, 0xff), none)).toBe(320);
    expect(readFrames(frames(1, 1, 1).subarray(0, 8), none)).toBe(8);
    expect(readFrames(Buffer.alloc(0), none)).toBe(0);
  });
});

describe('the ledger of a sender', () => {
  it('tells what arrived when, what is missing and what came twice', () => {
    const ledger = new FrameLedger();
    const counters = [ledger.send(100), ledger.send(120), ledger.send(140)];
    expect(counters).toEqual([0, 1, 2]);
    expect(ledger.arrive(1)).toBe(120);
    expect(ledger.arrive(0)).toBe(100);
    expect(ledger.arrive(1)).toBeUndefined();
    expect(ledger.arrive(99)).toBeUndefined();
    expect([ledger.sent, ledger.arrived, ledger.outstanding, ledger.duplicates]).toEqual([3, 2, 1, 2]);
  });
});
