import { eventually } from '../support/calls.js';
import { type Cluster } from '../support/cluster.js';
import { Figures } from '../support/cluster-figures.js';
import { type CaughtCall, catchCalls, SITUATIONS, slowTool } from '../support/cluster-situations.js';
import {
  ClusterTalk,
  expectOneConversation,
  hangUpAll,
  setTalkingCluster,
  type TalkingCluster,
} from '../support/cluster-talk.js';
import { type HttpPeer } from '../support/http-peer.js';

const figures = new Figures('Hand-over');
afterAll(() => figures.print());

/** The readiness that Kubernetes would see. */
const readiness = async (cluster: Cluster, pod: number): Promise<string> =>
  (await cluster.pod(pod).request('/readyz', { management: true })).body.trim();

describe('a pod that is told to leave, and to hand its calls over at once,', () => {
  let around: TalkingCluster;
  let peer: HttpPeer;
  let caught: CaughtCall[];
  let toldAtMs: number;
  let exit: Promise<number | null>;

  beforeAll(async () => {
    const tool = await slowTool();
    peer = tool.peer;
    around = await setTalkingCluster({ env: { ...tool.env, DRAIN_HANDOVER_AFTER: '0' } });
    caught = await catchCalls(around, 1, peer);
    toldAtMs = performance.now();
    exit = around.cluster.drain(1);
  }, 30_000);

  afterAll(async () => {
    await around.cluster.close();
    await peer.close();
  });

  it('leaves with exit code 0', async () => {
    expect(await exit).toBe(0);
    figures.add('SIGTERM to exit, with four calls', performance.now() - toldAtMs);
  }, 40_000);

  it.each(SITUATIONS)('has handed a call over in which %s', async (situation) => {
    const call = caught.find((other) => other.situation === situation);
    await call?.expectHandedOver(figures);
  });

  it('has let all words be said and every tool run once', async () => {
    expect(peer.requests).toHaveLength(1);
    expect(around.cluster.telnyx.requests.filter(({ action }) => action === 'hangup')).toEqual([]);
    await hangUpAll(
      around,
      caught.map(({ talk }) => talk),
    );
  });
});

describe('a pod that is told to leave and has time', () => {
  let around: TalkingCluster;

  beforeAll(async () => {
    around = await setTalkingCluster({ pods: 2 });
  });
  afterAll(() => around.cluster.close());
  afterEach(() => around.cluster.repair());

  it('keeps its calls until they end, takes no new ones, and leaves', async () => {
    const { cluster } = around;
    cluster.balancer.socketsTo(1);
    const talk = await ClusterTalk.begin(around);
    cluster.balancer.socketsTo('round-robin');
    const exit = cluster.drain(1);
    await cluster.balancer.waitForReady([2]);
    expect(await readiness(cluster, 1)).toBe('draining');
    const newTalk = await ClusterTalk.begin(around);
    expect(await cluster.ownerOf(newTalk.call)).toBe(2);
    await talk.asks();
    expect(await cluster.ownerOf(talk.call)).toBe(1);
    // Re-dialled, its socket reaches a pod that is ready, and is passed on to the one that is leaving.
    await talk.redialled();
    await talk.asks();
    await expectOneConversation(around, talk);
    expect(talk.sessions).toHaveLength(1);
    talk.call.hangUp();
    expect(await exit).toBe(0);
    await newTalk.asks();
    await hangUpAll(around, [newTalk]);
  });

  it('answers for the fleet what was already on its way to it', async () => {
    const { cluster } = around;
    cluster.balancer.socketsTo(1);
    const talk = await ClusterTalk.begin(around);
    const exit = cluster.drain(1);
    await cluster.balancer.waitForReady([2]);
    cluster.balancer.webhooksTo(1);
    // The webhook reaches the pod that is leaving, the socket the one that stays.
    cluster.balancer.socketsTo('round-robin');
    const newTalk = await ClusterTalk.begin(around);
    await newTalk.asks();
    await expectOneConversation(around, newTalk);
    expect(await cluster.ownerOf(newTalk.call)).toBe(2);
    talk.call.hangUp();
    newTalk.call.hangUp();
    expect(await exit).toBe(0);
  });

  it('leaves its calls to the others when it is told twice', async () => {
    const { cluster } = around;
    cluster.balancer.socketsTo(1);
    const talks = await Promise.all([ClusterTalk.begin(around), ClusterTalk.begin(around)]);
    cluster.balancer.socketsTo('round-robin');
    const hangups = () => cluster.telnyx.requests.filter(({ action }) => action === 'hangup').length;
    const before = hangups();
    const exit = cluster.drain(1);
    await cluster.balancer.waitForReady([2]);
    for (const { call } of talks) expect(await cluster.ownerOf(call)).toBe(1);
    // They go on as after a kill.
    const resumed = talks.map((talk) => talk.nextSession(talk.sessions));
    cluster.pod(1).process.kill('SIGTERM');
    expect(await exit).toBe(1);
    await Promise.all(resumed);
    await Promise.all(talks.map((talk) => talk.asks()));
    for (const talk of talks) {
      await expectOneConversation(around, talk);
      expect(talk.sessions).toHaveLength(2);
      expect(await cluster.ownerOf(talk.call)).toBe(2);
    }
    expect(hangups()).toBe(before);
    await hangUpAll(around, talks);
  }, 40_000);

  it('says that new calls are to be delivered again while there is no other pod', async () => {
    const { cluster } = around;
    cluster.balancer.socketsTo(1);
    const talk = await ClusterTalk.begin(around);
    await cluster.kill(2);
    const exit = cluster.drain(1);
    await cluster.balancer.waitForReady([]);
    // The last beats of a killed pod are believed for a moment.
    cluster.balancer.webhooksTo(1);
    const refused = async (): Promise<boolean> => {
      const { callControlId } = cluster.telnyx.placeCall();
      const initiated = () => cluster.balancer.webhooks.find((hook) => hook.callControlId === callControlId);
      const { status } = await eventually(initiated, 'an answer to call.initiated');
      cluster.telnyx.find(callControlId)?.hangUp();
      return status === 503;
    };
    const until = performance.now() + 8_000;
    while (!(await refused())) expect(performance.now()).toBeLessThan(until);
    await talk.asks();
    talk.call.hangUp();
    expect(await exit).toBe(0);
  });
});
