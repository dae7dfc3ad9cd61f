import { type TelnyxSwitches } from '../../simulator/telnyx/index.js';
import { Figures } from '../support/cluster-figures.js';
import { type CaughtCall, catchCalls, SITUATIONS, slowTool } from '../support/cluster-situations.js';
import { expectNoCallKeys, hangUpAll, setTalkingCluster, type TalkingCluster } from '../support/cluster-talk.js';
import { type HttpPeer } from '../support/http-peer.js';

/** How the fleet gets to know: what Telnyx makes of a media socket that broke. */
const NEWS: readonly [string, Partial<TelnyxSwitches>][] = [
  ['Telnyx dials again', { reconnect: 'redial', reconnectDelayMs: 300 }],
  ['streaming.failed comes', { lossWebhook: 'streaming.failed', lossWebhookDelayMs: 300 }],
  ['streaming.stopped comes', { lossWebhook: 'streaming.stopped', lossWebhookDelayMs: 300 }],
  ['nobody says anything', { lostStream: 'over' }],
  ['nobody says anything, and the stream stays in use', { lostStream: 'in-use' }],
];

const QUIET: Partial<TelnyxSwitches> = { reconnect: 'none', lossWebhook: 'none', lostStream: 'over' };

let around: TalkingCluster;
let peer: HttpPeer;
const figures = new Figures('From kill -9 to resumed speech, or to caller audio reaching the model');

beforeAll(async () => {
  const tool = await slowTool();
  peer = tool.peer;
  around = await setTalkingCluster({ env: tool.env });
});

afterAll(async () => {
  figures.print();
  await around.cluster.close();
  await peer.close();
});

describe.each(NEWS)('after kill -9 of a pod, when %s,', (how, switches) => {
  let caught: CaughtCall[];
  let toolRequests: number;

  beforeAll(async () => {
    const { cluster } = around;
    Object.assign(cluster.telnyx.switches, QUIET, switches);
    caught = await catchCalls(around, 1, peer);
    toolRequests = peer.requests.length;
    for (const call of caught) call.lost();
    await cluster.kill(1);
  }, 30_000);

  afterAll(() => around.cluster.repair());

  it.each(SITUATIONS)('a call goes on in which %s', async (situation) => {
    const call = caught.find((other) => other.situation === situation);
    await call?.expectKept(figures, how);
  });

  it('no tool has run twice, no call was hung up, and nothing is left of them', async () => {
    expect(peer.requests).toHaveLength(toolRequests);
    const ids = caught.map(({ talk }) => talk.call.callControlId);
    const hangups = around.cluster.telnyx.requests.filter(({ action }) => action === 'hangup');
    expect(hangups.filter(({ callControlId = '' }) => ids.includes(callControlId))).toEqual([]);
    await hangUpAll(
      around,
      caught.map(({ talk }) => talk),
    );
    await expectNoCallKeys(around);
  });
});
