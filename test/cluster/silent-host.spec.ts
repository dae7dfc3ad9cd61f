import { type RestRequest } from '../../simulator/telnyx/index.js';
import { eventually } from '../support/calls.js';
import { Figures } from '../support/cluster-figures.js';
import { type CaughtCall, catchCalls, SITUATIONS, slowTool } from '../support/cluster-situations.js';
import { hangUpAll, setTalkingCluster, type TalkingCluster } from '../support/cluster-talk.js';
import { type HttpPeer } from '../support/http-peer.js';

/** Beyond the lease. */
const TURN_MS = 9_000;

let around: TalkingCluster;
let peer: HttpPeer;
let caught: CaughtCall[];
const figures = new Figures('From the silence of a host (SIGSTOP) to resumed speech, or to caller audio');

beforeAll(async () => {
  const tool = await slowTool();
  peer = tool.peer;
  around = await setTalkingCluster({ env: tool.env });
  caught = await catchCalls(around, 1, peer, TURN_MS);
  for (const call of caught) call.lost();
  // Its sockets stay open, and connections to it are taken by the kernel: nothing proves that it is dead.
  around.cluster.pause(1);
}, 30_000);

afterAll(async () => {
  figures.print();
  await around.cluster.close();
  await peer.close();
});

const ids = (): string[] => caught.map(({ talk }) => talk.call.callControlId);
const commands = (): RestRequest[] =>
  around.cluster.telnyx.requests.filter(({ callControlId = '' }) => ids().includes(callControlId));

describe('after the host of a pod has fallen silent', () => {
  it.each(SITUATIONS)('a call goes on in which %s, when the lease is over', async (situation) => {
    const call = caught.find((other) => other.situation === situation);
    await call?.expectKept(figures, 'lease');
  });

  it('the old owner finds that it is no longer that, and does nothing to the calls', async () => {
    const { cluster } = around;
    const before = commands().length;
    const sessions = caught.map(({ talk }) => talk.session);
    cluster.resume(1);
    await eventually(() => cluster.balancer.ready.includes(1) || undefined, 'pod 1 to be ready again');
    await cluster.pod(1).waitForStatus(({ heldCalls }) => heldCalls === 0);
    for (const [index, { talk }] of caught.entries()) {
      expect(talk.call.state).toBe('answered');
      expect(await cluster.ownerOf(talk.call)).not.toBe(1);
      await talk.asks();
      expect(talk.session).toBe(sessions[index]);
    }
    expect(commands().slice(before)).toEqual([]);
    await hangUpAll(
      around,
      caught.map(({ talk }) => talk),
    );
    expect(commands().filter(({ action }) => action === 'hangup')).toEqual([]);
  });
});
