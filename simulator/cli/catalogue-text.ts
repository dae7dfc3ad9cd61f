import { DEFAULT_SWITCHES as REALTIME_DEFAULTS } from '../realtime/index.js';
import { DEFAULT_SWITCHES as TELNYX_DEFAULTS } from '../telnyx/index.js';
import { faultRows, REALTIME_FAULTS, REST_FAULTS, WEBHOOK_FAULTS } from './faults.js';
import { REALTIME_SWITCHES } from './realtime-switches.js';
import { switchRows } from './switches.js';
import { textTable } from './table.js';
import { TELNYX_SWITCHES } from './telnyx-switches.js';

interface Chapter {
  title: string;
  head: string[];
  /** Columns that are shown as code in Markdown. */
  code: number;
  rows: string[][];
}

function chapters(): Chapter[] {
  const switches = ['switch', 'default', 'values', 'meaning'];
  const faults = ['fault', 'fields', 'meaning'];
  const rowsOf = (catalogue: object): string[][] =>
    faultRows(catalogue).map(({ name, fields, about }) => [name, fields, about]);
  const settings = (rows: ReturnType<typeof switchRows>): string[][] =>
    rows.map(({ name, defaultValue, allowed, about }) => [name, defaultValue, allowed, about]);
  return [
    {
      title: 'Telnyx: switches',
      head: switches,
      code: 2,
      rows: settings(switchRows(TELNYX_SWITCHES, TELNYX_DEFAULTS)),
    },
    { title: 'Telnyx: faults of a REST command, `rest:ACTION:…`', head: faults, code: 2, rows: rowsOf(REST_FAULTS) },
    { title: 'Telnyx: faults of a webhook, `webhook:EVENT:…`', head: faults, code: 2, rows: rowsOf(WEBHOOK_FAULTS) },
    {
      title: 'Realtime: switches',
      head: switches,
      code: 2,
      rows: settings(switchRows(REALTIME_SWITCHES, REALTIME_DEFAULTS)),
    },
    { title: 'Realtime: faults', head: faults, code: 2, rows: rowsOf(REALTIME_FAULTS) },
  ];
}

/** Everything that `--switch` and `--fault` take, for the terminal. */
export function catalogueText(): string {
  return chapters()
    .map(({ title, head, rows }) => `${title}\n\n${textTable(head, rows)}\n`.replaceAll('`', ''))
    .join('\n');
}

/** The same as Markdown. */
export function catalogueMarkdown(): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return chapters()
    .map(({ title, head, code, rows }) => {
      const lines = rows.map((cells) => row(cells.map((cell, i) => (i < code && cell !== '' ? `\`${cell}\`` : cell))));
      return [`### ${title}`, '', row(head), row(head.map(() => '---')), ...lines].join('\n');
    })
    .join('\n\n');
}

const BEGIN = '<!-- switches and faults: written by `node dist/simulator/cli/write-docs.js`, do not edit -->';
const END = '<!-- end of switches and faults -->';

/** Puts the present tables into the page. Throws when the page has no place for them. */
export function withCatalogue(page: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error(`the page lacks the lines "${BEGIN}" and "${END}"`);
  return `${page.slice(0, from)}${BEGIN}\n\n${catalogueMarkdown()}\n\n${page.slice(to)}`;
}
