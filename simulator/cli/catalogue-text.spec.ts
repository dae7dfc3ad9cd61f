import { readFileSync } from 'node:fs';
import { parseCallerScript } from '../caller/index.js';
import { catalogueText, withCatalogue } from './catalogue-text.js';

const REWRITE = 'npm run build && node dist/simulator/cli/write-docs.js';

describe('the list of switches and faults', () => {
  it(`in docs/simulator.md is what the command line takes (${REWRITE})`, () => {
    const page = readFileSync('docs/simulator.md', 'utf8');
    expect(page).toBe(withCatalogue(page));
  });

  it('for the terminal has every one of them, and no Markdown', () => {
    const text = catalogueText();
    for (const name of ['reconnectMaxAttempts', 'deliveryRatio', 'bad-signature', 'refuseUpgrade', 'timeout'])
      expect(text).toContain(name);
    expect(text).not.toContain('`');
  });

  it('is not put into a page that has no place for it', () => {
    expect(() => withCatalogue('# A page')).toThrow('the page lacks the lines');
  });
});

describe('the script in docs/simulator.md', () => {
  it('is one that callers take', () => {
    const [, example = ''] = /```json\n([^`]+)```/.exec(readFileSync('docs/simulator.md', 'utf8')) ?? [];
    expect(parseCallerScript(JSON.parse(example)).steps).toHaveLength(6);
  });
});
