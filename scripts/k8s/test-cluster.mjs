/**
 * Tries the chart on a real cluster: installs the try-out (doubles of Telnyx and OpenAI, two gateways) in a namespace of its
 * own that enforces the restricted Pod Security Standard, runs `helm test`, and plays phone calls through a rolling upgrade,
 * through the death of a pod, and with a key that is replaced. Every call must go on to its end, and be one trace in
 * Jaeger. Says how it went, and removes all of it again.
 *
 *   KUBECONFIG=… PARLEY_IMAGE=registry.example.com/parley:0.1.0 npm run test:cluster [-- --keep]
 *
 * `PARLEY_IMAGE` (registry/repository:tag) is one that the cluster can pull or already has; without it, the chart's own.
 * `--keep` leaves the namespace. Exit code 0: all went well, or there is no KUBECONFIG and nothing was tried; 1: it did not.
 */
import { Buffer } from 'node:buffer';
import { execFile, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import { URLSearchParams } from 'node:url';
import { promisify } from 'node:util';
import { findTools } from './helm.mjs';

const run = promisify(execFile);

const RELEASE = 'parley';
const CALLS = 6;
const NAMESPACE = `parley-test-${randomBytes(3).toString('hex')}`;
const GATEWAYS = `app.kubernetes.io/instance=${RELEASE},app.kubernetes.io/component=gateway`;
/** Images may have to be pulled. */
const INSTALL_LIMIT = '10m';
const CALLS_LIMIT_MS = 300_000;
/** Pods send their spans every second. */
const TRACES_LIMIT_MS = 30_000;
const POLL_MS = 2000;
/** What a gateway writes to its log when a call's audio begins, and when it has taken a new key from its file. */
const STREAM_STARTED = 'media stream started';
const KEY_READ = 'TELNYX_PUBLIC_KEY was read again';

class Failure extends Error {}

function skip(reason) {
  console.log(`SKIPPED: nothing was tried. ${reason}`);
  console.log(
    'It needs KUBECONFIG with a cluster (kind, minikube or a real one) in which you may make namespaces, kubectl, Helm,\n' +
      'and an image of Parley that the cluster can pull or has loaded: PARLEY_IMAGE=registry/repository:tag.',
  );
  process.exit(0);
}

if (!process.env['KUBECONFIG']) skip('KUBECONFIG is not set.');
const tools = await findTools();
const helmPath = tools.helm4.path ?? tools.helm3.path;
const kubectlPath = tools.kubectl.path;
if (!helmPath) skip(`There is no Helm: ${tools.helm4.missing}.`);
if (!kubectlPath) skip(`There is no kubectl: ${tools.kubectl.missing}.`);

const options = { maxBuffer: 16 * 1024 * 1024 };
async function output(path, args) {
  try {
    return (await run(path, args, options)).stdout;
  } catch (error) {
    throw new Failure(`${args.slice(0, 3).join(' ')}: ${error.stderr || error.stdout || error.message}`);
  }
}
const helm = (...args) => output(helmPath, [...args, '--namespace', NAMESPACE]);
const kubectl = (...args) => output(kubectlPath, ['--namespace', NAMESPACE, ...args]);

/** Asks until there is an answer. Throws when there is none in time. */
async function until(what, ask, limitMs = CALLS_LIMIT_MS) {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Failure(`${what}: not within ${limitMs / 1000} s`);
    await sleep(POLL_MS);
  }
}

function imageValues() {
  const image = process.env['PARLEY_IMAGE'];
  if (!image) return [];
  const [, registry, repository, tag] = /^(?:([^/]+[.:][^/]*|localhost)\/)?([^:]+):([^:/]+)$/.exec(image) ?? [];
  if (!repository) throw new Failure('PARLEY_IMAGE must be registry/repository:tag');
  return [`image.registry=${registry ?? ''}`, `image.repository=${repository}`, `image.tag=${tag}`];
}

/** Several callers with four turns each, so that every call outlives what happens to the pods. */
function values() {
  const turns = ['caller-booking', 'caller-goodbye', 'caller-booking', 'caller-goodbye'];
  const extraArgs = ['--calls', CALLS, '--rate', 2].map((text, index) => `simulator.extraArgs[${index}]=${text}`);
  const set = [
    'replicaCount=2',
    'minReadySeconds=0',
    // A node of two cores has room for three gateways and what belongs to them.
    'resources.requests.cpu=100m',
    // Soon enough for a test: a hand-over is what a rollout in production does after three minutes.
    'drain.handoverAfterSeconds=2',
    'drain.deadlineSeconds=120',
    `simulator.callerSays={${turns.join(',')}}`,
  ];
  return [
    ...['--values', 'charts/parley/ci/try-out-values.yaml'],
    ...set.flatMap((one) => ['--set', one]),
    // A tag or an argument that looks like a number is none.
    ...[...extraArgs, ...imageValues()].flatMap((one) => ['--set-string', one]),
  ];
}

/** The gateways that run and are not leaving: name, log, and how many calls' audio began there. */
async function gateways() {
  const { items } = JSON.parse(await kubectl('get', 'pods', '--selector', GATEWAYS, '--output', 'json'));
  const staying = items
    .filter(({ metadata, status }) => status.phase === 'Running' && !metadata.deletionTimestamp)
    .map(({ metadata }) => metadata.name);
  return Promise.all(
    staying.map(async (name) => {
      const log = await kubectl('logs', name, '--container', 'parley');
      return { name, log, streams: log.split(STREAM_STARTED).length - 1 };
    }),
  );
}

const total = (pods) => pods.reduce((sum, { streams }) => sum + streams, 0);

/** Places the calls, lets something happen once all are under way, and waits for their end. Throws where one was lost. */
async function playCalls(name, happens = async () => undefined) {
  const before = total(await gateways());
  await kubectl('create', 'job', name, `--from=cronjob/${RELEASE}-simulated-call`);
  await until(`${CALLS} calls under way`, async () => {
    return total(await gateways()) >= before + CALLS ? true : undefined;
  });
  await happens();
  const { failed } = await until(`the end of the calls (${name})`, async () => {
    const { status } = JSON.parse(await kubectl('get', 'job', name, '--output', 'json'));
    return status.succeeded || status.failed ? status : undefined;
  });
  const log = await kubectl('logs', `job/${name}`);
  if (failed) throw new Failure(`calls were lost (${name}):\n${log}`);
  return /^.*calls? went as asked$/m.exec(log)?.[0].trim();
}

/** Opens a way to a Service for as long as `use` takes. In: its name and port. */
async function forwarded(service, port, use) {
  const args = ['--namespace', NAMESPACE, 'port-forward', `service/${service}`, `:${port}`];
  const forward = spawn(kubectlPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    for await (const line of createInterface({ input: forward.stdout })) {
      const [, local] = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line) ?? [];
      if (local) return await use(`http://127.0.0.1:${local}`);
    }
    throw new Failure(`port-forward to ${service} ended`);
  } finally {
    forward.kill();
  }
}

/** Every call is one trace, to its end, and those that moved have spans of more than one pod. */
function findTraces() {
  // Those of `helm test`, through the upgrade, and through a pod's death.
  const wanted = 3 * CALLS;
  let found = 'no answer';
  const ask = async (address) => {
    const search = new URLSearchParams({ service: 'parley', operation: 'call.summary', limit: '100' });
    const answer = await fetch(`${address}/api/traces?${search}`);
    found = `status ${answer.status}`;
    if (!answer.ok) return undefined;
    const { data } = await answer.json();
    const over = data.filter(({ processes }) => Object.keys(processes).length > 1).length;
    found = `${data.length} traces, ${over} over several pods`;
    return data.length === wanted && over > 0 ? found : undefined;
  };
  return forwarded(`${RELEASE}-jaeger`, 16686, (address) =>
    until(`${wanted} calls in Jaeger`, () => ask(address), TRACES_LIMIT_MS).catch(({ message }) => {
      throw new Failure(`${message}; last: ${found}`);
    }),
  );
}

/** Telnyx signs with another key from now on: the Secrets change, and nothing else does. */
async function replaceKey() {
  const running = (await gateways()).map(({ name }) => name);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const publicText = Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url').toString('base64');
  const change = (secret, stringData) => kubectl('patch', 'secret', secret, '--patch', JSON.stringify({ stringData }));
  await change(RELEASE, { TELNYX_PUBLIC_KEY: publicText });
  await change(`${RELEASE}-simulator`, { 'telnyx.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }) });
  await until('the new key, read by every gateway', async () =>
    (await gateways()).every(({ log }) => log.includes(KEY_READ)) ? true : undefined,
  );
  const outcome = await playCalls('calls-new-key');
  const { items } = JSON.parse(await kubectl('get', 'pods', '--selector', GATEWAYS, '--output', 'json'));
  const restarted = items.filter(
    ({ metadata, status }) => !running.includes(metadata.name) || status.containerStatuses[0].restartCount > 0,
  );
  if (restarted.length > 0) throw new Failure(`started anew: ${restarted.map(({ metadata }) => metadata.name)}`);
  return outcome;
}

const steps = [
  [
    'the chart installs, in a namespace that enforces the restricted standard',
    async () => {
      await output(kubectlPath, ['create', 'namespace', NAMESPACE]);
      const label = 'pod-security.kubernetes.io/enforce=restricted';
      await output(kubectlPath, ['label', 'namespace', NAMESPACE, label]);
      await helm('install', RELEASE, 'charts/parley', '--wait', '--timeout', INSTALL_LIMIT, ...values());
    },
  ],
  ['helm test passes', () => helm('test', RELEASE, '--timeout', '10m').then(() => undefined)],
  [
    'calls go on through a rolling upgrade',
    () =>
      playCalls('calls-upgrade', async () => {
        // A change of the pods and of nothing else.
        const change = ['--set-string', 'podAnnotations.test-cluster=upgraded'];
        await helm('upgrade', RELEASE, 'charts/parley', '--wait', '--timeout', INSTALL_LIMIT, ...values(), ...change);
        const pods = JSON.parse(await kubectl('get', 'pods', '--selector', GATEWAYS, '--output', 'json')).items;
        const old = pods.filter(
          ({ metadata }) => !metadata.deletionTimestamp && metadata.annotations['test-cluster'] !== 'upgraded',
        );
        if (old.length > 0) throw new Failure(`${old.length} pods were not replaced`);
      }),
  ],
  [
    'calls go on when a pod dies',
    () =>
      playCalls('calls-kill', async () => {
        const [busiest] = (await gateways()).sort((one, other) => other.streams - one.streams);
        await kubectl('delete', 'pod', busiest.name, '--grace-period=0', '--force');
      }),
  ],
  ['Jaeger has every call as one trace', findTraces],
  // The last: the next `helm upgrade` would find Secrets that somebody else has changed.
  ['a replaced key takes effect without a restart', replaceKey],
];

/** For whoever reads why. */
async function tell() {
  for (const args of [
    ['get', 'pods', '--output', 'wide'],
    ['get', 'events', '--sort-by=.lastTimestamp'],
    ['logs', '--selector', GATEWAYS, '--prefix', '--tail=100'],
  ]) {
    console.error(await kubectl(...args).catch(({ message }) => message));
  }
}

async function cleanUp() {
  if (process.argv.includes('--keep')) return console.log(`Left as it is: namespace ${NAMESPACE}`);
  // With the namespace goes all that is in it, Helm's record too. Nothing of the chart's try-out is outside it.
  await output(kubectlPath, ['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--timeout=5m']);
}

process.once('SIGINT', () => {
  console.error('Stopping: the namespace is removed.');
  void cleanUp().finally(() => process.exit(130));
});

const context = (await output(kubectlPath, ['config', 'current-context'])).trim();
console.log(`Cluster ${context}, namespace ${NAMESPACE}`);
let failed = false;
try {
  for (const [what, step] of steps) {
    const startedMs = performance.now();
    const more = await step();
    const took = Math.round((performance.now() - startedMs) / 1000);
    console.log(`ok      ${what} (${took} s)${typeof more === 'string' ? `: ${more}` : ''}`);
  }
} catch (error) {
  failed = true;
  console.error(`FAILED  ${error instanceof Failure ? error.message : error.stack}`);
  await tell();
} finally {
  await cleanUp();
}
process.exit(failed ? 1 : 0);
