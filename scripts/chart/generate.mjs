// Writes charts/parley/values.schema.json and README.md from values.yaml; with --check says whether they are up to date.
// Parley's settings come from its code, so it wants `npm run build` first.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { readmeOf } from './readme.mjs';
import { schemaOf } from './schema.mjs';
import { readValues } from './values-file.mjs';

const COMMAND = 'node scripts/chart/generate.mjs';
const fromRoot = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const chartFile = (name) => fromRoot(`charts/parley/${name}`);
const read = (name) => readFileSync(chartFile(name), 'utf8');

async function parleySettings() {
  const built = fromRoot('dist/src/config/settings.js');
  if (!existsSync(built)) throw new Error('Parley is not built: npm run build');
  const { SETTINGS } = await import(built);
  return Object.entries(SETTINGS).map(([name, { meaning, fromFile }]) => ({
    name,
    meaning,
    secret: fromFile === 'secret',
  }));
}

/** The templates name the secrets too, for their sentences. */
function checkSecretNames(settings) {
  const helper = /define "parley.secretSettings" -}}\n(.+)\n/.exec(read('templates/_validations.tpl'))?.[1] ?? '';
  const named = new Set(helper.trim().split(' '));
  const secrets = settings.filter(({ secret }) => secret).map(({ name }) => name);
  const wrong = [
    ...secrets.filter((name) => !named.has(name)),
    ...[...named].filter((name) => !secrets.includes(name)),
  ];
  if (wrong.length > 0)
    throw new Error(`parley.secretSettings in templates/_validations.tpl is not up to date: ${wrong.join(', ')}`);
}

async function generated() {
  const values = readValues(read('values.yaml'));
  const settings = await parleySettings();
  checkSecretNames(settings);
  const json = JSON.stringify(schemaOf(values, settings));
  const schemaPath = chartFile('values.schema.json');
  return {
    'values.schema.json': await format(json, { ...(await resolveConfig(schemaPath)), parser: 'json' }),
    'README.md': readmeOf(read('README.md.tmpl'), values, COMMAND),
  };
}

const files = Object.entries(await generated());
if (process.argv.includes('--check')) {
  const stale = files
    .filter(([name, text]) => !existsSync(chartFile(name)) || read(name) !== text)
    .map(([name]) => name);
  if (stale.length > 0) {
    console.error(`Not up to date: ${stale.map((name) => `charts/parley/${name}`).join(', ')}. Run ${COMMAND}.`);
    process.exit(1);
  }
} else {
  for (const [name, text] of files) writeFileSync(chartFile(name), text);
}
