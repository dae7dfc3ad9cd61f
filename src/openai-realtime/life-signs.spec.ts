import { FakeClock } from '../common/fake-clock.js';
import { LifeSigns } from './life-signs.js';

function setUp() {
  const clock = new FakeClock();
  const told: string[] = [];
  const life = new LifeSigns(
    clock,
    () => told.push('ask'),
    () => told.push('silent'),
  );
  return { clock, told, life };
}

describe('LifeSigns', () => {
  it('asks after forty seconds of silence and gives up after sixty, once', () => {
    const { clock, told } = setUp();
    clock.advance(20_000);
    clock.advance(39_999);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual(['ask']);
    clock.advance(20_000);
    expect(told).toEqual(['ask', 'silent']);
    clock.advance(600_000);
    expect(told).toEqual(['ask', 'silent']);
  });

  it('begins anew with every sign', () => {
    const { clock, told, life } = setUp();
    for (let i = 0; i < 20; i++) {
      clock.advance(39_000);
      life.heard = true;
    }
    expect(told).toEqual([]);
  });

  it('is content with an answer to what it asked', () => {
    const { clock, told, life } = setUp();
    clock.advance(60_000);
    expect(told).toEqual(['ask']);
    life.heard = true;
    clock.advance(59_999);
    expect(told).toEqual(['ask']);
  });

  it('says nothing after it was stopped', () => {
    const { clock, told, life } = setUp();
    life.stop();
    clock.advance(600_000);
    expect(told).toEqual([]);
  });
});
