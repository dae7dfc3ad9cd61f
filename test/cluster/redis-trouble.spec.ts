import { eventually } from '../support/calls.js';
import { type Cluster } from '../support/cluster.js';
import {
  callKeys,
  ClusterTalk,
  expectOneConversation,
  hangUpAll,
  pause,
  setTalkingCluster,
  type TalkingCluster,
} from '../support/cluster-talk.js';

let around: TalkingCluster;

beforeAll(async () => {
  around = await setTalkingCluster();
});
afterAll(() => around.cluster.close());
afterEach(() => around.cluster.repair());

interface Trouble {
  begin: (cluster: Cluster) => Promise<void> | void;
  end: (cluster: Cluster) => Promise<void> | void;
}

const TROUBLES: readonly [string, Trouble][] = [
  ['is stopped, and comes back empty', { begin: ({ redis }) => redis.stop(), end: ({ redis }) => redis.start() }],
  ['hangs, and goes on', { begin: ({ redis }) => redis.pause(), end: ({ redis }) => redis.resume() }],
  ['is restarted empty', { begin: ({ redis }) => redis.restart(), end: () => undefined }],
];

/** The longest that a webhook was kept waiting; Telnyx delivers again after 2 s. */
const slowestWebhookMs = ({ telnyx }: Cluster): number =>
  Math.max(...telnyx.webhooks.map(({ latencyMs }) => latencyMs));

/** Resolves when Redis holds a record of each of these calls, or of none of them. */
async function recordsToBe(there: boolean, talks: readonly ClusterTalk[]): Promise<void> {
  const until = performance.now() + 10_000;
  for (;;) {
    const keys = (await callKeys(around)).filter((key) => key.endsWith(':call'));
    const found = talks.filter(({ call }) => keys.some((key) => key.includes(`{${call.callControlId}}`)));
    if (found.length === (there ? talks.length : 0)) return;
    if (performance.now() > until) throw new Error(`${found.length} of ${talks.length} calls are in Redis`);
    await pause(50);
  }
}

describe.each(TROUBLES)('when Redis %s,', (_, trouble) => {
  it('calls that are there go on, new ones are taken, and all of them end', async () => {
    const { cluster } = around;
    const { telnyx } = cluster;
    const delivered = telnyx.webhooks.length;
    const old = await ClusterTalk.begin(around);
    const owner = await cluster.ownerOf(old.call);
    await trouble.begin(cluster);
    await old.asks();
    const [fresh, short] = await Promise.all([ClusterTalk.begin(around), ClusterTalk.begin(around)]);
    await Promise.all([old.asks(), fresh.asks()]);
    short.call.hangUp();
    await eventually(() => cluster.linesOf(short.call, 'call ended')[0], 'the end of a call');
    await trouble.end(cluster);
    const talks = [old, fresh];
    await Promise.all(talks.map((talk) => talk.asks()));
    for (const talk of talks) await expectOneConversation(around, talk);
    expect(await cluster.ownerOf(old.call)).toBe(owner);
    // Registered again, so that a webhook or a socket finds its pod wherever it comes in.
    await recordsToBe(true, talks);
    await Promise.all(talks.map((talk) => talk.redialled()));
    await Promise.all(talks.map((talk) => talk.asks()));
    for (const talk of talks) expect(talk.sessions).toHaveLength(1);
    await hangUpAll(around, talks);
    await recordsToBe(false, [...talks, short]);
    expect(telnyx.requests.filter(({ action }) => action === 'hangup')).toEqual([]);
    expect(telnyx.webhooks.slice(delivered).every(({ status }) => status === 200)).toBe(true);
    expect(slowestWebhookMs(cluster)).toBeLessThan(2_000);
  }, 60_000);

  it('a socket that is dialled again meanwhile finds its conversation', async () => {
    const { cluster } = around;
    cluster.balancer.socketsTo(1);
    const talk = await ClusterTalk.begin(around);
    await trouble.begin(cluster);
    cluster.balancer.socketsTo(2);
    await talk.redialled();
    await talk.asks();
    await expectOneConversation(around, talk);
    expect(talk.sessions).toHaveLength(1);
    expect(await cluster.ownerOf(talk.call)).toBe(1);
    await trouble.end(cluster);
    await talk.asks();
    await hangUpAll(around, [talk]);
    await recordsToBe(false, [talk]);
  }, 60_000);
});

describe('when Redis is away', () => {
  it('pods stay alive and ready', async () => {
    const { cluster } = around;
    await cluster.redis.stop();
    const talk = await ClusterTalk.begin(around);
    for (const path of ['/livez', '/readyz']) {
      for (const pod of cluster.numbers) {
        expect((await cluster.pod(pod).request(path, { management: true })).status).toBe(200);
      }
    }
    await hangUpAll(around, [talk]);
    await cluster.redis.start();
  });
});
