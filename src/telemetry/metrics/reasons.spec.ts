import { commandFailure, isOverflow } from './reasons.js';
import { Tally } from './tally.js';

describe('commandFailure', () => {
  it.each([
    [422, true, 'call-over'],
    [401, false, 'auth'],
    [403, false, 'auth'],
    [429, false, 'rate-limit'],
    [422, false, 'refused'],
    [503, false, 'server'],
    [undefined, false, 'network'],
  ] as const)('%s, gone %s: %s', (status, gone, expected) => {
    expect(commandFailure(status, gone)).toBe(expected);
  });
});

describe('isOverflow', () => {
  it('is true for the trouble of a pod that another number does not have', () => {
    expect(['full', 'memory-low', 'caller-too-often', 'admit'].map((verdict) => isOverflow(verdict as 'full'))).toEqual(
      [...[true, true, false, false]],
    );
  });
});

describe('Tally', () => {
  it('has every key from the beginning, and counts', () => {
    const tally = new Tally(['a', 'b']);
    tally.add('b');
    tally.add('b', 2);
    expect(tally.entries).toEqual([
      ['a', 0],
      ['b', 3],
    ]);
    expect(JSON.stringify(tally)).toBe('{"a":0,"b":3}');
  });
});
