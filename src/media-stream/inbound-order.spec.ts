import fc from 'fast-check';
import { InboundOrder } from './inbound-order.js';
import { type MediaFrame } from './telnyx-frames.js';

const FRAME_BYTES = 160;

/** Records what came out: chunk numbers for audio, `-n` for n bytes of silence, and where each piece began. */
class Recorder {
  readonly out: number[] = [];
  readonly startOf = new Map<number, number>();
  bytes = 0;

  audio = (payload: Buffer, bytes: number): void => {
    const chunk = payload.readInt32BE();
    this.out.push(chunk);
    this.startOf.set(chunk, this.bytes);
    this.bytes += bytes;
  };

  silence = (bytes: number): void => {
    this.out.push(-bytes);
    this.bytes += bytes;
  };
}

function frame(chunk: number, bytes = FRAME_BYTES, shown = chunk): MediaFrame {
  const payload = Buffer.alloc(4);
  payload.writeInt32BE(shown);
  return { inbound: true, chunk, payload, bytes };
}

function run(chunks: number[]): { order: InboundOrder; recorder: Recorder } {
  const recorder = new Recorder();
  const order = new InboundOrder(recorder);
  for (const chunk of chunks) order.push(frame(chunk));
  return { order, recorder };
}

describe('InboundOrder', () => {
  it('lets frames in order straight through, wherever the count begins and whatever their size', () => {
    const { recorder, order } = run([7, 8, 9]);
    order.push(frame(10, 792));
    order.push(frame(11, 1));
    expect(recorder.out).toEqual([7, 8, 9, 10, 11]);
    expect(recorder.bytes).toBe(3 * 160 + 792 + 1);
    expect(order.counts).toEqual({ frames: 5, reordered: 0, late: 0, gaps: 0, paddedBytes: 0 });
  });

  it('puts swapped frames right and counts each once', () => {
    const { recorder, order } = run([1, 3, 2, 4, 7, 6, 5, 8]);
    expect(recorder.out).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(order.counts).toEqual({ frames: 8, reordered: 3, late: 0, gaps: 0, paddedBytes: 0 });
  });

  it('holds audio back for no more than three frames when one is missing, and puts silence in its place', () => {
    const { recorder, order } = run([1, 3, 4]);
    expect(recorder.out).toEqual([1]);
    order.push(frame(5));
    expect(recorder.out).toEqual([1, -160, 3, 4, 5]);
    order.push(frame(6));
    expect(recorder.out.at(-1)).toBe(6);
    expect(order.counts).toMatchObject({ reordered: 0, late: 0, gaps: 1, paddedBytes: 160 });
  });

  it('drops a frame whose place has been given up, so that nothing is heard twice or too late', () => {
    const { recorder, order } = run([1, 3, 4, 5, 2, 5, 6]);
    expect(recorder.out).toEqual([1, -160, 3, 4, 5, 6]);
    expect(order.counts.late).toBe(2);
  });

  it('drops a frame that comes twice while it is held', () => {
    const { recorder, order } = run([1, 3, 3, 3, 3, 2]);
    expect(recorder.out).toEqual([1, 2, 3]);
    expect(order.counts).toMatchObject({ late: 3, paddedBytes: 0 });
  });

  it('measures a gap by the frames around it when they are not 20 ms long', () => {
    const recorder = new Recorder();
    const order = new InboundOrder(recorder);
    for (const chunk of [1, 4, 5, 6]) order.push(frame(chunk, 792));
    expect(recorder.out).toEqual([1, -2 * 792, 4, 5, 6]);
  });

  it('plays frames without a number as they come, and does not lose count by them', () => {
    const recorder = new Recorder();
    const order = new InboundOrder(recorder);
    order.push(frame(1));
    order.push(frame(-1, 160, 1000));
    order.push(frame(2));
    expect(recorder.out).toEqual([1, 1000, 2]);
    expect(order.counts).toMatchObject({ reordered: 0, late: 0, gaps: 0, paddedBytes: 0 });
  });

  it('goes on with a sender that begins to count anew, and first gives out what it held', () => {
    const { recorder } = run([500, 502, 1, 2, 3]);
    expect(recorder.out).toEqual([500, -160, 502, 1, 2, 3]);
  });

  it('puts in at most ten seconds for one gap, however far the count jumps', () => {
    const { recorder, order } = run([1, 2_000_000_000, 2_000_000_001, 2_000_000_002]);
    expect(recorder.out).toEqual([1, -80_000, 2_000_000_000, 2_000_000_001, 2_000_000_002]);
    expect(order.counts.paddedBytes).toBe(80_000);
  });

  it('is not stopped by one frame with an absurd number', () => {
    const { recorder } = run([1, 999_999_999, 2, 3, 4, 5, 6]);
    expect(recorder.out).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('gives out what it holds when the audio stops, before silence by the clock', () => {
    const { recorder, order } = run([1, 3]);
    order.padByClock(800);
    expect(recorder.out).toEqual([1, -160, 3, -800]);
  });

  it('does not pad a gap again that was padded by the clock', () => {
    const { recorder, order } = run([1]);
    order.padByClock(2 * FRAME_BYTES);
    for (const chunk of [5, 6, 7]) order.push(frame(chunk));
    expect(recorder.out).toEqual([1, -320, -160, 5, 6, 7]);
    for (const chunk of [9, 10, 11]) order.push(frame(chunk));
    expect(recorder.out.slice(6)).toEqual([-160, 9, 10, 11]);
  });

  it('brings frames back into order exactly, if none is overtaken by more than two', () => {
    const schedule = fc.tuple(fc.nat(1_000_000), fc.array(fc.nat(2), { maxLength: 60 })).map(([first, picks]) => {
      // At each step one of the three oldest frames arrives; the oldest when it was passed over twice already.
      const waiting = picks.map((_, index) => ({ chunk: first + 1 + index, passedOver: 0 }));
      const arrivals = [first];
      for (const pick of picks) {
        const at = (waiting[0]?.passedOver ?? 0) >= 2 ? 0 : Math.min(pick, waiting.length - 1);
        for (const other of waiting.slice(0, at)) other.passedOver++;
        arrivals.push(...waiting.splice(at, 1).map(({ chunk }) => chunk));
      }
      return arrivals;
    });
    fc.assert(
      fc.property(schedule, (arrivals) => {
        const { recorder, order } = run(arrivals);
        expect(recorder.out).toEqual([...arrivals].sort((a, b) => a - b));
        expect(order.counts).toMatchObject({ frames: arrivals.length, late: 0, gaps: 0, paddedBytes: 0 });
        let highest = -1;
        const overtaken = arrivals.filter((chunk) => chunk < (highest = Math.max(highest, chunk)));
        expect(order.counts.reordered).toBe(overtaken.length);
      }),
    );
  });

  it("keeps the model's clock: whatever is lost, late, double or swapped, each frame comes out at its own time", () => {
    const arrival = fc.record({
      fate: fc.constantFrom('comes', 'comes', 'comes', 'lost', 'twice'),
      delay: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat(6)),
      again: fc.nat(40),
    });
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.array(arrival, { maxLength: 120 }), (first, fates) => {
        const arrivals = fates
          .flatMap(({ fate, delay, again }, index) => {
            const chunk = first + 1 + index;
            const once = { chunk, at: chunk + delay + 0.1 * delay };
            return fate === 'lost' ? [] : fate === 'twice' ? [once, { chunk, at: once.at + again }] : [once];
          })
          .sort((a, b) => a.at - b.at)
          .map(({ chunk }) => chunk);
        const { recorder, order } = run([first, ...arrivals]);
        order.padByClock(0);

        const last = Math.max(first, ...arrivals);
        expect(recorder.bytes).toBe((last - first + 1) * FRAME_BYTES);
        for (const [chunk, start] of recorder.startOf) expect(start).toBe((chunk - first) * FRAME_BYTES);
        expect(recorder.startOf.size + order.counts.late).toBe(order.counts.frames);
        expect(recorder.startOf.size * FRAME_BYTES + order.counts.paddedBytes).toBe(recorder.bytes);
      }),
      { numRuns: 1_000 },
    );
  });

  it("keeps the model's clock when silence by the clock stood in for a part of what was lost", () => {
    const stretch = fc.record({
      comes: fc.integer({ min: 3, max: 6 }),
      lost: fc.integer({ min: 1, max: 30 }),
      padded: fc.nat(30),
    });
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 10 }), (stretches) => {
        const { recorder, order } = run([0]);
        let next = 1;
        for (const { comes, lost, padded } of stretches) {
          if (padded > 0) order.padByClock(Math.min(padded, lost) * FRAME_BYTES);
          next += lost;
          for (let i = 0; i < comes; i++) order.push(frame(next++));
          expect(recorder.bytes).toBe(next * FRAME_BYTES);
        }
      }),
    );
  });
});
