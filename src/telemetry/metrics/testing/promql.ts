/** A metric as an expression uses it. */
export interface Selector {
  name: string;
  /** Label, and the values that it is compared with; a pattern's alternatives one by one. */
  matchers: { label: string; values: string[] }[];
}

const WORDS = new Set(['by', 'without', 'on', 'ignoring', 'and', 'or', 'unless', 'bool', 'offset', 'group_left']);

/** The metrics that a PromQL expression reads. By its words, not by its grammar: enough for names. */
export function selectorsOf(expression: string): Selector[] {
  const bare = expression.replace(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, ' ').replace(/\[[^\]]*\]/g, ' ');
  const found = bare.matchAll(/([a-zA-Z_:][\w:]*)\s*(\(|\{([^}]*)\})?/g);
  return [...found].flatMap(([, name = '', after, matchers = '']) =>
    after === '(' || WORDS.has(name) ? [] : [{ name, matchers: matchersIn(matchers) }],
  );
}

/** Labels that the result is grouped by. */
export function groupingsOf(expression: string): string[] {
  return [...expression.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, labels = '']) =>
    labels.split(',').map((label) => label.trim()),
  );
}

function matchersIn(text: string): Selector['matchers'] {
  return [...text.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label = '', value = '']) => ({
    label,
    values: value.split('|'),
  }));
}
