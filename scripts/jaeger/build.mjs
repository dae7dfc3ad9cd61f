/**
 * Makes sure that there is a real Jaeger to test against, and says on standard output where its binary is.
 *
 * `JAEGER_BINARY` names one: that. Built before: says nothing more. Else builds it from its Go modules into
 * .cache/jaeger, with the Go toolchain and the module proxy as they are set up here (GOFLAGS, GOPROXY, GOMODCACHE ...).
 * Exit code 0: there is one. 2: there can be none here, and why is on standard error. 1: it should have worked.
 */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { constants as system, setPriority, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { clearInterval, setInterval } from 'node:timers';
import { fileURLToPath, URL } from 'node:url';

/** Jaeger 2 has no `/v2` in its module's path, so Go does not know its tags: v1.76.0 is the same commit as v2.13.0. */
const MODULE = 'github.com/jaegertracing/jaeger';
const MODULE_VERSION = 'v1.76.0';
const RELEASE = 'v2.13.0';
/** Of the module's files, go.sum among them: so it pins everything that is built in. */
const MODULE_SUM = 'h1:sWCOOF1dr+NL0PLil7mFo3BqqQL8k4WiM7aguFbc14g=';

const HOME = fileURLToPath(new URL('../../.cache/jaeger', import.meta.url));
const BINARY = join(HOME, `jaeger-${RELEASE}`);
const PROGRESS_MS = 15_000;

/** What Go says where it is too old and may not fetch a newer one, or where nothing can be fetched. */
const TOO_OLD = /requires go >= ?\S+ \(running|toolchain not available|download go\S* for/;
const NOT_TO_BE_HAD =
  /dial tcp|no such host|connection refused|i\/o timeout|TLS handshake|x509:|proxyconnect|: [45]\d\d [A-Z]|module lookup disabled/;

/** There can be no Jaeger on this machine as it is. */
class NotHere extends Error {}

function say(message) {
  console.error(`jaeger: ${message}`);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Nothing of this is a part of somebody's workspace; and the network package is Go's own, as in Jaeger's releases. */
const environment = { ...process.env, GOWORK: 'off', CGO_ENABLED: '0' };

function explain(what, said) {
  const tail = said.trim().split('\n').slice(-8).join('\n');
  if (TOO_OLD.test(said)) return new NotHere(`this Go is too old for Jaeger ${RELEASE}:\n${tail}`);
  if (NOT_TO_BE_HAD.test(said)) return new NotHere(`Go's module proxy does not give what Jaeger is made of:\n${tail}`);
  return new Error(`${what} failed:\n${tail}`);
}

function checkGo() {
  const { error, status, stdout, stderr } = spawnSync('go', ['version'], { encoding: 'utf8', cwd: tmpdir() });
  if (error)
    throw new NotHere('there is no Go toolchain (`go` in PATH), and Jaeger comes as source: https://go.dev/dl');
  if (status !== 0) throw explain('go version', stderr);
  return stdout.trim();
}

/** @returns the directory with the module's sources, checked, in Go's own cache. */
function fetchModule() {
  const { status, stdout, stderr } = spawnSync('go', ['mod', 'download', '-json', `${MODULE}@${MODULE_VERSION}`], {
    encoding: 'utf8',
    cwd: tmpdir(),
    env: environment,
  });
  const fetched = stdout.startsWith('{') ? JSON.parse(stdout) : {};
  if (status !== 0) throw explain('go mod download', fetched.Error ?? stderr);
  if (fetched.Sum !== MODULE_SUM) throw new Error(`${MODULE}@${MODULE_VERSION} is ${fetched.Sum}, not ${MODULE_SUM}`);
  return fetched.Dir;
}

/**
 * Builds in the module's own directory, which stays as it is: there its go.sum and its replacements count. The files of the
 * page are no part of the module, so the page is a placeholder, and all else is Jaeger.
 */
async function build(sources, target) {
  const version = `${MODULE}/internal/version.latestVersion=${RELEASE}`;
  const args = [
    'build',
    '-C',
    sources,
    '-mod=readonly',
    '-trimpath',
    '-v',
    `-ldflags=-s -w -X ${version}`,
    '-o',
    target,
  ];
  const go = spawn('go', [...args, './cmd/jaeger'], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = () => go.kill('SIGTERM');
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const startedMs = Date.now();
  let modules = 0;
  let packages = 0;
  const said = [];
  const progress = setInterval(() => {
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    say(`${seconds} s: ${modules} modules fetched, ${packages} packages compiled`);
  }, PROGRESS_MS);
  const lines = createInterface({ input: go.stderr });
  lines.on('line', (line) => {
    if (line.startsWith('go: downloading ')) modules++;
    else if (/^[\w./~-]+$/.test(line)) packages++;
    else said.push(line);
  });
  const [code] = await new Promise((resolve, reject) => {
    go.on('error', reject);
    go.on('close', (...ended) => resolve(ended));
  });
  clearInterval(progress);
  process.off('SIGINT', stop).off('SIGTERM', stop);
  if (code !== 0) throw explain('go build', said.join('\n') || 'it was stopped');
  return Math.round((Date.now() - startedMs) / 1000);
}

function checkBinary(path) {
  const { status, stdout, stderr, error } = spawnSync(path, ['version'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${path} does not run: ${error?.message ?? stderr}`);
  if (!stdout.includes(RELEASE)) throw new Error(`${path} says that it is ${stdout.trim()}, not ${RELEASE}`);
}

async function provide() {
  const named = process.env['JAEGER_BINARY'];
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`JAEGER_BINARY is ${named}, and that is no program`);
  }
  if (isExecutable(BINARY)) return BINARY;
  const go = checkGo();
  say(`building Jaeger ${RELEASE} from its modules, once, with ${go}; this takes minutes`);
  // Whatever else this machine is doing comes first.
  setPriority(0, system.priority.PRIORITY_BELOW_NORMAL);
  const sources = fetchModule();
  mkdirSync(dirname(BINARY), { recursive: true });
  const target = join(HOME, `building-${process.pid}`);
  try {
    const seconds = await build(sources, target);
    checkBinary(target);
    renameSync(target, BINARY);
    say(`built in ${seconds} s, ${Math.round(statSync(BINARY).size / 2 ** 20)} MiB`);
  } finally {
    rmSync(target, { force: true });
  }
  return BINARY;
}

try {
  console.log(await provide());
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof NotHere ? 2 : 1;
}
