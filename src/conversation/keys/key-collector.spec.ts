import { FakeClock } from '../../common/fake-clock.js';
import { KeyCollector } from './key-collector.js';

function setUp({ terminator }: { terminator: string | undefined } = { terminator: '#' }) {
  const clock = new FakeClock();
  const entries: [keys: string, ended: string][] = [];
  const collector = new KeyCollector(clock, { terminator, pauseMs: 2_000 }, (keys, ended) =>
    entries.push([keys, ended]),
  );
  const press = (digits: string) => [...digits].forEach((digit) => collector.press({ digit, occurredAtMs: undefined }));
  return { clock, collector, entries, press };
}

describe('KeyCollector', () => {
  it('takes keys together until the terminator, which is not one of them', () => {
    const { clock, collector, entries, press } = setUp();
    press('1122');
    expect(entries).toEqual([]);
    expect(collector.pending).toBe(true);
    press('#');
    expect(entries).toEqual([['1122', 'terminator']]);
    expect(collector.pending).toBe(false);
    clock.advance(10_000);
    expect(entries).toHaveLength(1);
  });

  it('ends an entry when no key follows for the length of the pause', () => {
    const { clock, entries, press } = setUp();
    press('1');
    clock.advance(1_999);
    press('2');
    clock.advance(1_999);
    expect(entries).toEqual([]);
    clock.advance(1);
    expect(entries).toEqual([['12', 'pause']]);
    press('3');
    clock.advance(2_000);
    expect(entries[1]).toEqual(['3', 'pause']);
  });

  it('tells of a terminator that stands alone: the caller pressed something', () => {
    const { entries, press } = setUp({ terminator: '*' });
    press('*');
    expect(entries).toEqual([['*', 'terminator']]);
  });

  it('has # as a key like any other when there is no terminator', () => {
    const { clock, entries, press } = setUp({ terminator: undefined });
    press('1#2');
    clock.advance(2_000);
    expect(entries).toEqual([['1#2', 'pause']]);
  });

  it('puts keys that overtook each other back in the order of pressing', () => {
    const { collector, entries, press } = setUp();
    collector.press({ digit: '1', occurredAtMs: 100 });
    collector.press({ digit: '3', occurredAtMs: 300 });
    collector.press({ digit: '2', occurredAtMs: 200 });
    press('#');
    expect(entries).toEqual([['123', 'terminator']]);
  });

  it('ends an entry at 64 keys, and the next key begins another', () => {
    const { clock, collector, entries, press } = setUp();
    press('7'.repeat(65));
    expect(entries).toEqual([['7'.repeat(64), 'full']]);
    expect(collector.pending).toBe(true);
    clock.advance(2_000);
    expect(entries[1]).toEqual(['7', 'pause']);
  });

  it('hands over what is there when asked, once', () => {
    const { clock, collector, entries, press } = setUp();
    collector.flush();
    expect(entries).toEqual([]);
    press('42');
    collector.flush();
    collector.flush();
    clock.advance(10_000);
    expect(entries).toEqual([['42', 'pause']]);
  });

  it('delivers nothing after the call', () => {
    const { clock, collector, entries, press } = setUp();
    press('1');
    collector.stop();
    press('2#');
    collector.flush();
    clock.advance(10_000);
    expect(entries).toEqual([]);
  });
});
