import { FakeClock } from './fake-clock.js';
import { within } from './within.js';

describe('within', () => {
  const clock = new FakeClock();
  const never = new Promise<never>(() => undefined);

  it('gives what the promise gives in time, and is not late afterwards', async () => {
    let late = 0;
    await expect(within(clock, 100, Promise.resolve('in time'), () => late++)).resolves.toBe('in time');
    await expect(within(clock, 100, Promise.reject(new Error('no')), () => late++)).rejects.toThrow('no');
    clock.advance(1_000);
    await Promise.resolve();
    expect(late).toBe(0);
  });

  it('gives something else when time is up, or fails', async () => {
    const given = within(clock, 100, never, () => 'too late');
    const failed = within(clock, 100, never, () => {
      throw new Error('too late');
    });
    clock.advance(100);
    await expect(given).resolves.toBe('too late');
    await expect(failed).rejects.toThrow('too late');
  });

  it('bears a promise that rejects after its time', async () => {
    let reject: (error: Error) => void = () => undefined;
    const given = within(clock, 100, new Promise<never>((_, no) => (reject = no)), () => 'too late');
    clock.advance(100);
    await expect(given).resolves.toBe('too late');
    reject(new Error('nobody hears this'));
  });
});
