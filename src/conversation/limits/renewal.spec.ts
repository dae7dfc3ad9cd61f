import { FakeClock } from '../../common/fake-clock.js';
import { Renewal } from './renewal.js';

function setUp() {
  const clock = new FakeClock();
  clock.advance(1_000_000);
  let dues = 0;
  const renewal = new Renewal(clock, () => dues++);
  return { clock, renewal, dues: () => dues };
}

describe('Renewal', () => {
  it('is due once, at the moment given on the clock', () => {
    const { clock, renewal, dues } = setUp();
    renewal.watch(4_000_000);
    clock.advance(2_999_999);
    expect(dues()).toBe(0);
    clock.advance(1);
    expect(dues()).toBe(1);
    clock.advance(10_000_000);
    expect(dues()).toBe(1);
  });

  it('forgets the session before when another has taken over', () => {
    const { clock, renewal, dues } = setUp();
    renewal.watch(2_000_000);
    clock.advance(500_000);
    renewal.watch(6_000_000);
    clock.advance(4_499_999);
    expect(dues()).toBe(0);
    clock.advance(1);
    expect(dues()).toBe(1);
    renewal.watch(7_000_000);
    clock.advance(1_000_000);
    expect(dues()).toBe(2);
  });

  it('is due soon, but not in the middle of being told, for a session that is too old already', () => {
    const { clock, renewal, dues } = setUp();
    renewal.watch(5);
    expect(dues()).toBe(0);
    clock.advance(0);
    expect(dues()).toBe(1);
  });

  it.each([Infinity, 2 ** 32])('is never due for a session to be replaced at %d, longer than any call', (renewAtMs) => {
    const { clock, renewal, dues } = setUp();
    renewal.watch(3_000_000);
    renewal.watch(renewAtMs);
    clock.advance(2 ** 33);
    expect(dues()).toBe(0);
  });

  it('is not due after the call', () => {
    const { clock, renewal, dues } = setUp();
    renewal.watch(2_000_000);
    renewal.stop();
    renewal.watch(2_000_000);
    clock.advance(10_000_000);
    expect(dues()).toBe(0);
  });
});
