import { Figures } from '../support/cluster-figures.js';
import { type CaughtCall, catchCalls, SITUATIONS, slowTool } from '../support/cluster-situations.js';
import { hangUpAll, setTalkingCluster, type TalkingCluster } from '../support/cluster-talk.js';
import { type HttpPeer } from '../support/http-peer.js';

let around: TalkingCluster;
let peer: HttpPeer;
const figures = new Figures('From kill -9, with a restart at the same address, to resumed speech or caller audio');

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

describe.each([
  ['Telnyx dials again', 'redial'],
  ['nobody says anything', 'none'],
] as const)('after kill -9 and a restart at once, when %s,', (how, reconnect) => {
  let caught: CaughtCall[];

  beforeAll(async () => {
    const { cluster } = around;
    cluster.telnyx.switches.reconnect = reconnect;
    caught = await catchCalls(around, 1, peer);
    for (const call of caught) call.lost();
    await cluster.kill(1);
    // Another process with the same uid at the same address: it answers, and has none of the calls.
    await cluster.restart(1);
  }, 30_000);

  afterAll(() => around.cluster.repair());

  it.each(SITUATIONS)('a call goes on in which %s', async (situation) => {
    const call = caught.find((other) => other.situation === situation);
    await call?.expectKept(figures, how);
  });

  it('they end when the callers hang up', async () => {
    await hangUpAll(
      around,
      caught.map(({ talk }) => talk),
    );
  });
});
