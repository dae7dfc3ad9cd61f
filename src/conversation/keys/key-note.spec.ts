import { keyNote, maskKeys } from './key-note.js';

describe('keyNote', () => {
  it.each([
    ['1122', '#', 'The caller pressed these keys on the telephone keypad: 1 1 2 2 (ended by #)'],
    ['1122', undefined, 'The caller pressed these keys on the telephone keypad: 1 1 2 2'],
    ['5', undefined, 'The caller pressed this key on the telephone keypad: 5'],
    ['#', '#', 'The caller pressed this key on the telephone keypad: #'],
  ])('tells %s, ended by %s, in the name of the caller', (keys, endedBy, text) => {
    expect(keyNote(keys, endedBy)).toEqual({ role: 'caller', text });
  });
});

describe('maskKeys', () => {
  it('says how many keys there were and none of them', () => {
    expect(maskKeys('1122')).toBe('4 keys');
    expect(maskKeys('9')).toBe('1 key');
  });
});
