import { type HistoryItem } from '../model.port.js';

/**
 * Tells the model what was entered, as something the caller said: keys carry no more authority than words.
 * @param keys in order, at least one.
 * @param endedBy the key that ended the entry; undefined: a pause or the length did.
 */
export function keyNote(keys: string, endedBy: string | undefined): HistoryItem {
  const what = keys.length === 1 ? 'this key' : 'these keys';
  // An entry of the terminator alone: it is the key, and ended nothing.
  const end = endedBy === undefined || endedBy === keys ? '' : ` (ended by ${endedBy})`;
  // Apart, so that the model reads digits and not a number.
  return { role: 'caller', text: `The caller pressed ${what} on the telephone keypad: ${[...keys].join(' ')}${end}` };
}

/** What logs may hold of keys: they may be a PIN or a card number. */
export function maskKeys(keys: string): string {
  return keys.length === 1 ? '1 key' : `${keys.length} keys`;
}
