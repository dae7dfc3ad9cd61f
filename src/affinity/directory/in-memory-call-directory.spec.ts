import { FakeClock } from '../../common/fake-clock.js';
import { itKeepsTheContract } from './call-directory.contract.js';
import { InMemoryCallDirectory } from './in-memory-call-directory.js';
import { callAnsweredBy, LEASE_MS, podNamed } from './testing/made-up.js';

describe('InMemoryCallDirectory', () => {
  const clock = new FakeClock();
  const directory = new InMemoryCallDirectory({ leaseMs: LEASE_MS, clock });
  const pass = async (ms: number): Promise<void> => clock.advance(ms);
  itKeepsTheContract(
    async () => ({ directory, pass, lapse: () => pass(LEASE_MS + 1) }),
    () => directory.close(),
  );

  it('is never away, and never shared', () => {
    expect(directory).toMatchObject({ available: true, shared: false });
  });

  it('forgets the oldest events rather than fill the memory', async () => {
    for (let event = 0; event <= 100_000; event++) await directory.firstSight(`event-${event}`);
    await expect(directory.firstSight('event-100000')).resolves.toBe(false);
    await expect(directory.firstSight('event-1')).resolves.toBe(false);
    await expect(directory.firstSight('event-0')).resolves.toBe(true);
  });

  it('forgets a call that nobody removed, long after its end, and a pod that is silent', async () => {
    const call = callAnsweredBy(podNamed('anna'));
    await directory.put(call);
    await directory.beat({ pod: call.answeredBy, activeCalls: 0, maxCalls: 1, draining: false });
    clock.advance(4 * 3_600_000);
    await expect(directory.find(call.callControlId)).resolves.toBeDefined();
    clock.advance(3_600_000);
    await expect(directory.find(call.callControlId)).resolves.toBeUndefined();
    const other = { pod: podNamed('bert'), activeCalls: 0, maxCalls: 1, draining: false };
    await expect(directory.beat(other)).resolves.toEqual([{ ...other, silentMs: 0 }]);
  });
});
