import { eventually } from '../support/calls.js';
import { ClusterTalk, hangUpAll, setTalkingCluster, type TalkingCluster } from '../support/cluster-talk.js';

let around: TalkingCluster;

afterEach(() => around.cluster.close());

describe('pods and their directory', () => {
  it('drain deadline: calls that are left are ended with a sentence, and the pod leaves', async () => {
    around = await setTalkingCluster({ pods: 1, env: { DRAIN_DEADLINE: '2' } });
    const { cluster } = around;
    const talk = await ClusterTalk.begin(around);
    const exit = cluster.drain(1);
    await cluster.balancer.waitForReady([]);
    cluster.balancer.webhooksTo(1);
    expect(await exit).toBe(0);
    expect(cluster.linesOf(talk.call, 'call ended').map((line) => line['endReason'])).toEqual(['shutdown']);
    const commands = cluster.telnyx.requests
      .map(({ action }) => action)
      .filter((action) => action !== 'streaming_stop');
    expect([...new Set(commands)]).toEqual(['answer', 'speak', 'hangup']);
    expect(cluster.pod(1).lines.map(({ msg }) => msg)).toContain('DRAIN_DEADLINE: ending the calls that are left');
  }, 30_000);

  it('directory refuses: new calls hear the busy tone while Redis is away, and nobody else', async () => {
    around = await setTalkingCluster({ pods: 1, env: { REDIS_FAILURE_MODE: 'refuse' } });
    const { cluster } = around;
    const talk = await ClusterTalk.begin(around);
    await cluster.redis.stop();
    await cluster.pod(1).waitForLine(({ msg }) => msg.startsWith('Redis is away'));
    const refused = cluster.telnyx.placeCall();
    await refused.waitFor('rejected');
    expect(refused.hangup?.cause).toBe('user_busy');
    expect(cluster.linesOf(refused, 'call rejected as busy').map((line) => line['verdict'])).toEqual([
      'directory-away',
    ]);
    await talk.asks();
    await cluster.redis.start();
    await cluster.pod(1).waitForLine(({ msg }) => msg === 'Redis is back');
    const late = await ClusterTalk.begin(around);
    await late.asks();
    await hangUpAll(around, [talk, late]);
  }, 40_000);

  it('webhook not forwarded: what it was to tell is found out without it', async () => {
    around = await setTalkingCluster({ pods: 2 });
    const { cluster } = around;
    cluster.balancer.socketsTo(1);
    const talk = await ClusterTalk.begin(around);
    cluster.balancer.webhooksTo(2);
    // Frozen for less than its lease: it is taken for alive, as it was heard of a moment ago.
    cluster.pause(1);
    talk.call.hangUp();
    const refused = () => cluster.linesOf(talk.call, 'webhook could not be forwarded to the pod that has its call');
    await eventually(() => refused()[1], 'two tries');
    cluster.resume(1);
    await eventually(() => cluster.linesOf(talk.call, 'call ended')[0], 'the end of the call');
    await cluster.waitForNoCalls();
  }, 30_000);
});
