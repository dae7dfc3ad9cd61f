import { type SimulatedCall } from '../../simulator/telnyx/index.js';
import {
  expectNoCallKeys,
  ClusterTalk,
  expectOneConversation,
  hangUpAll,
  setTalkingCluster,
  type TalkingCluster,
} from '../support/cluster-talk.js';

const PODS = [1, 2, 3];

/** Where the load balancer sends what belongs to one call. */
interface Route {
  initiated: number;
  socket: number;
  later: number;
}

let around: TalkingCluster;
const routes = new Map<string, Route>();

beforeAll(async () => {
  around = await setTalkingCluster();
  const { telnyx, balancer } = around.cluster;
  balancer.webhooksTo(({ eventType, callControlId = '' }) => {
    const route = routes.get(callControlId);
    return (eventType === 'call.initiated' ? route?.initiated : route?.later) ?? 'round-robin';
  });
  balancer.socketsTo(({ path }) => {
    const call = telnyx.calls.find(({ sockets }) => sockets.some(({ url }) => url.endsWith(path)));
    const route = routes.get(call?.callControlId ?? '');
    return (call?.sockets.length === 1 ? route?.socket : route?.later) ?? 'round-robin';
  });
});
afterAll(() => around.cluster.close());

/** One call from ringing to its end, over the pods that the route names. */
async function talkOver(route: Route): Promise<ClusterTalk> {
  const talk = await ClusterTalk.begin(around, {}, ({ callControlId }) => routes.set(callControlId, route));
  expect(await around.cluster.ownerOf(talk.call)).toBe(route.socket);
  await talk.asks();
  await talk.redialled();
  // Lands on another pod, which passes it on: the conversation stays where it is.
  await talk.asks();
  await expectOneConversation(around, talk);
  expect(talk.sessions).toHaveLength(1);
  expect(await around.cluster.ownerOf(talk.call)).toBe(route.socket);
  return talk;
}

const endings = ({ callControlId }: SimulatedCall): string[] =>
  around.cluster.linesOf({ callControlId }, 'call ended').map((line) => String(line['endReason']));

const COMBINATIONS = PODS.flatMap((socket) => PODS.map((later) => ({ socket, later })));

describe.each(PODS)('a call that pod %i answers', (initiated) => {
  it('is one conversation, whatever pods its sockets and the rest of its webhooks reach', async () => {
    const talks = await Promise.all(COMBINATIONS.map((others) => talkOver({ initiated, ...others })));
    await hangUpAll(around, talks);
    for (const { call } of talks) expect(endings(call)).toEqual(['caller-hung-up']);
    await expectNoCallKeys(around);
    expect(around.cluster.telnyx.requests.filter(({ action }) => action === 'hangup')).toEqual([]);
  });
});
