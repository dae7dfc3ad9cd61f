/**
 * Runs the image as the chart runs it, and plays phone calls against it.
 *
 *   sudo node scripts/image/prove.mjs        after scripts/image/build.sh; needs Linux, root, Podman, and runc or crun
 *
 * Three containers of the one image share a network that leads nowhere: the gateway, and the doubles of OpenAI and Telnyx. All
 * of them under the restricted profile: uid 65532, a root file system that cannot be written to, no capability, no new
 * privileges, Podman's seccomp filter. Secrets are files that only their group may read, as the chart mounts them.
 *
 * IMAGE and IMAGE_HOME as in build.sh, RUNTIME=runc|crun. Exit code 0: all held; 1: not so; 2: cannot be tried here.
 */
import { Buffer } from 'node:buffer';
import { execFile, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chownSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

const IMAGE = process.env['IMAGE'] ?? 'localhost/parley:dev';
const HOME = process.env['IMAGE_HOME'] ?? join(process.env['TMPDIR'] ?? '/tmp', 'parley-image');
const USER_ID = 65532;
const NAMES = {
  model: `parley-model-${process.pid}`,
  gateway: `parley-gateway-${process.pid}`,
  brief: `parley-brief-${process.pid}`,
};
const READY_LIMIT_MS = 60_000;
const CALL_LIMIT_MS = 180_000;
const DRAIN_LIMIT_MS = 120_000;
/** As when a pod is deleted that has just been created: after `podman run` came back, while modules are loaded, until it listens. */
const EARLY_SIGNALS_MS = [0, 100, 300, 600];
const EARLY_EXIT_LIMIT_MS = 20_000;
const NODE = '/usr/local/bin/node';

class Failure extends Error {}

function findRuntime() {
  const names = process.env['RUNTIME'] ? [process.env['RUNTIME']] : ['runc', 'crun'];
  return names.find((name) => spawnSync(name, ['--version']).status === 0);
}

const runtime = findRuntime();
if (!runtime || spawnSync('podman', ['--version']).status !== 0 || process.getuid() !== 0) {
  console.error('prove: needs root, podman, and runc or crun (Debian: apt-get install podman runc)');
  process.exit(2);
}

/** The storage of build.sh; nothing of a Podman that is already here is seen or changed. */
const GLOBAL = [
  ...['--root', join(HOME, 'storage'), '--runroot', join(HOME, 'run'), '--tmpdir', join(HOME, 'podman')],
  ...['--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--events-backend', 'none', '--runtime', runtime],
  ...['--log-level', 'error'],
];

const RESTRICTED = [
  ...['--user', `${USER_ID}:${USER_ID}`, '--read-only', '--read-only-tmpfs=false'],
  ...['--cap-drop', 'all', '--security-opt', 'no-new-privileges'],
  // Podman's own are above what a container inside a container may ask for.
  ...['--ulimit', 'nofile=4096:4096', '--ulimit', 'nproc=4096:4096', '--pull', 'never'],
];

/** @returns what it wrote; throws with both streams where its exit code is not 0 */
async function podman(args, limitMs = READY_LIMIT_MS) {
  try {
    const { stdout } = await run('podman', [...GLOBAL, ...args], { timeout: limitMs, maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  } catch (error) {
    throw new Failure(`podman ${args.slice(0, 2).join(' ')}: ${error.stdout ?? ''}${error.stderr || error.message}`);
  }
}

async function until(what, ask, limitMs) {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Failure(`${what}: not within ${limitMs / 1000} s`);
    await sleep(250);
  }
}

/** Runs a program text in the gateway's container, with its Node.js: there is nothing else to run. */
const inside = async (text) => JSON.parse(await podman(['exec', NAMES.gateway, NODE, '--eval', text]));

/** In: path on the management port. @returns the status code, 0 where nothing listens yet */
const status = (path) =>
  inside(`fetch('http://127.0.0.1:8081${path}').then((r) => r.status, () => 0).then((s) => console.log(s))`);

const folder = mkdtempSync(join(tmpdir(), 'parley-prove-'));

/** For the group of the process only, as Kubernetes projects a secret with defaultMode 0440 and fsGroup. */
function secret(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  chownSync(path, 0, USER_ID);
  chmodSync(path, 0o440);
}

function makeSecrets() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  chownSync(folder, 0, USER_ID);
  chmodSync(folder, 0o750);
  secret('telnyx.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }));
  secret('TELNYX_PUBLIC_KEY', Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url').toString('base64'));
  secret('TELNYX_API_KEY', 'KEY-double');
  secret('OPENAI_API_KEY', 'sk-double');
}

async function startModel() {
  const replies = ['assistant-greeting', 'assistant-answer-short', 'assistant-goodbye'].flatMap((r) => ['--reply', r]);
  const program = ['dist/simulator/cli/main.js', 'realtime', '--port', '7001', ...replies];
  await podman(['run', '--detach', '--name', NAMES.model, '--network', 'none', ...RESTRICTED, IMAGE, ...program]);
}

async function startGateway(name = NAMES.gateway) {
  const files = ['OPENAI_API_KEY', 'TELNYX_API_KEY', 'TELNYX_PUBLIC_KEY'];
  const settings = [
    ...files.map((name) => `${name}_FILE=/run/secrets/parley/${name}`),
    'OPENAI_REALTIME_URL=ws://127.0.0.1:7001/v1/realtime',
    'TELNYX_BASE_URL=http://127.0.0.1:7000/v2',
  ];
  const network = ['--network', `container:${NAMES.model}`, '--volume', `${folder}:/run/secrets/parley:ro`];
  const env = settings.flatMap((one) => ['--env', one]);
  // The image's own entry point and command.
  await podman(['run', '--detach', '--name', name, ...network, ...RESTRICTED, ...env, IMAGE]);
}

function playCall(turns) {
  const program = [
    ...['dist/simulator/cli/main.js', 'call', '--webhook-url', 'http://127.0.0.1:6000/webhooks/'],
    ...['--stream-to', 'ws://127.0.0.1:6000', '--port', '7000', '--key-file', '/run/secrets/simulator/telnyx.pem'],
    ...turns.flatMap((turn) => ['--wav', turn]),
  ];
  const network = ['--network', `container:${NAMES.model}`, '--volume', `${folder}:/run/secrets/simulator:ro`];
  return podman(['run', '--rm', ...network, ...RESTRICTED, IMAGE, ...program], CALL_LIMIT_MS);
}

/** What the process that answers calls may do, as the kernel says. */
const PROFILE = `
  const { readFileSync, readdirSync, lstatSync, accessSync, constants } = require('node:fs');
  const { join } = require('node:path');
  const of = (name) => readFileSync('/proc/1/status', 'utf8').match(new RegExp('^' + name + ':\\\\s+(.*)$', 'm'))[1];
  const writable = [], setuid = [], shells = [];
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (['/proc', '/sys', '/dev'].includes(path)) continue;
      if (entry.isSymbolicLink()) continue;
      try { accessSync(path, constants.W_OK); writable.push(path); } catch {}
      if (lstatSync(path).mode & 0o6000) setuid.push(path);
      if (/^(ba|da|a|z)?sh$|^busybox$|^npm$|^apt(-get)?$/.test(entry.name) && /bin/.test(folder)) shells.push(path);
      if (entry.isDirectory()) try { walk(path); } catch (error) { if (error.code !== 'EACCES') throw error; }
    }
  };
  walk('/');
  console.log(JSON.stringify({
    command: readFileSync('/proc/1/cmdline', 'utf8').split('\\0').filter(Boolean).join(' '),
    uid: of('Uid'), gid: of('Gid'), capabilities: [of('CapPrm'), of('CapEff'), of('CapBnd')].join(' '),
    noNewPrivileges: of('NoNewPrivs'), seccomp: of('Seccomp'), writable, setuid, shells }));`;

function expect(what, found, wanted) {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Failure(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
  }
}

async function checkProfile() {
  const profile = await inside(PROFILE);
  const ids = Array(4).fill(USER_ID).join('\t');
  expect('user', profile.uid, ids);
  expect('group', profile.gid, ids);
  expect('capabilities', profile.capabilities, Array(3).fill('0000000000000000').join(' '));
  expect('no new privileges', profile.noNewPrivileges, '1');
  expect('seccomp filters', profile.seccomp, '2');
  // Podman mounts the container's own of these three, as the kubelet does.
  const mounted = ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf', '/run/.containerenv'];
  const writable = profile.writable.filter((path) => !mounted.includes(path));
  expect('what can be written to', writable, []);
  expect('programs with setuid', profile.setuid, []);
  expect('shells and package managers', profile.shells, []);
  return `PID 1 is ${profile.command}`;
}

const SIZES = `
  const { readdirSync, lstatSync } = require('node:fs');
  const size = (path) => { const s = lstatSync(path); return s.isDirectory()
    ? readdirSync(path).reduce((sum, name) => sum + size(path + '/' + name), 0) : s.size; };
  const parts = ['/usr/local/bin/node', '/parley/node_modules', '/parley/dist', '/parley/simulator'].map((p) => [p, size(p)]);
  const base = ['/etc', '/lib', '/lib64', '/usr/lib', '/home'].filter((p) => { try { return !lstatSync(p).isSymbolicLink(); } catch { return false; } });
  parts.push(['the base', base.reduce((sum, p) => sum + size(p), 0)]);
  console.log(JSON.stringify(parts));`;

async function sizes() {
  const parts = await inside(SIZES);
  return parts.map(([path, bytes]) => `\n          ${(bytes / 1e6).toFixed(1).padStart(6)} MB  ${path}`).join('');
}

const ACTIVE_CALLS =
  "fetch('http://127.0.0.1:8081/status').then((r) => r.json()).then((s) => console.log(s.activeCalls))";

/** A call that is under way when the signal comes goes on to its end; then the process ends, with 0. */
async function drain() {
  const call = playCall(['caller-booking', 'caller-goodbye']);
  // Looked at below, whatever comes first.
  call.catch(() => undefined);
  const isOnTheLine = async () =>
    (await podman(['logs', NAMES.gateway])).split('media stream started').length > 2 ? true : undefined;
  await until('a call under way', isOnTheLine, READY_LIMIT_MS);
  expect('calls before the signal', await inside(ACTIVE_CALLS), 1);
  const startedMs = performance.now();
  await podman(['kill', '--signal', 'TERM', NAMES.gateway]);
  const unready = await until(
    'readiness gone',
    async () => ((await status('/readyz')) === 503 ? 503 : undefined),
    10_000,
  );
  const report = await call;
  const code = await podman(['wait', NAMES.gateway], DRAIN_LIMIT_MS);
  expect('exit code', code, '0');
  const tookS = ((performance.now() - startedMs) / 1000).toFixed(1);
  return `/readyz ${unready} at once, exit code ${code} ${tookS} s after the signal\n${indent(report)}`;
}

/** A signal that comes before the process listens must not be lost, as signals to PID 1 are that nobody handles. */
async function signalledEarly() {
  for (const delayMs of EARLY_SIGNALS_MS) {
    await startGateway(NAMES.brief);
    await sleep(delayMs);
    await podman(['kill', '--signal', 'TERM', NAMES.brief]);
    expect(`exit code, signalled after ${delayMs} ms`, await podman(['wait', NAMES.brief], EARLY_EXIT_LIMIT_MS), '0');
    await podman(['rm', '--force', NAMES.brief]);
  }
  return `${EARLY_SIGNALS_MS.join(', ')} ms after the start, exit code 0 each time`;
}

const indent = (text) => text.replace(/^/gm, '          ');

const steps = [
  [
    'the gateway starts from its mounted secrets, and is ready',
    async () => {
      makeSecrets();
      await startModel();
      await startGateway();
      await until('/readyz', async () => ((await status('/readyz')) === 200 ? true : undefined), READY_LIMIT_MS);
    },
  ],
  ['the restricted profile holds', checkProfile],
  ['what is in it', sizes],
  ['a signed call, from the greeting to the hang-up', async () => `\n${indent(await playCall(['caller-booking']))}`],
  ['SIGTERM as PID 1 lets the call end, and then exits with 0', drain],
  ['SIGTERM before it listens ends it too', signalledEarly],
];

async function cleanUp() {
  // One after the other: the model's network is the gateway's too, and cannot go first.
  for (const name of [NAMES.brief, NAMES.gateway, NAMES.model]) {
    await podman(['rm', '--force', '--ignore', '--time', '0', name]).catch(({ message }) => console.error(message));
  }
  rmSync(folder, { recursive: true, force: true });
}

process.once('SIGINT', () => {
  console.error('Stopping: the containers are removed.');
  void cleanUp().finally(() => process.exit(130));
});

console.log(`${IMAGE} under ${spawnSync(runtime, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0]}`);
let failed = false;
try {
  for (const [what, step] of steps) {
    const more = await step();
    console.log(`ok      ${what}${more ? `: ${more}` : ''}`);
  }
} catch (error) {
  failed = true;
  console.error(`FAILED  ${error instanceof Failure ? error.message : error.stack}`);
  console.error(await podman(['logs', '--tail', '50', NAMES.gateway]).catch(({ message }) => message));
} finally {
  await cleanUp();
}
process.exit(failed ? 1 : 0);
