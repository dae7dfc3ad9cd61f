/** How one value is written on the command line: read, checked, shown in help and documentation. */
export interface ValueKind<T> {
  /** What may be given, in words: `ms`, `on or off`. */
  readonly allowed: string;
  /** @throws ValueError for anything else */
  parse(text: string): T;
}

/** A value that cannot be taken; the message says what would be right. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

function kind<T>(allowed: string, read: (text: string) => T | typeof WRONG): ValueKind<T> {
  return {
    allowed,
    parse: (text) => {
      const value = read(text.trim());
      if (value === WRONG) throw new ValueError(`${JSON.stringify(text)} is not ${allowed}`);
      return value;
    },
  };
}

const WRONG = Symbol('wrong');

function numberFrom(text: string, least: number): number | typeof WRONG {
  const value = Number(text);
  return text === '' || !Number.isFinite(value) || value < least ? WRONG : value;
}

export const milliseconds = kind('ms', (text) => numberFrom(text, 0));

export const wholeNumber = (least = 0): ValueKind<number> =>
  kind(`a whole number from ${least}`, (text) => {
    const value = numberFrom(text, least);
    return value === WRONG || !Number.isInteger(value) ? WRONG : value;
  });

/** @param allowed what the number means, such as `times real time` */
export const positive = (allowed: string): ValueKind<number> =>
  kind(`${allowed}, or Infinity`, (text) => {
    if (text === 'Infinity') return Infinity;
    const value = numberFrom(text, 0);
    return value === 0 ? WRONG : value;
  });

export const onOff = kind('on or off', (text) => {
  if (['on', 'true', 'yes'].includes(text)) return true;
  if (['off', 'false', 'no'].includes(text)) return false;
  return WRONG;
});

export const anyText = kind('text', (text) => text);

/** One of a fixed set. As an object, so that the compiler sees that none of the type's words is missing. */
export function oneOf<T extends string>(words: Readonly<Record<T, true>>): ValueKind<T> {
  const names = Object.keys(words) as T[];
  return kind(names.join(' or '), (text) => names.find((name) => name === text) ?? WRONG);
}

/** Several, with commas between; `none` for an empty list. */
export function listOf<T>(each: ValueKind<T>): ValueKind<readonly T[]> {
  return kind(`${each.allowed}, … or none`, (text) =>
    text === 'none' || text === '' ? [] : text.split(',').map((part) => each.parse(part)),
  );
}

/** `none` leaves it unset. */
export function maybe<T>(value: ValueKind<T>): ValueKind<T | undefined> {
  return kind(`${value.allowed}, or none`, (text) => (text === 'none' ? undefined : value.parse(text)));
}

/** One number, or two with `..` between them. */
export const millisecondsOrRange = kind('ms, or a range such as 100..400', (text) => {
  const [from = '', to, ...more] = text.split('..');
  const min = numberFrom(from, 1);
  if (min === WRONG || more.length > 0) return WRONG;
  if (to === undefined) return min;
  const max = numberFrom(to, min);
  return max === WRONG ? WRONG : { min, max };
});

/** A value as it would be written on the command line. */
export function writeValue(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(String).join(',');
  if (typeof value === 'object' && value !== null && 'min' in value && 'max' in value)
    return `${String(value.min)}..${String(value.max)}`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The word of `words` that was probably meant, as ` (did you mean "…"?)`; empty when none is near. */
export function didYouMean(text: string, words: readonly string[]): string {
  const [nearest] = words
    .map((word) => ({ word, distance: distanceBetween(text.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  return nearest !== undefined && nearest.distance <= Math.max(2, text.length / 3)
    ? ` (did you mean "${nearest.word}"?)`
    : '';
}

/** Levenshtein's: insertions, deletions and replacements that lead from one word to the other. */
function distanceBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
