import { type ArgumentsSchema, compileArguments, declaredArguments } from './argument-schema.js';
import { Problem } from './schemas.js';

function wrongWith(schema: ArgumentsSchema, value: unknown): string | undefined {
  const check = compileArguments({ type: 'object', ...schema });
  if (check instanceof Problem) throw new Error(check.message);
  return check(value);
}

function schemaProblem(schema: ArgumentsSchema): string | undefined {
  const check = compileArguments(schema);
  return check instanceof Problem ? check.message : undefined;
}

describe('compileArguments', () => {
  it('says which argument is wrong and how, never what it was', () => {
    const schema = {
      properties: { day: { type: 'string', format: 'date' }, size: { enum: ['s', 'm'] }, n: { type: 'integer' } },
      required: ['day'],
      additionalProperties: false,
    };
    expect(wrongWith(schema, { day: '2026-11-22', size: 'm', n: 2 })).toBeUndefined();
    expect(wrongWith(schema, {})).toBe("the arguments must have required property 'day'");
    expect(wrongWith(schema, { day: 'next week' })).toBe('day must match format "date"');
    expect(wrongWith(schema, { day: '2026-11-22', size: 'xl' })).toBe(
      'size must be equal to one of the allowed values: ["s","m"]',
    );
    expect(wrongWith(schema, { day: '2026-11-22', colour: 1 })).toBe(
      'the arguments must NOT have additional properties: colour',
    );
    expect(wrongWith(schema, { day: '2026-11-22', n: '2' })).toBe('n must be integer');
    expect(wrongWith(schema, [])).toBe('the arguments must be object');
    expect(wrongWith(schema, null)).toBe('the arguments must be object');
  });

  it('names the place within lists and objects', () => {
    const schema = { properties: { items: { type: 'array', items: { properties: { qty: { minimum: 1 } } } } } };
    expect(wrongWith(schema, { items: [{ qty: 1 }, { qty: 0 }] })).toBe('items.1.qty must be >= 1');
  });

  it('reads both drafts, by their name or by what only one of them has', () => {
    const pair = { properties: { at: { type: 'array', items: [{ type: 'number' }, { type: 'string' }] } } };
    expect(wrongWith(pair, { at: ['x', 1] })).toMatch(/at\.0 must be number/);
    const draft7 = { $schema: 'http://json-schema.org/draft-07/schema#', definitions: { n: { type: 'number' } } };
    expect(wrongWith({ ...draft7, properties: { a: { $ref: '#/definitions/n' } } }, { a: 'x' })).toBe(
      'a must be number',
    );
    const draft2020 = { $schema: 'https://json-schema.org/draft/2020-12/schema', $defs: { n: { type: 'number' } } };
    expect(wrongWith({ ...draft2020, properties: { a: { $ref: '#/$defs/n' } } }, { a: 'x' })).toBe('a must be number');
    const prefix = { properties: { at: { prefixItems: [{ type: 'number' }] } } };
    expect(wrongWith(prefix, { at: ['x'] })).toBe('at.0 must be number');
  });

  it('passes over keywords that it does not know, and takes the same $id twice', () => {
    const schema = {
      $id: 'https://example.com/s',
      'x-internal': true,
      properties: { a: { example: 1, type: 'number' } },
    };
    expect(wrongWith(schema, { a: 1 })).toBeUndefined();
    expect(wrongWith({ ...schema, title: 'again' }, { a: 1 })).toBeUndefined();
  });

  it.each([
    [{ type: 'string' }, /"type": "object"/],
    [{}, /"type": "object"/],
    [{ type: ['object', 'null'] }, /"type": "object"/],
    [{ type: 'object', properties: { a: { type: 'text' } } }, /no valid JSON Schema: .*properties\/a\/type/],
    [{ type: 'object', properties: { a: { $ref: 'https://example.com/other' } } }, /no valid JSON Schema: .*reference/],
    [{ type: 'object', properties: { a: { pattern: '(' } } }, /no valid JSON Schema/],
    [{ type: 'object', $async: true }, /\$async/],
  ])('refuses %j', (schema, expected) => {
    expect(schemaProblem(schema as ArgumentsSchema)).toMatch(expected);
  });

  it('tells the model a schema without what names its dialect', () => {
    expect(declaredArguments({ $schema: 'x', $id: 'y', type: 'object' })).toEqual({ type: 'object' });
  });
});
