import { FakeClock } from './fake-clock.js';

describe('FakeClock', () => {
  it('runs timers at their time and in order, those of one moment in the order they were set', () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    const note = (name: string) => () => void ran.push(`${name}@${clock.nowMs()}`);
    clock.after(20, note('b'));
    clock.after(10, note('a'));
    clock.after(20, note('c'));
    clock.advance(19);
    expect(ran).toEqual(['a@10']);
    clock.advance(1);
    expect(ran).toEqual(['a@10', 'b@20', 'c@20']);
  });

  it('runs timers that timers set, within the same advance', () => {
    const clock = new FakeClock();
    const ranAtMs: number[] = [];
    const again = (): void => {
      ranAtMs.push(clock.nowMs());
      if (ranAtMs.length < 4) clock.after(7, again);
    };
    clock.after(0, again);
    clock.advance(100);
    expect(ranAtMs).toEqual([0, 7, 14, 21]);
    expect(clock.nowMs()).toBe(100);
  });

  it('does not run what was called off, even by a timer of the same moment', () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    clock.after(5, () => second.cancel());
    const second = clock.after(5, () => ran.push('second'));
    clock.advance(10);
    expect(ran).toEqual([]);
  });
});
