import { FakeClock } from '../../common/fake-clock.js';
import { SeenNonces } from './seen-nonces.js';

describe('SeenNonces', () => {
  it('knows a nonce for as long as it has to, whenever it came', () => {
    for (const cameMs of [0, 1, 500, 999, 1_000, 1_999, 2_500]) {
      for (const againMs of [0, 1, 500, 999]) {
        const clock = new FakeClock();
        const nonces = new SeenNonces(clock, 1_000);
        nonces.add('first');
        clock.advance(cameMs);
        expect(nonces.add('second')).toBe(true);
        clock.advance(againMs);
        expect(nonces.add('third')).toBe(true);
        expect(nonces.add('second')).toBe(false);
      }
    }
  });

  it('forgets it in the end, so that memory is bounded by time', () => {
    const clock = new FakeClock();
    const nonces = new SeenNonces(clock, 1_000);
    nonces.add('old');
    clock.advance(2_000);
    expect(nonces.add('old')).toBe(true);
  });

  it('drops the oldest ones early rather than growing for ever', () => {
    const nonces = new SeenNonces(new FakeClock(), 1_000);
    for (let n = 0; n < 200_001; n++) nonces.add(`${n}`);
    expect(nonces.add('200000')).toBe(false);
    expect(nonces.add('100001')).toBe(false);
    expect(nonces.add('0')).toBe(true);
  });
});
