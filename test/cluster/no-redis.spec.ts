import {
  ClusterTalk,
  expectOneConversation,
  hangUpAll,
  setTalkingCluster,
  type TalkingCluster,
} from '../support/cluster-talk.js';

const WATCHDOG_S = 2;

let around: TalkingCluster;

beforeAll(async () => {
  // As during the rollout of a deployment of one: for a while there are two, and nothing between them but the network.
  around = await setTalkingCluster({
    pods: 2,
    redis: false,
    env: { STREAM_START_TIMEOUT_S: String(WATCHDOG_S) },
  });
});
afterAll(() => around.cluster.close());
afterEach(() => around.cluster.repair());

describe('two pods without a Redis', () => {
  it.each([
    [1, 2],
    [2, 1],
  ])(
    'are one for a call that pod %i answers and whose socket reaches pod %i',
    async (initiated, socket) => {
      const { cluster } = around;
      cluster.balancer.webhooksTo(initiated);
      cluster.balancer.socketsTo(socket);
      const talk = await ClusterTalk.begin(around);
      const until = performance.now() + WATCHDOG_S * 1000 + 1_000;
      // The pod that answered was told, and does not hang up for want of a socket.
      while (performance.now() < until) await talk.asks();
      await expectOneConversation(around, talk);
      expect(await cluster.ownerOf(talk.call)).toBe(socket);

      cluster.balancer.socketsTo(initiated);
      await talk.redialled();
      await talk.asks();
      expect(talk.sessions).toHaveLength(1);
      await expectOneConversation(around, talk);
      // Only the pod that answered gets the word that the call is over.
      await hangUpAll(around, [talk]);
      expect(cluster.telnyx.requests.filter(({ action }) => action !== 'answer')).toEqual([]);
      expect(cluster.linesOf(talk.call, 'call ended').map((line) => line['endReason'])).toEqual(['caller-hung-up']);
    },
    40_000,
  );
});
