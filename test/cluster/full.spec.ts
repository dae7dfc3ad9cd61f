import {
  ClusterTalk,
  expectOneConversation,
  hangUpAll,
  pause,
  setTalkingCluster,
  type TalkingCluster,
} from '../support/cluster-talk.js';

const MAX_CALLS = 2;
const HEARTBEAT_MS = 100;
/** What pods know of each other's calls is no older. */
const HEARD_OF_MS = 5 * HEARTBEAT_MS;

let around: TalkingCluster;

beforeAll(async () => {
  around = await setTalkingCluster({ env: { MAX_CALLS: String(MAX_CALLS), POD_HEARTBEAT_MS: String(HEARTBEAT_MS) } });
});
afterAll(() => around.cluster.close());

describe('a pod that is full', () => {
  it('answers for the others as long as one has room, and rejects as busy when none has', async () => {
    const { cluster } = around;
    const { balancer, telnyx, numbers } = cluster;
    // Every webhook goes to pod 1, every socket to the pod whose turn it is.
    balancer.webhooksTo(1);
    const talks: ClusterTalk[] = [];
    while (talks.length < MAX_CALLS * numbers.length) {
      const pod = numbers[talks.length % numbers.length] ?? 1;
      balancer.socketsTo(pod);
      talks.push(await ClusterTalk.begin(around));
      await pause(HEARD_OF_MS);
    }
    await Promise.all(talks.map((talk) => talk.asks()));
    for (const talk of talks) await expectOneConversation(around, talk);
    expect(balancer.ready).toEqual(numbers);

    for (const pod of numbers) {
      balancer.webhooksTo(pod);
      const refused = telnyx.placeCall();
      await refused.waitFor('rejected');
      expect(refused.hangup?.cause).toBe('user_busy');
    }

    balancer.webhooksTo(1);
    balancer.socketsTo('round-robin');
    talks.pop()?.call.hangUp();
    await pause(HEARD_OF_MS);
    const late = await ClusterTalk.begin(around);
    await late.asks();
    await hangUpAll(around, [...talks, late]);
  }, 60_000);

  it('takes the socket of a call that was answered, or passes it on to a pod with room', async () => {
    const { cluster } = around;
    const { balancer } = cluster;
    balancer.webhooksTo(2);
    balancer.socketsTo(1);
    const full = await Promise.all(Array.from({ length: MAX_CALLS }, () => ClusterTalk.begin(around)));
    await pause(HEARD_OF_MS);
    const late = await ClusterTalk.begin(around);
    await late.asks();
    await expectOneConversation(around, late);
    await hangUpAll(around, [...full, late]);
  }, 40_000);
});
