import { eventually } from '../support/calls.js';
import {
  ClusterTalk,
  expectOneConversation,
  hangUpAll,
  setTalkingCluster,
  type TalkingCluster,
  timesSaid,
} from '../support/cluster-talk.js';
import { Sentinels } from '../support/sentinels.js';

const LIMIT_MS = 40_000;

let around: TalkingCluster;
let sentinels: Sentinels;

beforeAll(async () => {
  sentinels = await Sentinels.start();
  around = await setTalkingCluster({
    redis: false,
    env: {
      REDIS_SENTINELS: `127.0.0.1:${sentinels.sentinel.port}`,
      REDIS_SENTINEL_NAME: Sentinels.masterName,
    },
    telnyx: { switches: { reconnect: 'redial', reconnectDelayMs: 300 } },
  });
}, 90_000);
afterAll(async () => {
  await around.cluster.close();
  await sentinels.close();
});

const backs = (): number[] => around.cluster.numbers.map((pod) => timesSaid(around, pod, 'Redis is back'));

/** Another server becomes the master; all the while people talk, and more of them call. */
async function failOver(talks: ClusterTalk[]): Promise<void> {
  const before = backs();
  const old = await sentinels.master();
  await old.stop();
  const begun = [ClusterTalk.begin(around)];
  const fresh = sentinels.successorOf(old);
  const until = performance.now() + LIMIT_MS;
  while (backs().some((count, index) => count === before[index])) {
    expect(performance.now()).toBeLessThan(until);
    await Promise.all(talks.map((talk) => talk.asks()));
  }
  begun.push(ClusterTalk.begin(around));
  talks.push(...(await Promise.all(begun)));
  const master = await fresh;
  for (const { call } of talks) {
    const there = async () =>
      (await master.command('EXISTS', `parley:{${call.callControlId}}:call`)) === 1 || undefined;
    await eventually(there, 'the record of a call with the new master', LIMIT_MS);
  }
  expect(talks.every((talk) => talk.sessions.length === 1)).toBe(true);
}

/** A pod dies: what is written with the new master is enough to go on. */
async function survive(pod: number, talks: readonly ClusterTalk[]): Promise<void> {
  const { cluster } = around;
  await Promise.all(talks.map((talk) => talk.asks()));
  const moved: ClusterTalk[] = [];
  for (const talk of talks) if ((await cluster.ownerOf(talk.call)) === pod) moved.push(talk);
  expect(moved.length).toBeGreaterThan(0);
  const resumed = moved.map((talk) => talk.nextSession(talk.sessions));
  await cluster.kill(pod);
  await Promise.all(resumed);
  await Promise.all(talks.map((talk) => talk.asks()));
  for (const talk of talks) {
    await expectOneConversation(around, talk);
    expect(talk.sessions).toHaveLength(moved.includes(talk) ? 2 : 1);
  }
}

describe('when the master of Redis is killed, and a sentinel puts a replica in its place,', () => {
  it('calls go on, new ones are taken, and a pod that is killed after that is survived', async () => {
    const { cluster } = around;
    const talks: ClusterTalk[] = [];
    for (const pod of cluster.numbers) {
      cluster.balancer.socketsTo(pod);
      talks.push(await ClusterTalk.begin(around));
    }
    cluster.balancer.socketsTo('round-robin');
    await failOver(talks);
    await survive(1, talks);
    await hangUpAll(around, talks);
    expect(cluster.telnyx.requests.filter(({ action }) => action === 'hangup')).toEqual([]);
  }, 120_000);
});
