import fc from 'fast-check';
import { base64DecodedBytes, FlatJsonScanner } from './flat-json.js';

type Walked = { [key: string]: string | Walked };

/** Walks over a whole message; undefined where the scanner gives up on it. */
function walk(text: string): Walked | undefined {
  const scanner = new FlatJsonScanner();
  const bytes = Buffer.from(text);
  const object = (depth: number): Walked => {
    const into: Walked = {};
    while (scanner.next()) {
      if (depth > 100) throw new Error('the walk does not end');
      const key = bytes.toString('utf8', scanner.keyStart, scanner.keyEnd);
      const value = bytes.toString('utf8', scanner.valueStart, scanner.valueEnd);
      if (scanner.valueKind === 'object') into[key] = object(depth + 1);
      else into[key] = scanner.valueKind === 'string' ? JSON.stringify(value) : value;
    }
    return into;
  };
  if (!scanner.begin(bytes)) return undefined;
  const walked = object(0);
  return scanner.atEnd ? walked : undefined;
}

/** What the scanner should have seen, with values as they are written in JSON. */
function written(object: object): Walked {
  const entries = Object.entries(object).map(([key, value]: [string, unknown]): [string, string | Walked] => [
    key,
    typeof value === 'object' && value !== null ? written(value) : JSON.stringify(value),
  ]);
  return Object.fromEntries(entries);
}

const plainText = fc.string({ maxLength: 120, unit: 'grapheme' }).filter((text) => !/["\\\p{C}]/u.test(text));
const plainObject = fc.letrec<{ object: Record<string, unknown> }>((tie) => ({
  object: fc.dictionary(
    plainText.filter((key) => key !== '__proto__'),
    fc.oneof(
      plainText,
      fc.nat(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(null, true, false),
      tie('object'),
    ),
    { maxKeys: 5, noNullPrototype: true },
  ),
})).object;

describe('FlatJsonScanner', () => {
  it('walks over any object of plain strings, numbers, literals and objects, and sees what JSON.parse sees', () => {
    fc.assert(
      fc.property(plainObject, (object) => {
        expect(walk(JSON.stringify(object))).toEqual(written(object));
      }),
    );
  });

  it('gives up on everything that is no JSON, and never takes it', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '"',
      ':',
      ',',
      'a',
      '"a"',
      '1',
      '-',
      '.5',
      'null',
      'nul',
      '[',
      ']',
      ' ',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = `{${pieces.join('')}}`;
        if (walk(text) !== undefined) expect(() => JSON.parse(text) as unknown).not.toThrow();
      }),
      { numRuns: 20_000 },
    );
  });

  it.each([
    '',
    '{',
    '}',
    '[]',
    'null',
    '{}{}',
    '{}}',
    '{"a"}',
    '{"a":}',
    '{"a":01}',
    '{"a":1,}',
    '{,"a":1}',
    '{"a":"b}',
  ])('does not take %j', (text) => {
    expect(walk(text)).toBeUndefined();
  });

  it('takes objects that end at once', () => {
    expect(walk('{}')).toEqual({});
    expect(walk('{"a":{},"b":{"c":{}}}')).toEqual({ a: {}, b: { c: {} } });
  });

  it('reads counts of up to fifteen digits, whether written as numbers or as strings', () => {
    const count = (json: string): number => {
      const scanner = new FlatJsonScanner();
      scanner.begin(Buffer.from(`{"n":${json}}`));
      scanner.next();
      return scanner.valueAsCount();
    };
    expect([count('0'), count('"42"'), count('999999999999999'), count('"007"')]).toEqual([
      0, 42, 999_999_999_999_999, 7,
    ]);
    for (const none of ['""', '-1', '1.5', '1e3', '"x"', '" 1"', 'null', '"1000000000000000"'])
      expect(count(none)).toBe(-1);
  });
});

describe('base64DecodedBytes', () => {
  const decoded = (text: string): number =>
    base64DecodedBytes(Buffer.from(`<<${text}>>`), 2, 2 + Buffer.byteLength(text));

  it('knows the length of everything that was encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (audio) => {
        expect(decoded(Buffer.from(audio).toString('base64'))).toBe(audio.length);
      }),
    );
  });

  it('refuses what is not padded base64 of the standard alphabet', () => {
    const character = fc.constantFrom('A', 'z', '/', '+', '=', '-', '_', ' ', '\n', 'ł');
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 12 }), (text) => {
        const good = text !== '' && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
        expect(decoded(text) > 0).toBe(good);
      }),
      { numRuns: 5_000 },
    );
  });
});
