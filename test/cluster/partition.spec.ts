import { type SimulatedCall } from '../../simulator/telnyx/index.js';
import { eventually } from '../support/calls.js';
import { ClusterNetwork } from '../support/cluster-network.js';
import {
  ClusterTalk,
  expectNoCallKeys,
  expectOneConversation,
  hangUpAll,
  setTalkingCluster,
  type TalkingCluster,
  timesSaid,
} from '../support/cluster-talk.js';

const LEASE_MS = 2_000;
const WATCHDOG_S = 2;
/** Beyond all of them: whoever wanted to act on what it does not know has done so. */
const APART_MS = 3_000;
const LIMIT_MS = 20_000;

let around: TalkingCluster;
let network: ClusterNetwork;

beforeAll(async () => {
  network = new ClusterNetwork();
  const env = {
    CALL_LEASE_MS: String(LEASE_MS),
    STREAM_START_TIMEOUT_S: String(WATCHDOG_S),
    // This is about one pod without Redis: the others are not to miss it because the machine is busy.
    REDIS_COMMAND_TIMEOUT_MS: '500',
  };
  around = await setTalkingCluster({ env }, (own) => network.lead(own));
}, 40_000);

afterAll(async () => {
  await around.cluster.close();
  await network.close();
});

/** A call that one pod answers and another one gets the socket of. */
async function beginOver(initiated: number, socket: number): Promise<ClusterTalk> {
  const { balancer } = around.cluster;
  balancer.webhooksTo(initiated);
  balancer.socketsTo(socket);
  const talk = await ClusterTalk.begin(around);
  expect(await around.cluster.ownerOf(talk.call)).toBe(socket);
  return talk;
}

async function talkOn(talks: readonly ClusterTalk[], atLeastMs = 0): Promise<void> {
  const until = performance.now() + atLeastMs;
  do await Promise.all(talks.map((talk) => talk.asks()));
  while (performance.now() < until);
}

async function redialTo(pod: number, talks: readonly ClusterTalk[]): Promise<void> {
  around.cluster.balancer.socketsTo(pod);
  for (const talk of talks) await talk.redialled();
  await talkOn(talks);
}

/** Each is one conversation on the pod that it began on, and Telnyx was asked for nothing. */
async function expectUntouched(talks: readonly ClusterTalk[], owners: readonly number[]): Promise<void> {
  for (const [index, talk] of talks.entries()) {
    await expectOneConversation(around, talk);
    expect(talk.sessions).toHaveLength(1);
    expect(await around.cluster.ownerOf(talk.call)).toBe(owners[index]);
    expect(actions(talk.call)).toEqual(['answer']);
  }
}

const actions = ({ callControlId }: SimulatedCall): string[] =>
  around.cluster.telnyx.requests
    .filter((request) => request.callControlId === callControlId)
    .map(({ action }) => action);

/** Resolves when Redis says of each call that this pod has it. */
async function registered(talks: readonly ClusterTalk[], owners: readonly number[]): Promise<void> {
  const { redis } = around.cluster;
  for (const [index, { call }] of talks.entries()) {
    const who = async () => String(await redis.command('HGET', `parley:{${call.callControlId}}:call`, 'who'));
    const isRight = async () => (await who()).includes(`uid-of-pod-${owners[index]}`) || undefined;
    await eventually(isRight, `pod ${owners[index]} in the record of a call`, LIMIT_MS);
  }
}

describe('a pod that has lost Redis, and reaches everybody else', () => {
  it('keeps its calls, and has new ones like the others', async () => {
    const { cluster } = around;
    const told = (msg: string) => timesSaid(around, 1, msg);
    const [away, back] = [told('Redis is away'), told('Redis is back')];
    const old = [await beginOver(2, 1), await beginOver(1, 2)];
    network.breakRedis(1, 'silence');
    await eventually(() => told('Redis is away') > away || undefined, 'pod 1 to miss Redis', LIMIT_MS);
    const fresh = [await beginOver(1, 1), await beginOver(2, 1), await beginOver(1, 2)];
    const talks = [...old, ...fresh];
    const owners = [1, 2, 1, 1, 2];
    await talkOn(talks, APART_MS);
    await expectUntouched(talks, owners);
    // Whatever pod a socket reaches, it is brought to the one that has the call.
    for (const pod of [3, 2, 1]) await redialTo(pod, talks);
    await expectUntouched(talks, owners);

    network.heal();
    await eventually(() => told('Redis is back') > back || undefined, 'pod 1 to have Redis again', LIMIT_MS);
    await registered(talks, owners);
    await redialTo(3, talks);
    await expectUntouched(talks, owners);
    cluster.balancer.webhooksTo(3);
    await hangUpAll(around, talks);
    for (const { call } of talks) {
      expect(cluster.linesOf(call, 'call ended').map((line) => line['endReason'])).toEqual(['caller-hung-up']);
    }
    await expectNoCallKeys(around);
  }, 120_000);
});

describe('pods that have lost each other, and keep Redis', () => {
  it('keep their calls, and have new ones', async () => {
    const { cluster } = around;
    const old = [await beginOver(2, 1), await beginOver(1, 2)];
    network.breakPods('silence');
    const fresh = [await beginOver(1, 1), await beginOver(2, 1), await beginOver(1, 2)];
    const talks = [...old, ...fresh];
    const owners = [1, 2, 1, 1, 2];
    await talkOn(talks, APART_MS);
    await expectUntouched(talks, owners);
    // Nobody can bring this to the pod that has the call: it finds out by itself.
    const lost = await beginOver(1, 1);
    cluster.balancer.webhooksTo(2);
    lost.call.hangUp();
    await eventually(() => cluster.linesOf(lost.call, 'call ended')[0], 'the end of a call', LIMIT_MS);

    network.heal();
    for (const pod of [2, 1]) await redialTo(pod, talks);
    await expectUntouched(talks, owners);
    await hangUpAll(around, talks);
    for (const { call } of talks) {
      expect(cluster.linesOf(call, 'call ended').map((line) => line['endReason'])).toEqual(['caller-hung-up']);
    }
    await expectNoCallKeys(around);
  }, 120_000);
});
