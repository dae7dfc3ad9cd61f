import fc from 'fast-check';
import { Problem } from './schemas.js';
import { UrlTemplate } from './url-template.js';

function template(text: string): UrlTemplate {
  const parsed = UrlTemplate.parse(text);
  if (parsed instanceof Problem) throw new Error(parsed.message);
  return parsed;
}

function filled(text: string, values: Record<string, unknown>): string {
  const result = template(text).fill(values);
  return result instanceof URL ? result.href : `wrong: ${result.wrong}`;
}

describe('UrlTemplate', () => {
  it('puts arguments into path and query, percent-encoded', () => {
    const text = 'https://crm.example.com/customers/{id}/orders/{n}?expand={part}&id={id}';
    expect(template(text).names).toEqual(['id', 'n', 'part']);
    expect(filled(text, { id: 'a/b?c#d', n: 7, part: 'ü & x=1' })).toBe(
      'https://crm.example.com/customers/a%2Fb%3Fc%23d/orders/7?expand=%C3%BC%20%26%20x%3D1&id=a%2Fb%3Fc%23d',
    );
    expect(filled('http://localhost/{yes}', { yes: false })).toBe('http://localhost/false');
  });

  it.each([
    ['dots', '{a}', { a: '..' }, 'a'],
    ['one dot', '{a}', { a: '.' }, 'a'],
    ['dots from two arguments', '{a}{b}', { a: '.', b: '.' }, 'a'],
    ['empty text', 'customers/{a}', { a: '' }, 'a'],
    ['a list', 'x/{a}', { a: ['x'] }, 'a'],
    ['an object', 'x/{a}', { a: {} }, 'a'],
    ['null', 'x/{a}', { a: null }, 'a'],
    ['what only Object.prototype has', 'x/{constructor}', {}, 'constructor'],
    ['half a surrogate pair', 'x/{a}', { a: '\ud800' }, 'a'],
  ])('refuses %s in the path', (_, path, values, wrong) => {
    expect(filled(`https://x.example/${path}`, values)).toBe(`wrong: ${wrong}`);
  });

  it('takes dots that do not climb', () => {
    expect(filled('https://x.example/{a}', { a: '...' })).toBe('https://x.example/...');
    expect(filled('https://x.example/{a}', { a: '%2e%2e' })).toBe('https://x.example/%252e%252e');
    expect(filled('https://x.example/v{a}', { a: '..' })).toBe('https://x.example/v..');
  });

  it('takes empty text in the query, where it has a meaning', () => {
    expect(filled('https://x.example/find?q={q}', { q: '' })).toBe('https://x.example/find?q=');
    expect(filled('https://x.example/find?q={q}', {})).toBe('wrong: q');
    expect(filled('https://x.example/find?q={q}', { q: '..' })).toBe('https://x.example/find?q=..');
  });

  it.each([
    ['ftp://x.example/', /https:\/\//],
    ['//x.example/', /https:\/\//],
    ['https://{host}/x', /before its path/],
    ['https://x.example{path}', /before its path/],
    ['https://x.example:{port}/', /must be a URL|before its path/],
    ['https://me:pw@x.example/', /password/],
    ['https://x.example/#top', /fragment/],
    ['https://x.example/{a b}', /braces/],
    ['https://x.example/{}', /braces/],
    ['https://x.example/{a', /braces/],
    ['https://x.example/a/../b', /\.\./],
    ['https://x.example/%2E./b', /\.\./],
  ])('refuses %s', (text, expected) => {
    const parsed = UrlTemplate.parse(text);
    expect(parsed).toBeInstanceOf(Problem);
    expect(parsed instanceof Problem && parsed.message).toMatch(expected);
  });

  it('keeps whatever is put in where it was put', () => {
    const url = template('https://crm.example.com/customers/{id}/orders?q={q}');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (id, q) => {
        const result = url.fill({ id, q });
        if (!(result instanceof URL)) return;
        expect(result.origin).toBe('https://crm.example.com');
        expect(result.hash).toBe('');
        const [, first, segment, last, ...more] = result.pathname.split('/');
        expect([first, decodeURIComponent(segment ?? ''), last, more]).toEqual(['customers', id, 'orders', []]);
        expect([...result.searchParams]).toEqual([['q', q]]);
      }),
    );
  });
});
