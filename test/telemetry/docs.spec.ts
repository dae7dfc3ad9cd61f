import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ATTRS, EVENTS, SPANS } from '../../src/telemetry/trace/names.js';

const PAGE = readFileSync(join('docs', 'observability.md'), 'utf8');
/** Everything that stands in the page as code. */
const CODE = new Set([...PAGE.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text ?? ''));

/** Spans whose names have a variable part stand in the page with its name. */
const SPAN_NAMES = Object.values(SPANS).map((name) => (typeof name === 'string' ? name : name('<>')));

describe('docs/observability.md', () => {
  it.each(SPAN_NAMES)('tells of the span %s', (name) => {
    const [fixed = '', variable] = name.split('<>');
    const told = [...CODE].some((text) => (variable === undefined ? text === name : text.startsWith(`${fixed}<`)));
    expect(told).toBe(true);
  });

  it.each([...Object.values(ATTRS), ...Object.values(EVENTS)])('tells of %s', (name) => {
    expect(CODE).toContain(name);
  });

  it('tells of no attribute that there is not', () => {
    const known = new Set<string>(Object.values(ATTRS));
    const named = [...CODE].filter((text) => /^(parley\.|gen_ai\.)[a-z_.]+[a-z]$/.test(text));
    expect(named.filter((name) => !known.has(name))).toEqual([]);
    expect(named.length).toBeGreaterThan(50);
  });

  it('has the pictures that it shows', () => {
    const pictures = [...PAGE.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, path]) => join('docs', path ?? ''));
    expect(pictures.length).toBeGreaterThan(2);
    for (const path of pictures) {
      expect(existsSync(path)).toBe(true);
      expect(readFileSync(path, 'utf8')).toMatch(/^<svg [^]*<\/svg>\n$/);
    }
  });

  it.each([...PAGE.matchAll(/\]\(([a-z-]+\.md)[^)]*\)/g)].map(([, path]) => path ?? ''))(
    'links to %s, which is there',
    (path) => {
      expect(existsSync(join('docs', path))).toBe(true);
    },
  );
});
