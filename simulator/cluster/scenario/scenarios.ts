import { type TelnyxSwitches } from '../../telnyx/index.js';
import { type ClusterCaller } from './caller.js';
import { type ClusterStage } from './stage.js';

export type ScenarioName = 'kill' | 'drain' | 'rollout' | 'redis';

/** How the fleet gets to know of a killed pod: what Telnyx makes of the media sockets that broke. */
export type Notice = 'redial' | 'failed' | 'nothing';

export interface Happened {
  /** When trouble began, on the clock of `performance.now()`. */
  readonly atMs: number;
  /** What is waited for after it: the assistant, who was speaking in all calls; the stream on another pod; nothing. */
  readonly resumption: 'speech' | 'stream' | 'none';
  /** What went wrong beside the calls. */
  readonly problems: string[];
}

export interface Scenario {
  readonly about: string;
  readonly env: Record<string, string>;
  readonly telnyx: (notice: Notice) => Partial<TelnyxSwitches>;
  run(stage: ClusterStage, calls: number): Promise<Happened>;
}

const LONG_ANSWER_MS = 6_000;
const ANSWER_MS = 700;
/** Long enough into an answer for words of it to have been heard and written down. */
const INTO_IT_MS = 1_200;
/** Then some callers speak, some listen, and some think. */
const UNDER_WAY_MS = 1_500;
const LEAVES_WITHIN_MS = 90_000;
const READY_WITHIN_MS = 30_000;

const TOLD: Record<Notice, Partial<TelnyxSwitches>> = {
  redial: { reconnect: 'redial', reconnectDelayMs: 300 },
  failed: { lossWebhook: 'streaming.failed', lossWebhookDelayMs: 300 },
  nothing: { lostStream: 'over' },
};

const hangUpAll = (callers: readonly ClusterCaller[]): void => {
  for (const caller of callers) caller.hangsUp();
};

async function kill(stage: ClusterStage, calls: number): Promise<Happened> {
  const { cluster, voices } = stage;
  cluster.balancer.socketsTo(1);
  stage.say(`${calls} calls begin, all of them on pod 1`);
  const callers = await stage.newCallers(calls);
  await stage.oneByOne(callers, (caller) => caller.asks());
  voices.sentenceMs = LONG_ANSWER_MS;
  await Promise.all(callers.map((caller) => caller.startsAnswer()));
  await stage.pause(INTO_IT_MS);
  voices.sentenceMs = ANSWER_MS;
  cluster.balancer.socketsTo('round-robin');
  const atMs = performance.now();
  stage.say('kill -9 of pod 1, while the assistant speaks in every call');
  await cluster.kill(1);
  await Promise.all(callers.map((caller) => caller.hearsAgain(atMs)));
  stage.say('the callers hear the assistant again, and go on');
  await stage.oneByOne(callers, (caller) => caller.asks());
  hangUpAll(callers);
  return { atMs, resumption: 'speech', problems: [] };
}

/** @returns what is wrong about how it left */
async function leave(stage: ClusterStage, pod: number): Promise<string[]> {
  const { cluster } = stage;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, LEAVES_WITHIN_MS, 'late')));
  const code = await Promise.race([cluster.drain(pod), limit]);
  clearTimeout(timer);
  if (code === 0 || stage.stopped.aborted) return [];
  if (code !== 'late') return [`pod ${pod} left with exit code ${code}`];
  await cluster.kill(pod);
  return [`pod ${pod} did not leave within ${LEAVES_WITHIN_MS / 1000} s`];
}

async function drain(stage: ClusterStage, calls: number): Promise<Happened> {
  const { cluster } = stage;
  cluster.balancer.socketsTo(1);
  stage.say(`${calls} calls begin, all of them on pod 1`);
  const callers = await stage.newCallers(calls);
  await stage.oneByOne(callers, (caller) => caller.asks());
  cluster.balancer.socketsTo('round-robin');
  const finish = stage.keepTalking(callers);
  await stage.pause(UNDER_WAY_MS);
  const atMs = performance.now();
  stage.say('pod 1 is told to leave (SIGTERM), and hands its calls over while they go on');
  const problems = await leave(stage, 1);
  stage.say('pod 1 has left');
  await finish();
  await stage.oneByOne(callers, (caller) => caller.asks());
  hangUpAll(callers);
  return { atMs, resumption: 'stream', problems };
}

async function rollout(stage: ClusterStage, calls: number): Promise<Happened> {
  const { cluster } = stage;
  stage.say(`${calls} calls begin, over all pods`);
  const callers = await stage.newCallers(calls);
  await stage.oneByOne(callers, (caller) => caller.asks());
  const finish = stage.keepTalking(callers);
  await stage.pause(UNDER_WAY_MS);
  const atMs = performance.now();
  const problems: string[] = [];
  for (const pod of cluster.numbers) {
    if (stage.stopped.aborted) break;
    stage.say(`pod ${pod} is replaced (SIGTERM, then a new process), and a new call begins`);
    const left = leave(stage, pod);
    const newcomer = await stage.newCaller();
    await newcomer.asks();
    newcomer.hangsUp();
    problems.push(...(await left));
    await cluster.restart(pod);
    await cluster.balancer
      .waitForReady(cluster.numbers, READY_WITHIN_MS)
      .catch((error: Error) => problems.push(error.message));
  }
  stage.say('all pods are new');
  await finish();
  await stage.oneByOne(callers, (caller) => caller.asks());
  hangUpAll(callers);
  return { atMs, resumption: 'none', problems };
}

interface Trouble {
  what: string;
  begin: () => Promise<void> | void;
  end: () => Promise<void> | void;
  after: string;
}

async function redis(stage: ClusterStage, calls: number): Promise<Happened> {
  const server = stage.cluster.redis;
  const troubles: readonly Trouble[] = [
    { what: 'is stopped', begin: () => server.stop(), end: () => server.start(), after: 'is there again, empty' },
    { what: 'hangs (SIGSTOP)', begin: () => server.pause(), end: () => server.resume(), after: 'answers again' },
    { what: 'is restarted, empty', begin: () => server.restart(), end: () => undefined, after: 'is there' },
  ];
  stage.say(`${calls} calls begin, over all pods`);
  const callers = await stage.newCallers(calls);
  await stage.oneByOne(callers, (caller) => caller.asks());
  const atMs = performance.now();
  for (const { what, begin, end, after } of troubles) {
    if (stage.stopped.aborted) break;
    const finish = stage.keepTalking(callers);
    stage.say(`Redis ${what}: calls go on, two begin, and one of them ends`);
    await begin();
    const [stays, ends] = await stage.newCallers(2);
    await Promise.all([stays?.asks(), ends?.asks()]);
    ends?.hangsUp();
    if (stays) callers.push(stays);
    await end();
    stage.say(`Redis ${after}`);
    await stays?.asks();
    await finish();
  }
  await stage.oneByOne(callers, (caller) => caller.asks());
  hangUpAll(callers);
  return { atMs, resumption: 'none', problems: [] };
}

const AT_ONCE = { DRAIN_HANDOVER_AFTER: '0' };

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  kill: {
    about: 'kill -9 of the pod that has all the calls, while the assistant speaks',
    env: {},
    telnyx: (notice) => TOLD[notice],
    run: kill,
  },
  drain: {
    about: 'SIGTERM to the pod that has all the calls, which are handed over while they go on',
    env: AT_ONCE,
    telnyx: () => ({}),
    run: drain,
  },
  rollout: {
    about: 'all pods are replaced one after the other, while calls go on and begin',
    env: AT_ONCE,
    telnyx: () => ({}),
    run: rollout,
  },
  redis: {
    about: 'Redis is stopped, hangs and is restarted empty, while calls go on, begin and end',
    env: {},
    telnyx: () => ({}),
    run: redis,
  },
};
