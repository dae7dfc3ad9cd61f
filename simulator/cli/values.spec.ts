import {
  anyText,
  didYouMean,
  listOf,
  maybe,
  milliseconds,
  millisecondsOrRange,
  onOff,
  oneOf,
  positive,
  wholeNumber,
  writeValue,
} from './values.js';

describe('values on the command line', () => {
  it('are read as what they stand for', () => {
    expect(milliseconds.parse('0')).toBe(0);
    expect(milliseconds.parse('2.5')).toBe(2.5);
    expect(positive('times').parse('Infinity')).toBe(Infinity);
    expect(onOff.parse('on')).toBe(true);
    expect(onOff.parse('false')).toBe(false);
    expect(maybe(milliseconds).parse('none')).toBeUndefined();
    expect(listOf(wholeNumber()).parse('1,20')).toEqual([1, 20]);
    expect(listOf(anyText).parse('none')).toEqual([]);
    expect(millisecondsOrRange.parse('100..400')).toEqual({ min: 100, max: 400 });
    expect(millisecondsOrRange.parse('200')).toBe(200);
  });

  it.each([
    [milliseconds, '-1', '"-1" is not ms'],
    [milliseconds, '', '"" is not ms'],
    [milliseconds, 'soon', '"soon" is not ms'],
    [wholeNumber(1), '0', '"0" is not a whole number from 1'],
    [wholeNumber(), '1.5', '"1.5" is not a whole number from 0'],
    [positive('times real time'), '0', '"0" is not times real time, or Infinity'],
    [onOff, 'perhaps', '"perhaps" is not on or off'],
    [oneOf({ dots: true, underscores: true }), 'dashes', '"dashes" is not dots or underscores'],
    [millisecondsOrRange, '400..100', '"400..100" is not ms, or a range such as 100..400'],
    [millisecondsOrRange, '1..2..3', '"1..2..3" is not ms, or a range such as 100..400'],
  ])('are refused with what would be right (%#)', (kind, text, message) => {
    expect(() => kind.parse(text)).toThrow(message);
  });

  it('are written as they would be given', () => {
    const values = [undefined, true, false, [], [1, 2], { min: 1, max: 2 }, Infinity, 'text'];
    expect(values.map(writeValue)).toEqual(['none', 'on', 'off', 'none', '1,2', '1..2', 'Infinity', 'text']);
  });

  it('are guessed at when they are a slip of the keyboard, and only then', () => {
    expect(didYouMean('deltams', ['deltaMs', 'itemPhase'])).toBe(' (did you mean "deltaMs"?)');
    expect(didYouMean('nonsense', ['deltaMs', 'itemPhase'])).toBe('');
  });
});
