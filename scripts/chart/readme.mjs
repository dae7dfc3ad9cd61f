const PLACEHOLDER = '<!-- values -->';

/** README.md, whole. In: its template, what `readValues` gives, and the command that writes it. */
export function readmeOf(template, { sections }, command) {
  if (!template.includes(PLACEHOLDER)) throw new Error(`README.md.tmpl has no line ${PLACEHOLDER}`);
  const tables = sections.flatMap(section);
  return template.replace(
    PLACEHOLDER,
    [`<!-- Written from values.yaml by \`${command}\`. -->`, '', ...tables].join('\n').trim(),
  );
}

function section({ title, introduction, values }) {
  const rows = values.map(
    ({ path, default: value, meaning }) => `| \`${path.join('.')}\` | ${literal(value)} | ${cell(meaning)} |`,
  );
  const text = introduction.join(' ').trim();
  return [
    `### ${title}`,
    '',
    ...(text ? [text, ''] : []),
    '| value | default | meaning |',
    '|---|---|---|',
    ...rows,
    '',
  ];
}

function literal(value) {
  if (value === '') return '`""`';
  return `\`${cell(typeof value === 'string' ? value : JSON.stringify(value))}\``;
}

/** A `|` would end the cell. */
function cell(text) {
  return text.replaceAll('|', '\\|');
}
