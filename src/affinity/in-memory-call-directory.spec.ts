import { type CallRecord } from './call-directory.js';
import { InMemoryCallDirectory } from './in-memory-call-directory.js';

const RECORD: CallRecord = {
  callControlId: 'v3:a',
  callSessionId: undefined,
  answeredAtMs: 1,
  streamBaseUrl: 'wss://gw.example.com',
};

describe('InMemoryCallDirectory', () => {
  it('sees every event for the first time once, deliveries at the same moment too', async () => {
    const directory = new InMemoryCallDirectory();
    const sights = await Promise.all(['a', 'b', 'a', 'a', 'b'].map((id) => directory.firstSight(id)));
    expect(sights).toEqual([true, true, false, false, false]);
  });

  it('finds a call until it is removed, and the record that was put last', async () => {
    const directory = new InMemoryCallDirectory();
    await directory.put(RECORD);
    await directory.put({ ...RECORD, answeredAtMs: 2 });
    await expect(directory.find('v3:a')).resolves.toMatchObject({ answeredAtMs: 2 });
    await directory.remove('v3:a');
    await directory.remove('v3:a');
    await expect(directory.find('v3:a')).resolves.toBeUndefined();
  });

  it('forgets the oldest events rather than fill the memory', async () => {
    const directory = new InMemoryCallDirectory();
    for (let event = 0; event <= 100_000; event++) await directory.firstSight(`event-${event}`);
    await expect(directory.firstSight('event-100000')).resolves.toBe(false);
    await expect(directory.firstSight('event-1')).resolves.toBe(false);
    await expect(directory.firstSight('event-0')).resolves.toBe(true);
  });
});
