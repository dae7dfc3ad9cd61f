/**
 * Says what an API server would refuse in manifests: wrong types, missing keys, and keys that it does not know.
 *
 * `node scripts/k8s/check-manifests.mjs FILE…` reads YAML; without files it reads a JSON list of objects from its input.
 * Prints one sentence a line. The exit code is 1 where there are any.
 */
import { readFileSync } from 'node:fs';
import * as models from '@kubernetes/client-node/dist/gen/models/all.js';
import { parseAllDocuments } from 'yaml';
import { CUSTOM_RESOURCES, mistakesOf } from './custom-resources.mjs';

/** `Array<T>` and `{ [key: string]: T; }`. */
const LIST = /^Array<(.+)>$/;
const MAP = /^\{ \[key: string\]: (.+?);? \}$/;
/** What the models call a metadata of any object. */
const METADATA = 'V1ObjectMeta';

/** Keys that the models of Kubernetes do not have. */
function unknownKeys(value, type, where) {
  if (value === null || typeof value !== 'object') return [];
  const list = LIST.exec(type);
  if (list)
    return Array.isArray(value) ? value.flatMap((item, at) => unknownKeys(item, list[1], `${where}[${at}]`)) : [];
  const map = MAP.exec(type);
  if (map) return Object.entries(value).flatMap(([key, item]) => unknownKeys(item, map[1], `${where}.${key}`));
  const attributes = models[type]?.getAttributeTypeMap?.();
  if (!attributes) return [];
  const types = new Map(attributes.map(({ baseName, type: of }) => [baseName, of]));
  return Object.entries(value).flatMap(([key, item]) =>
    types.has(key) ? unknownKeys(item, types.get(key), `${where}.${key}`) : [`${where}.${key} is unknown`],
  );
}

/** What the schemas of Kubernetes refuse. */
async function refusals({ apiVersion, kind, ...rest }, where) {
  // Of the core group the package has `v1/Pod`, of others `apps/v1/Deployment`.
  const { [kind]: Model } = await import(`kubernetes-models/${apiVersion}/${kind}`);
  try {
    new Model(rest).validate();
    return [];
  } catch (error) {
    return [`${where}: ${error.message}`];
  }
}

function modelName(apiVersion, kind) {
  const version = apiVersion.split('/').at(-1);
  return `${version[0].toUpperCase()}${version.slice(1)}${kind}`;
}

/**
 * In: an object as the API server gets it. Out: sentences about what it would refuse; none where it would take it.
 * A kind that nothing here describes is a mistake too.
 */
export async function problemsOf(object) {
  const { apiVersion, kind, metadata } = object ?? {};
  if (!apiVersion || !kind || !metadata?.name) return ['an object has no apiVersion, kind or name'];
  const where = `${kind} ${metadata.name}`;
  const custom = CUSTOM_RESOURCES[`${apiVersion} ${kind}`];
  if (custom) {
    return [
      ...unknownKeys(metadata, METADATA, `${where}: metadata`),
      ...mistakesOf(object.spec, custom, `${where}: spec`),
      ...Object.keys(object)
        .filter((key) => !['apiVersion', 'kind', 'metadata', 'spec'].includes(key))
        .map((key) => `${where}: ${key} is unknown`),
    ];
  }
  const type = modelName(apiVersion, kind);
  if (!models[type]) return [`${where}: nothing here knows ${kind} of ${apiVersion}`];
  return [...unknownKeys(object, type, where), ...(await refusals(object, where))];
}

function parsed(document, file) {
  // A key that stands twice, among others.
  if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0].message}`);
  return document.toJS();
}

async function main(files) {
  const objects =
    files.length === 0
      ? JSON.parse(readFileSync(0, 'utf8'))
      : files.flatMap((file) =>
          parseAllDocuments(readFileSync(file, 'utf8')).map((document) => parsed(document, file)),
        );
  const problems = new Set();
  for (const object of objects.filter(Boolean)) for (const problem of await problemsOf(object)) problems.add(problem);
  for (const problem of problems) console.log(problem);
  process.exitCode = problems.size > 0 ? 1 : 0;
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
