import { FakeClock } from '../common/fake-clock.js';
import { CallGuard } from './call-guard.js';

function setUp() {
  const clock = new FakeClock();
  const failures: string[] = [];
  const guard = new CallGuard(clock, (error, where) => failures.push(`${where}: ${String(error)}`));
  return { clock, failures, guard };
}

function fail(): never {
  throw new Error('a mistake');
}

describe('CallGuard', () => {
  it('reports what a timer throws, at its time', () => {
    const { clock, failures, guard } = setUp();
    guard.clock.after(1_000, fail);
    guard.clock.after(1_000, fail).cancel();
    clock.advance(999);
    expect(failures).toEqual([]);
    clock.advance(1);
    expect(failures).toEqual(['timer: Error: a mistake']);
    expect(guard.clock.nowMs()).toBe(1_000);
  });

  it('reports what a listener throws', () => {
    const { failures, guard } = setUp();
    guard.listener({ told: fail }).told();
    expect(failures).toEqual(['told: Error: a mistake']);
  });

  it('reports a promise that rejects', async () => {
    const { failures, guard } = setUp();
    guard.unattended(Promise.reject(new Error('a mistake')));
    guard.unattended(Promise.resolve());
    await new Promise(setImmediate);
    expect(failures).toEqual(['promise: Error: a mistake']);
  });
});
