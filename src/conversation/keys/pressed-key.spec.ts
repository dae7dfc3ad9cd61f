import { asPressed } from './pressed-key.js';

describe('asPressed', () => {
  it('puts keys that overtook each other back in order, and leaves presses of the same moment as they came', () => {
    const keys = [
      { digit: '2', occurredAtMs: 200 },
      { digit: '4', occurredAtMs: 300 },
      { digit: '3', occurredAtMs: 300 },
      { digit: '1', occurredAtMs: 100 },
    ];
    expect(asPressed(keys).map(({ digit }) => digit)).toEqual(['1', '2', '4', '3']);
  });

  it('trusts the order of arrival when the time of any key is unknown', () => {
    const keys = [
      { digit: '2', occurredAtMs: 200 },
      { digit: '3', occurredAtMs: undefined },
      { digit: '1', occurredAtMs: 100 },
    ];
    expect(asPressed(keys)).toEqual(keys);
  });
});
