/**
 * Writes the plain manifests of k8s/ out of the chart: k8s/base from k8s/values/base.yaml, and each overlay from its own
 * values: an object that the base does not have as a file, one that it has otherwise as a patch.
 *
 * `node scripts/k8s/render.mjs` writes them; `--check` says whether they are up to date, with exit code 1 where not. Files
 * that were rendered begin with a line that says so; all others in k8s/ are left alone.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { parseAllDocuments, stringify } from 'yaml';
import { findTools } from './helm.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMAND = 'node scripts/k8s/render.mjs';
const MARK = '# Rendered from charts/parley';
/** Labels that say how an object was installed, or that change with every version of the chart. */
const HELM_LABELS = ['helm.sh/chart', 'app.kubernetes.io/managed-by'];
const OVERLAYS = ['try-out', 'production'];

const inRoot = (path) => join(ROOT, path);
const idOf = ({ kind, metadata }) => `${kind} ${metadata.name}`;

/** The objects of a values file by kind and name, without what is Helm's. */
function objectsOf(helm, values) {
  const text = execFileSync(
    helm,
    ['template', 'parley', inRoot('charts/parley'), '--namespace', 'parley', '--no-hooks', '--values', inRoot(values)],
    { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 },
  );
  const objects = parseAllDocuments(text).map((document) => document.toJS());
  return new Map(objects.filter(Boolean).map((object) => [idOf(object), withoutHelm(object)]));
}

function withoutHelm(object) {
  for (const label of HELM_LABELS) delete object.metadata.labels?.[label];
  return object;
}

/**
 * A patch (RFC 6902) that makes one object of another. Lists are replaced whole: merging them by name, as kustomize would,
 * keeps what is no longer there.
 */
function patchOf(from, to, path = '') {
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return keys.flatMap((key) => {
    const at = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (isDeepStrictEqual(from[key], to[key])) return [];
    if (!(key in to)) return [{ op: 'remove', path: at }];
    if (!(key in from)) return [{ op: 'add', path: at, value: to[key] }];
    if (isMap(from[key]) && isMap(to[key])) return patchOf(from[key], to[key], at);
    // The containers are one: what differs in it is told apart, so that a reader sees it.
    if (key === 'containers' && from[key].length === 1 && to[key].length === 1) {
      return patchOf(from[key][0], to[key][0], `${at}/0`);
    }
    return [{ op: 'replace', path: at, value: to[key] }];
  });
}

const isMap = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

async function written(path, values, content) {
  const header = `${MARK} with ${values} by \`${COMMAND}\`: do not edit.`;
  const text = `${header}\n${stringify(content, { lineWidth: 0 })}`;
  return [path, await format(text, { ...(await resolveConfig(inRoot(path))), parser: 'yaml' })];
}

/** `networkpolicy.yaml`, or `service-pods.yaml` where an object has more of a name than the release's. */
function fileOf({ kind, metadata }) {
  const rest = metadata.name.replace(/^parley-?/, '');
  return `${[kind.toLowerCase(), rest].filter(Boolean).join('-')}.yaml`;
}

async function rendered(helm) {
  const values = 'k8s/values/base.yaml';
  const base = objectsOf(helm, values);
  const files = [...base.values()].map((object) => written(`k8s/base/${fileOf(object)}`, values, object));
  for (const overlay of OVERLAYS) files.push(...overlayFiles(overlay, base, helm));
  return new Map(await Promise.all(files));
}

function overlayFiles(overlay, base, helm) {
  const values = `k8s/values/${overlay}.yaml`;
  const folder = `k8s/overlays/${overlay}`;
  const objects = objectsOf(helm, values);
  const gone = [...base.keys()].filter((id) => !objects.has(id));
  if (gone.length > 0) throw new Error(`${values}: has no ${gone.join(', ')}, which is in the base`);
  return [...objects].flatMap(([id, object]) => {
    const from = base.get(id);
    if (!from) return [written(`${folder}/${fileOf(object)}`, values, object)];
    const patch = patchOf(from, object);
    return patch.length === 0 ? [] : [written(`${folder}/patch-${fileOf(object)}`, values, patch)];
  });
}

/** Files of k8s/ that were rendered. */
function renderedBefore() {
  return readdirSync(inRoot('k8s'), { recursive: true })
    .filter((path) => path.endsWith('.yaml'))
    .map((path) => join('k8s', path))
    .filter((path) => readFileSync(inRoot(path), 'utf8').startsWith(MARK));
}

const { helm4, helm3 } = await findTools();
const helm = helm4.path ?? helm3.path;
if (!helm) {
  console.error(`The manifests of k8s/ are rendered by Helm: ${helm4.missing}.`);
  process.exit(2);
}
const files = await rendered(helm);
const left = renderedBefore().filter((path) => !files.has(path));
if (process.argv.includes('--check')) {
  const stale = [...files].filter(
    ([path, text]) => !existsSync(inRoot(path)) || readFileSync(inRoot(path), 'utf8') !== text,
  );
  const wrong = [...stale.map(([path]) => path), ...left];
  if (wrong.length > 0) {
    console.error(`Not up to date: ${wrong.join(', ')}. Run ${COMMAND}.`);
    process.exit(1);
  }
} else {
  for (const [path, text] of files) writeFileSync(inRoot(path), text);
  for (const path of left) rmSync(inRoot(path));
}
