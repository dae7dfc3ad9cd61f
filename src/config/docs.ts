import { type Setting, type SettingGroup } from './setting.js';

const SAMPLE_WIDTH = 100;
const PAGE_WIDTH = 120;

/** docs/configuration.md, whole. Pure: the same settings give the same text. */
export function configurationPage(groups: readonly SettingGroup[]): string {
  return [
    '# Configuration',
    '',
    '<!-- Written from src/config/settings by `npm run build && node dist/src/config/write-docs.js`; edit it there. -->',
    '',
    'Parley is configured by environment variables. A file named `.env` in the working directory is read too; what the',
    'environment sets wins over it. An empty value counts as unset.',
    '',
    'Everything is checked at the start: a wrong or missing value stops the process with one line for each, and no line',
    'repeats a value. `npm run doctor` goes further and tries the values against Telnyx, OpenAI and your public address.',
    '',
    'Only the two API keys and the public key have to be set; with Redis, STREAM_TOKEN_SECRET too.',
    '',
    "Where traces and metrics go is said by OpenTelemetry's own variables, `OTEL_EXPORTER_OTLP_ENDPOINT` above all; see",
    '[observability.md](observability.md). Nothing is sent without one.',
    '',
    ...groups.flatMap(groupSection),
    '## Secrets from files',
    '',
    'Variables marked *file* can be given as a file instead: set the name with `_FILE` at its end to the path, for example',
    '`OPENAI_API_KEY_FILE=/run/secrets/openai`. White space around the content is ignored. Setting both is an error.',
    '',
    ...wrap(
      'Secrets of your own tools have names of your own, beginning with `TOOL_SECRET_`, and can be files in the same way: ' +
        'see [tools.md](tools.md).',
      PAGE_WIDTH,
    ),
    '',
    ...wrap(
      `${fileNames(groups, 'secret')} are read again when their file changes, without a restart: new calls use the new ` +
        'value. So are the secrets of tools, for their next request. A file that becomes unreadable or wrong is reported ' +
        'in the log, and the old value stays in use. ' +
        `${fileNames(groups, 'text')} are read once, at the start.`,
      PAGE_WIDTH,
    ),
    '',
    '## Changing STREAM_TOKEN_SECRET',
    '',
    ...wrap(
      'Put the new secret in front of the old one in its file (`new,old`) and leave the old one there until the next ' +
        'change. A pod verifies with every secret of the list. It signs with the first one three minutes after that has ' +
        'appeared, or after its own start, and until then with the second: by then every pod has read it. The third and ' +
        'later sign nothing, and can go once the longest call is over.',
      PAGE_WIDTH,
    ),
    '',
    ...wrap(
      'A file changes in all pods within about a minute. A variable changes only with new pods, and those of before know ' +
        'nothing of the new secret: they refuse what new pods ask of them, also to hand over their calls. So use a file.',
      PAGE_WIDTH,
    ),
    '',
    ...wrap(
      'A secret that has leaked: replace the whole list, wait five minutes, and restart every pod, because a running one ' +
        'also takes the list before the last change.',
      PAGE_WIDTH,
    ),
    '',
    'Without STREAM_TOKEN_SECRET, the secret for stream tokens is derived from TELNYX_API_KEY at the start, and stays the',
    'same until the process ends.',
    '',
  ].join('\n');
}

/** .env.sample, whole: every variable with its meaning; those with a default are commented out and show it. */
export function sampleEnvironment(groups: readonly SettingGroup[]): string {
  const lines = [
    '# Copy to .env and fill in the three values at the top. docs/configuration.md says the same as a table.',
    '# Written from src/config/settings; edit it there.',
    '',
  ];
  const wanted = groups.flatMap((group) => Object.entries(group.settings).filter(([, setting]) => isWanted(setting)));
  for (const [name, setting] of wanted) lines.push(...comment(setting), `${name}=`, '');
  for (const group of groups) {
    lines.push(`# --- ${group.title} ---`, '');
    for (const [name, setting] of Object.entries(group.settings)) {
      if (isWanted(setting)) continue;
      lines.push(...comment(setting), `# ${name}=${quoted(setting.default ?? '')}`, '');
    }
  }
  return lines.join('\n');
}

function isWanted(setting: Setting): boolean {
  return setting.required === true || setting.defaultNote === 'required';
}

function groupSection(group: SettingGroup): string[] {
  const rows = Object.entries(group.settings).map(
    ([name, setting]) => `| ${nameCell(name, setting)} | ${cell(defaultText(setting))} | ${cell(setting.meaning)} |`,
  );
  return [`## ${group.title}`, '', '| variable | default | meaning |', '|---|---|---|', ...rows, ''];
}

function nameCell(name: string, setting: Setting): string {
  return setting.fromFile === undefined ? `\`${name}\`` : `\`${name}\` (*file*)`;
}

function defaultText(setting: Setting): string {
  if (setting.default !== undefined) return `\`${setting.default}\``;
  if (isWanted(setting)) return '**required**';
  return setting.defaultNote ?? 'none';
}

/** A `|` would end the cell, a line break the row. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function fileNames(groups: readonly SettingGroup[], kind: NonNullable<Setting['fromFile']>): string {
  const names = groups
    .flatMap((group) => Object.entries(group.settings))
    .filter(([, setting]) => setting.fromFile === kind)
    .map(([name]) => name);
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

function comment(setting: Setting): string[] {
  const note = setting.default === undefined && !isWanted(setting) ? ` Default: ${setting.defaultNote ?? 'none'}.` : '';
  return wrap(`${setting.meaning}${note}`, SAMPLE_WIDTH - 2).map((line) => `# ${line}`);
}

/** As `util.parseEnv` reads it back: quotes keep spaces, `#` and the other kind of quote. */
function quoted(value: string): string {
  if (!/[\s#'"`]/.test(value)) return value;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
