import {
  ClusterTalk,
  expectOneConversation,
  hangUpAll,
  setTalkingCluster,
  type TalkingCluster,
} from '../support/cluster-talk.js';

let around: TalkingCluster;

beforeAll(async () => {
  around = await setTalkingCluster();
});
afterAll(() => around.cluster.close());
afterEach(() => around.cluster.repair());

describe('a webhook that reaches several pods', () => {
  it.each([
    ['at the same moment', { kind: 'concurrent', copies: 3 } as const],
    ['one after the other', { kind: 'duplicate', copies: 2, afterMs: 60 } as const],
  ])('%s acts once', async (_, fault) => {
    const { cluster } = around;
    const { telnyx, balancer } = cluster;
    telnyx.faults.webhooks.all('*', fault);
    const deliveries = new Map<string | undefined, number>();
    balancer.webhooksTo(({ eventType }) => {
      const earlier = deliveries.get(eventType) ?? 0;
      deliveries.set(eventType, earlier + 1);
      return 1 + (earlier % 3);
    });
    const talk = await ClusterTalk.begin(around);
    await talk.asks();
    await expectOneConversation(around, talk);
    const { callControlId } = talk.call;
    await hangUpAll(around, [talk]);
    await telnyx.settled();
    const took = balancer.webhooks.filter((webhook) => webhook.callControlId === callControlId);
    const initiated = took.filter(({ eventType }) => eventType === 'call.initiated');
    expect(new Set(initiated.map(({ pod }) => pod)).size).toBe(3);
    expect(took.every(({ status }) => status === 200)).toBe(true);
    const requests = telnyx.requests.filter((request) => request.callControlId === callControlId);
    expect(requests.map(({ action }) => action)).toEqual(['answer']);
    expect(cluster.linesOf(talk.call, 'call ended')).toHaveLength(1);
  });
});
