import { parse } from 'yaml';

/**
 * Reads a chart's values.yaml with its comments.
 *
 * In front of a key, `# -- …` (and the comment lines below it) says what the value means, `# @schema {…}` what it may be,
 * as JSON. `## …` begins a section, whose introduction is the comment below it.
 *
 * In: the file's text. Out: the sections in order, and the defaults. Each value has its path, default, meaning and schema.
 */
export function readValues(text) {
  const defaults = parse(text);
  const sections = [];
  const parents = [];
  let comment = [];
  for (const line of text.split('\n')) {
    const heading = /^## (.+)$/.exec(line);
    const note = /^\s*#(?: (.*))?$/.exec(line);
    const key = /^( *)([A-Za-z][\w]*):/.exec(line);
    if (heading) {
      sections.push({ title: heading[1], introduction: [], values: [] });
      comment = [];
    } else if (note) {
      comment.push(note[1] ?? '');
    } else if (line.trim() === '') {
      // A comment with a gap behind it is the section's, not a value's.
      if (comment.length > 0) sections.at(-1)?.introduction.push(...comment);
      comment = [];
    } else if (key) {
      const depth = key[1].length / 2;
      parents.length = depth;
      parents[depth] = key[2];
      const path = [...parents];
      const documented = describe(comment);
      if (documented) sections.at(-1).values.push({ path, default: at(defaults, path), ...documented });
      comment = [];
    } else {
      comment = [];
    }
  }
  return { defaults, sections };
}

function describe(comment) {
  const start = comment.findIndex((line) => line.startsWith('-- '));
  if (start < 0) return undefined;
  const meaning = [];
  let schema;
  for (const line of comment.slice(start)) {
    if (line.startsWith('@schema ')) schema = JSON.parse(line.slice('@schema '.length));
    else meaning.push(line.replace(/^-- /, ''));
  }
  return { meaning: meaning.join(' '), schema };
}

function at(object, path) {
  return path.reduce((value, key) => value?.[key], object);
}
