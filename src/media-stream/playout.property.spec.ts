import fc from 'fast-check';
import { PlayoutClock } from '../../simulator/telnyx/playout-clock.js';
import { FakeClock } from '../common/fake-clock.js';
import { type HeardItem, Playout, type PlayoutOutput } from './playout.js';

const RUNS = 200;
const FRAME_BYTES = 160;
const BYTES_PER_MS = 8;

/**
 * Audio that says of itself what it is. Four bytes carry 2 bits of place each, and together 18 bits of position (in
 * fours) and 6 bits of item (63 items); so seven bytes in a row, cut anywhere, name themselves. 0xff is left for silence.
 */
function audioByte(item: number, position: number): number {
  const place = position % 4;
  const fours = (position - place) / 4;
  const six = place === 3 ? item : (fours >> (6 * place)) & 63;
  return (place << 6) | six;
}

interface Place {
  item: number;
  position: number;
}

function audioOf(item: number, from: number, bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, (_, index) => audioByte(item, from + index)));
}

/** Which item and position the byte at `at` of a tape is; undefined for silence and for shreds. */
function decode(tape: Buffer, at: number): Place | undefined {
  for (let group = at - 3; group <= at; group++) {
    const [a = 0, b = 0, c = 0, d = 0] = group < 0 ? [] : tape.subarray(group, group + 4);
    if (a >> 6 !== 0 || b >> 6 !== 1 || c >> 6 !== 2 || d >> 6 !== 3 || group + 4 > tape.length || d === 0xff) continue;
    const fours = (a & 63) | ((b & 63) << 6) | ((c & 63) << 12);
    return { item: d & 63, position: fours * 4 + at - group };
  }
  return undefined;
}

/** The items and positions on a tape, in order. */
function places(tape: Buffer): Place[] {
  const found: Place[] = [];
  for (let at = 0; at < tape.length; at++) {
    const last = found.at(-1);
    // The last bytes of an item are no whole group: they are known by going on where the one before was.
    const goesOn = last && tape[at] === audioByte(last.item, last.position + 1);
    const place = decode(tape, at) ?? (goesOn ? { item: last.item, position: last.position + 1 } : undefined);
    if (place) found.push(place);
  }
  return found;
}

/** A media stream socket with a caller's ear behind it, and a network that takes `latencyMs` each way. */
class Ear implements PlayoutOutput {
  readonly queue = new PlayoutClock({ rate: BYTES_PER_MS });
  readonly bufferedBytes = 0;
  cork(): void {}
  uncork(): void {}
  private connected = true;
  private markTimer: { cancel(): void } | undefined;

  constructor(
    private readonly clock: FakeClock,
    private readonly latencyMs: number,
    private readonly markReturned: (name: string) => unknown,
  ) {}

  media(audio: Buffer): void {
    expect(audio.length % FRAME_BYTES).toBe(0);
    this.travel(() => this.queue.media(this.clock.nowMs(), audio));
  }

  mark(name: string): void {
    this.travel(() => this.queue.mark(this.clock.nowMs(), name));
  }

  clear(): void {
    this.travel(() => this.sendBack(this.queue.clear(this.clock.nowMs())));
  }

  /** The socket breaks: what is under way is gone, and what is queued is not heard any more. */
  lose(): void {
    this.connected = false;
    this.queue.clear(this.clock.nowMs());
    this.markTimer?.cancel();
  }

  tape(): Buffer {
    this.queue.settle(this.clock.nowMs());
    return Buffer.concat(this.queue.playedSegments.map((segment) => segment.bytes));
  }

  private travel(arrive: () => void): void {
    const action = (): void => {
      if (!this.connected) return;
      arrive();
      this.watchMarks();
    };
    if (this.latencyMs === 0) action();
    else this.clock.after(this.latencyMs, action);
  }

  private watchMarks(): void {
    this.markTimer?.cancel();
    const dueAtMs = this.queue.nextEventAtMs();
    if (dueAtMs === undefined) return;
    this.markTimer = this.clock.after(dueAtMs - this.clock.nowMs(), () => {
      this.sendBack(this.queue.advance(this.clock.nowMs()));
      this.watchMarks();
    });
  }

  private sendBack(marks: string[]): void {
    for (const name of marks) this.clock.after(this.latencyMs, () => this.connected && this.markReturned(name));
  }
}

interface Item {
  id: string;
  number: number;
  receivedBytes: number;
  ended: boolean;
  /** Items play in the order in which they first have audio. */
  turn: number;
  /** How it ended for the one who plays it. */
  fate: 'open' | 'heard' | 'cut';
}

interface Conditions {
  leadMs: number;
  chunkMs: number;
  /** Of the network, each way. */
  latencyMs: number;
  /** Whether Telnyx sends marks back; if not, the clock alone must do. */
  returnsMarks: boolean;
}

/** Plays a schedule and checks, all along, what Playout says against what the ears have heard. */
class Call {
  readonly clock = new FakeClock();
  readonly playout: Playout;
  readonly items: Item[] = [];
  private readonly ears: Ear[] = [];
  private turns = 0;
  private mostSilentEars = 0;

  constructor(private readonly conditions: Conditions) {
    this.playout = new Playout(this.clock, conditions, {
      itemStarted: () => undefined,
      itemHeard: (id, heardMs) => this.itemHeard(id, heardMs),
      stalled: () => undefined,
      overflow: () => {
        throw new Error('no schedule is that long');
      },
    });
    this.connect();
  }

  take(step: Step): void {
    switch (step.op) {
      case 'wait':
        return this.clock.advance(step.forMs);
      case 'delta':
        return this.delta(step.back, step.bytes);
      case 'end':
        return this.end(step.back);
      case 'begin':
        return this.begin();
      case 'peek':
        return void this.peek();
      case 'interrupt':
        return this.interrupt();
      case 'replace':
        return this.replace();
      case 'lose':
        this.lose();
        this.clock.advance(step.forMs);
        this.peek();
        return this.connect();
    }
  }

  connect(): void {
    const { latencyMs, returnsMarks } = this.conditions;
    const ear = new Ear(this.clock, latencyMs, (name) => returnsMarks && this.playout.markReturned(name));
    this.ears.push(ear);
    this.playout.attach(ear);
  }

  lose(): void {
    this.ears.at(-1)?.lose();
    this.playout.detach();
  }

  /** A newer stream takes the place of the one in use. */
  replace(): void {
    this.ears.at(-1)?.lose();
    this.connect();
  }

  begin(): void {
    this.items.push({
      id: `item${this.items.length}`,
      number: this.items.length,
      receivedBytes: 0,
      ended: false,
      turn: 0,
      fate: 'open',
    });
  }

  /** @param back 0 for the newest item, 1 for the one before. */
  delta(back: number, bytes: number): void {
    if (!this.open(0)) this.begin();
    const item = this.open(back);
    if (!item) return;
    if (item.receivedBytes === 0) item.turn = this.turns++;
    this.playout.play(item.id, audioOf(item.number, item.receivedBytes, bytes));
    item.receivedBytes += bytes;
  }

  end(back: number): void {
    const item = this.open(back);
    if (!item || item.receivedBytes === 0) return;
    item.ended = true;
    this.playout.endItem(item.id);
  }

  peek(): HeardItem[] {
    return this.check(this.playout.heardItems());
  }

  interrupt(): void {
    const cut = this.peek();
    expect(this.playout.interrupt()).toEqual(cut);
    expect(this.playout.idle).toBe(true);
    for (const item of this.items) if (item.fate === 'open') item.fate = 'cut';
  }

  /** Everything is said and time goes on: all that was not cut must be heard to its end. */
  finish(): void {
    for (const item of this.items) {
      if (item.fate !== 'open' || item.ended) continue;
      item.ended = true;
      this.playout.endItem(item.id);
    }
    this.clock.advance(120_000);
    expect(this.playout.idle).toBe(true);
    for (const item of this.items)
      if (item.receivedBytes > 0 && item.fate !== 'cut') {
        expect(item.fate).toBe('heard');
        const missedBytes = item.receivedBytes - (this.heardBytes().get(item.number) ?? 0);
        expect(missedBytes).toBeLessThanOrEqual(
          FRAME_BYTES + (1 + this.mostSilentEars) * this.conditions.latencyMs * BYTES_PER_MS,
        );
      }
  }

  /** Items and positions in the order in which the caller heard them, over all sockets. */
  heard(): Place[] {
    return this.ears.flatMap((ear) => places(ear.tape()));
  }

  /** The items that were given audio, in the order in which they were given it first. */
  inTurn(): Item[] {
    return this.items.filter((item) => item.receivedBytes > 0).sort((a, b) => a.turn - b.turn);
  }

  private open(back: number): Item | undefined {
    const open = this.items.filter((item) => item.fate === 'open');
    const item = open[open.length - 1 - back];
    return item?.ended ? undefined : item;
  }

  /**
   * One frame, and what is under way. Audio that was under way when its socket broke counts as heard too until a mark
   * tells otherwise; that adds up over sockets that broke before anything was heard on them.
   */
  private toleranceBytes(): number {
    const lastThatPlayed = this.ears.findLastIndex((ear) => ear.tape().length > 0);
    const silentEars = this.ears.length - 1 - Math.max(0, lastThatPlayed);
    this.mostSilentEars = Math.max(this.mostSilentEars, silentEars);
    return FRAME_BYTES + (1 + silentEars) * this.conditions.latencyMs * BYTES_PER_MS;
  }

  /** How far into each item the caller has heard by now. */
  private heardBytes(): Map<number, number> {
    const furthest = new Map<number, number>();
    for (const { item, position } of this.heard()) furthest.set(item, Math.max(furthest.get(item) ?? 0, position + 1));
    return furthest;
  }

  private check(said: HeardItem[]): HeardItem[] {
    const waiting = this.items.filter((item) => item.fate === 'open' && item.receivedBytes > 0);
    const heard = this.heardBytes();
    expect(said.map((item) => item.itemId).sort()).toEqual(waiting.map((item) => item.id).sort());
    for (const { itemId, heardMs, receivedMs, complete } of said) {
      const item = this.find(itemId);
      const differenceBytes = heardMs * BYTES_PER_MS - (heard.get(item.number) ?? 0);
      expect(Math.abs(differenceBytes)).toBeLessThanOrEqual(this.toleranceBytes());
      expect(receivedMs).toBe(item.receivedBytes / BYTES_PER_MS);
      expect(complete).toBe(item.ended && heardMs === receivedMs);
    }
    return said;
  }

  private itemHeard(id: string, heardMs: number): void {
    const item = this.find(id);
    expect(item).toMatchObject({ fate: 'open', ended: true, receivedBytes: heardMs * BYTES_PER_MS });
    item.fate = 'heard';
    const heardBytes = this.heardBytes().get(item.number) ?? 0;
    expect(heardBytes).toBeGreaterThanOrEqual(item.receivedBytes - this.toleranceBytes());
  }

  private find(id: string): Item {
    const item = this.items.find((other) => other.id === id);
    if (!item) throw new Error(`nobody plays ${id}`);
    return item;
  }
}

type Step =
  | { op: 'wait' | 'lose'; forMs: number }
  | { op: 'delta'; back: number; bytes: number }
  | { op: 'end'; back: number }
  | { op: 'begin' | 'peek' | 'interrupt' | 'replace' };

const forMs = fc.oneof(
  fc.nat(60),
  fc.nat(5_000).map((eighths) => eighths / BYTES_PER_MS),
);
const back = fc.constantFrom(0, 0, 0, 1);
const bytes = fc.oneof(fc.integer({ min: 8, max: 400 }), fc.integer({ min: 400, max: 9_000 }));
const usual: fc.WeightedArbitrary<Step>[] = [
  { weight: 6, arbitrary: fc.record({ op: fc.constant('wait' as const), forMs }) },
  { weight: 6, arbitrary: fc.record({ op: fc.constant('delta' as const), back, bytes }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('end' as const), back }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constantFrom('begin' as const, 'begin', 'peek', 'peek', 'interrupt') }) },
];
const losses: fc.WeightedArbitrary<Step>[] = [
  { weight: 1, arbitrary: fc.record({ op: fc.constant('lose' as const), forMs }) },
  { weight: 1, arbitrary: fc.constant({ op: 'replace' as const }) },
];
const schedule = fc.array(fc.oneof(...usual), { maxLength: 60 });
const scheduleWithLosses = fc.array(fc.oneof(...usual, ...losses), { maxLength: 60 });
const playing = fc
  .tuple(fc.constantFrom(60, 100, 200, 400), fc.constantFrom(20, 40, 60, 100), fc.constantFrom(true, true, false))
  .map(([leadMs, chunkMs, returnsMarks]) => ({ leadMs, chunkMs: Math.min(leadMs, chunkMs), returnsMarks }));
const latencyMs = fc.constantFrom(1, 20, 35, 80, 150, 400);

function same(a: Place, b: Place | undefined): boolean {
  return a.item === b?.item && a.position === b.position;
}

function play(steps: Step[], conditions: Conditions): Call {
  const call = new Call(conditions);
  call.begin();
  for (const step of steps) call.take(step);
  call.finish();
  return call;
}

describe("what Playout says was heard, against what the caller's ear played", () => {
  it('agrees within one frame for any schedule of audio, marks and interruptions', () => {
    fc.assert(
      fc.property(schedule, playing, (steps, options) => {
        const call = play(steps, { ...options, latencyMs: 0 });
        // Every item is heard in its turn, from its first byte, none twice and none left out.
        const heard = call.heard();
        const whole = call.inTurn().flatMap(({ number }) => {
          const bytes = heard.filter(({ item }) => item === number).length;
          return Array.from({ length: bytes }, (_, position) => ({ item: number, position }));
        });
        expect(heard.findIndex((place, at) => !same(place, whole[at]))).toBe(-1);
      }),
      { numRuns: RUNS },
    );
  });

  it('agrees within one frame and the latency when the network takes its time each way', () => {
    fc.assert(
      fc.property(schedule, playing, latencyMs, (steps, options, latencyMs) => {
        play(steps, { ...options, latencyMs });
      }),
      { numRuns: RUNS },
    );
  });

  it('agrees within one frame across lost and replaced sockets', () => {
    fc.assert(
      fc.property(scheduleWithLosses, playing, (steps, options) => {
        const call = play(steps, { ...options, latencyMs: 0 });
        // Every item is heard on from where it broke off: none left out (up to six bytes around a cut are no whole
        // group and cannot be read), and no more than the byte in the ear twice.
        const next = new Map<number, number>();
        const jumps = call.heard().filter(({ item, position }) => {
          const jump = position - (next.get(item) ?? 0);
          next.set(item, position + 1);
          return jump < -1 || jump > 6;
        });
        expect(jumps).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('agrees within one frame and the latency across lost and replaced sockets on a slow network', () => {
    fc.assert(
      fc.property(scheduleWithLosses, playing, latencyMs, (steps, options, latencyMs) => {
        play(steps, { ...options, latencyMs });
      }),
      { numRuns: RUNS },
    );
  });
});
