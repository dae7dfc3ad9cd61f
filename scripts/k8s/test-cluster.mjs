/**
 * Tries the chart on a real cluster: installs the try-out (doubles of Telnyx and OpenAI, two gateways) in a namespace of its
 * own that enforces the restricted Pod Security Standard, runs `helm test`, and plays phone calls through a rolling upgrade
 * and through the death of a pod. Every call must go on to its end. Says how it went, and removes all of it again.
 *
 *   KUBECONFIG=… PARLEY_IMAGE=registry.example.com/parley:0.1.0 npm run test:cluster [-- --keep]
 *
 * `PARLEY_IMAGE` (registry/repository:tag) is one that the cluster can pull or already has; without it, the chart's own.
 * `--keep` leaves the namespace. Exit code 0: all went well, or there is no KUBECONFIG and nothing was tried; 1: it did not.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
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
const POLL_MS = 2000;
/** What a gateway writes to its log when a call's audio begins. */
const STREAM_STARTED = 'media stream started';

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

/** Names of the gateways that run and are not leaving, with how many calls' audio began on each. */
async function gateways() {
  const { items } = JSON.parse(await kubectl('get', 'pods', '--selector', GATEWAYS, '--output', 'json'));
  const staying = items
    .filter(({ metadata, status }) => status.phase === 'Running' && !metadata.deletionTimestamp)
    .map(({ metadata }) => metadata.name);
  return Promise.all(
    staying.map(async (name) => {
      const log = await kubectl('logs', name, '--container', 'parley');
      return { name, streams: log.split(STREAM_STARTED).length - 1 };
    }),
  );
}

const total = (pods) => pods.reduce((sum, { streams }) => sum + streams, 0);

/** Places the calls, lets something happen once all are under way, and waits for their end. Throws where one was lost. */
async function playCalls(name, happens) {
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
  return log.trim().split('\n').at(-1);
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
