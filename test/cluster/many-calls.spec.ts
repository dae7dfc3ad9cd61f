import { type SimulatedCall } from '../../simulator/telnyx/index.js';
import { eventually } from '../support/calls.js';
import { expectNoCallKeys, pause, setTalkingCluster, type TalkingCluster } from '../support/cluster-talk.js';

const CALLS = 100;
const CALLS_A_SECOND = 20;

let around: TalkingCluster;

beforeAll(async () => {
  around = await setTalkingCluster({
    // One voice for all: nobody listens to who it is.
    realtime: { switches: { responseDelayMs: 50 }, script: { replies: [{ text: 'Hello there.', durationMs: 400 }] } },
  });
});
afterAll(() => around.cluster.close());

describe(`${CALLS} calls at the same time`, () => {
  it('are spread over the pods, go on where they are when their sockets are dialled again, and leave nothing', async () => {
    const { cluster } = around;
    const { telnyx, realtime } = cluster;
    telnyx.switches.reconnect = 'redial';
    telnyx.switches.reconnectDelayMs = 100;
    // A first try of this test leaves its own behind.
    const used = (): number => realtime.sessions.filter(({ appendCount }) => appendCount > 0).length;
    const earlier = { used: used(), requests: telnyx.requests.length };
    const calls: SimulatedCall[] = [];
    while (calls.length < CALLS) {
      calls.push(telnyx.placeCall({ keepAudio: false }));
      await pause(1_000 / CALLS_A_SECOND);
    }
    await Promise.all(calls.map((call) => call.waitFor('heard-audio', 20_000)));
    const owners = await Promise.all(calls.map((call) => cluster.ownerOf(call)));
    for (const pod of cluster.numbers) {
      expect(owners.filter((owner) => owner === pod).length).toBeGreaterThan(CALLS / cluster.numbers.length / 2);
    }

    const busy = (): number => used() - earlier.used;
    expect(busy()).toBe(CALLS);
    // A reload of the ingress: every socket breaks, and most come back to another pod.
    cluster.balancer.cutSockets();
    await Promise.all(calls.map((call) => call.waitFor('stream-started', 20_000, 2)));
    expect(await Promise.all(calls.map((call) => cluster.ownerOf(call)))).toEqual(owners);
    await eventually(() => busy() === CALLS || undefined, 'the same sessions as before');

    for (const call of calls) call.hangUp();
    await cluster.waitForNoCalls(20_000);
    await expectNoCallKeys(around);
    for (const call of calls) {
      expect(cluster.linesOf(call, 'call ended').map((line) => line['endReason'])).toEqual(['caller-hung-up']);
    }
    const asked = telnyx.requests.slice(earlier.requests);
    expect(asked.filter(({ action }) => action !== 'answer')).toEqual([]);
  }, 90_000);
});
