import { FakeClock } from '../../common/fake-clock.js';
import { Monologue } from './monologue.js';

function setUp(maxMs?: number) {
  const clock = new FakeClock();
  const strikes: number[] = [];
  const monologue = new Monologue(clock, maxMs, { tooLong: (strike) => strikes.push(strike) });
  return { clock, strikes, monologue };
}

describe('Monologue', () => {
  it('strikes once when the assistant speaks for too long without a pause, over however many items', () => {
    const { clock, strikes, monologue } = setUp(180_000);
    for (let item = 0; item < 18; item++) {
      monologue.assistantSpeaks();
      clock.advance(9_999);
    }
    expect(strikes).toEqual([]);
    clock.advance(18);
    expect(strikes).toEqual([1]);
    clock.advance(600_000);
    expect(strikes).toEqual([1]);
  });

  it('counts anew after a pause', () => {
    const { clock, strikes, monologue } = setUp(180_000);
    monologue.assistantSpeaks();
    clock.advance(179_000);
    monologue.assistantPauses();
    clock.advance(5_000);
    monologue.assistantSpeaks();
    clock.advance(179_999);
    expect(strikes).toEqual([]);
    clock.advance(1);
    expect(strikes).toEqual([1]);
  });

  it('strikes a second time, and the last, when it happens again and the caller said nothing', () => {
    const { clock, strikes, monologue } = setUp(180_000);
    for (let time = 0; time < 3; time++) {
      monologue.assistantSpeaks();
      clock.advance(180_000);
      monologue.assistantPauses();
    }
    expect(strikes).toEqual([1, 2]);
  });

  it('counts after a strike also when there was no pause: the assistant went straight on', () => {
    const { clock, strikes, monologue } = setUp(180_000);
    monologue.assistantSpeaks();
    clock.advance(180_000);
    monologue.assistantSpeaks();
    clock.advance(180_000);
    expect(strikes).toEqual([1, 2]);
  });

  it('forgives the first strike once the caller has spoken', () => {
    const { clock, strikes, monologue } = setUp(180_000);
    for (let time = 0; time < 3; time++) {
      monologue.assistantSpeaks();
      clock.advance(180_000);
      monologue.callerSpoke();
    }
    expect(strikes).toEqual([1, 1, 1]);
  });

  it('does nothing without a limit, and nothing after the call', () => {
    const unlimited = setUp();
    unlimited.monologue.assistantSpeaks();
    unlimited.clock.advance(10_000_000);
    expect(unlimited.strikes).toEqual([]);

    const { clock, strikes, monologue } = setUp(180_000);
    monologue.assistantSpeaks();
    monologue.stop();
    monologue.assistantSpeaks();
    clock.advance(600_000);
    expect(strikes).toEqual([]);
  });
});
