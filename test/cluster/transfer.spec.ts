import { type RestRequest, type SimulatedCall } from '../../simulator/telnyx/index.js';
import { eventually } from '../support/calls.js';
import {
  ClusterTalk,
  expectNoCallKeys,
  expectOneConversation,
  hangUpAll,
  pause,
  setTalkingCluster,
  type TalkingCluster,
  told,
} from '../support/cluster-talk.js';
import { HttpPeer } from '../support/http-peer.js';

const SALES = '+15550100009';
const LIMIT_MS = 15_000;

/** A call that pod 1 owns, and the leg that rings at the other end. */
interface Transfer {
  talk: ClusterTalk;
  leg: SimulatedCall;
}

interface Report {
  callId: string;
  endReason: string;
  conversation: { transcript: { kind: string; text?: string }[] } | null;
}

let around: TalkingCluster;
let receiver: HttpPeer;

beforeAll(async () => {
  receiver = await HttpPeer.start(() => ({}));
  around = await setTalkingCluster({
    env: {
      TRANSFER_TARGETS: `sales=${SALES}`,
      DRAIN_HANDOVER_AFTER: '0',
      REPORT_URL: receiver.url,
      REPORT_SECRET: 'a-secret-of-the-tests',
    },
    telnyx: { switches: { dialOutcome: 'manual' } },
  });
  steer();
});

afterAll(async () => {
  await around.cluster.close();
  await receiver.close();
});

/** All calls are pod 1's, and no webhook comes to it; what comes at the same moment comes to two pods. */
function steer(): void {
  const { balancer, telnyx } = around.cluster;
  balancer.webhooksTo(({ eventType, callControlId = '' }) => {
    const isSecondLeg = telnyx.find(callControlId)?.direction === 'outgoing';
    const early = eventType === 'call.initiated' || eventType === 'call.bridged';
    return early === isSecondLeg ? 2 : 3;
  });
  balancer.socketsTo(1);
}

/** The assistant connects the caller with sales. */
async function transfer(): Promise<Transfer> {
  const { telnyx } = around.cluster;
  const talk = await ClusterTalk.begin(around);
  expect(await around.cluster.ownerOf(talk.call)).toBe(1);
  const { callSessionId } = talk.call;
  const words = { text: 'I am putting you through.', durationMs: 300 };
  talk.session.respond({ items: [words, { name: 'transfer', arguments: { to: 'sales' } }] });
  const find = (): SimulatedCall | undefined =>
    telnyx.calls.find((leg) => leg !== talk.call && leg.callSessionId === callSessionId);
  const leg = await eventually(find, 'the second leg');
  await webhookPassed(leg, 'call.initiated');
  return { talk, leg };
}

/** Resolves when a pod has taken this webhook. */
function webhookPassed({ callControlId }: SimulatedCall, type: string): Promise<unknown> {
  const { webhooks } = around.cluster.balancer;
  return eventually(
    () => webhooks.find((webhook) => webhook.callControlId === callControlId && webhook.eventType === type),
    type,
    LIMIT_MS,
  );
}

const requestsFor = ({ callControlId }: SimulatedCall): RestRequest[] =>
  around.cluster.telnyx.requests.filter((request) => request.callControlId === callControlId);
const actions = (call: SimulatedCall): string[] => requestsFor(call).map(({ action }) => action);

const reportsOf = ({ callControlId }: SimulatedCall): Report[] =>
  receiver.requests
    .map(({ body }) => (JSON.parse(body) as { data: Report }).data)
    .filter(({ callId }) => callId === callControlId);

const reported = (call: SimulatedCall): Promise<Report> => eventually(() => reportsOf(call)[0], 'a report', LIMIT_MS);

/** Resolves when a pod knows that the two are talking. */
const handedOver = ({ talk: { call } }: Transfer): Promise<unknown> =>
  eventually(() => around.cluster.linesOf(call, 'call handed over')[0], 'the hand-over of the call', LIMIT_MS);

/**
 * The two talk; what must hold of a call that was left alone, to its end and after it.
 * @returns its report.
 */
async function expectLeftAlone({ talk: { call }, leg }: Transfer): Promise<Report> {
  expect([call.state, leg.state]).toEqual(['answered', 'answered']);
  leg.hangUp();
  const { cluster } = around;
  const ends = () => cluster.linesOf(call, 'call ended').map((line) => line['endReason']);
  await eventually(() => ends()[0], 'the end of the call', LIMIT_MS);
  const report = await reported(call);
  await cluster.telnyx.settled();
  expect(ends()).toEqual(['transferred']);
  expect(actions(call)).toEqual(['answer', 'streaming_stop', 'transfer']);
  expect(actions(leg)).toEqual([]);
  expect(reportsOf(call)).toHaveLength(1);
  expect(report.endReason).toBe('transferred');
  return report;
}

const wordsIn = ({ conversation }: Report): unknown[] | undefined => conversation?.transcript.map(({ text }) => text);

/**
 * The second leg came to nothing: what must hold of the caller who is back with the assistant.
 * @param streams how often a media stream is asked for.
 */
async function expectBack({ talk, leg }: Transfer, why: string, streams = 1): Promise<void> {
  const { call } = talk;
  await call.waitFor('stream-started', LIMIT_MS, 2);
  const items = () => talk.sessions.flatMap((session) => told(session));
  const notes = () => items().filter((item) => item.includes('"role":"system"') && item.includes('sales'));
  const note = await eventually(() => notes()[0], 'a note about the transfer', LIMIT_MS);
  expect(note).toContain(`(${why})`);
  // It speaks about it, and goes on.
  const backAtMs = call.heard.sinceAnswer(call.sockets[1]?.startedAtMs ?? NaN);
  const heard = () => call.heard.segments.find(({ startedAtMs }) => startedAtMs > backAtMs);
  await eventually(heard, 'the assistant to be heard again', LIMIT_MS);
  await call.waitFor('stream-started', LIMIT_MS, 1 + streams);
  await call.waitForQuiet(100, LIMIT_MS);
  await talk.asks();
  await expectOneConversation(around, talk);
  // Telnyx refuses a stream that is asked for before it has come to the end of the last one: the same is asked for again.
  const askedFor = new Map(requestsFor(call).map(({ action, body }) => [body['stream_url'] ?? action, action]));
  expect([...askedFor.values()].filter((action) => action !== 'streaming_stop')).toEqual([
    ...['answer', 'transfer', ...Array<string>(streams).fill('streaming_start')],
  ]);
  expect(actions(leg)).toEqual([]);
}

describe('a transfer of which every webhook comes to a pod that does not have the call', () => {
  it('leaves the two alone when somebody answers', async () => {
    const transferred = await transfer();
    transferred.leg.pickUp();
    await handedOver(transferred);
    expect(wordsIn(await expectLeftAlone(transferred))).toContain('I am putting you through.');
    await around.cluster.waitForNoCalls();
    await expectNoCallKeys(around);
  });

  it.each([
    ['user_busy', 'busy'],
    ['no_answer', 'no-answer'],
  ] as const)('brings the caller back to the same pod when it ends with %s', async (cause, why) => {
    const { cluster } = around;
    const transferred = await transfer();
    const { talk, leg } = transferred;
    leg.decline(cause);
    await expectBack(transferred, why);
    expect(await cluster.ownerOf(talk.call)).toBe(1);
    await hangUpAll(around, [talk]);
    expect(cluster.linesOf(talk.call, 'call ended').map((line) => line['endReason'])).toEqual(['caller-hung-up']);
    await expectNoCallKeys(around);
  });
});

describe('a transfer whose pod is killed', () => {
  const WHEN = ['before anybody has noticed', 'when another pod has taken the call'] as const;
  let answered: Transfer[];
  let busy: Transfer[];
  let bridged: Transfer;

  beforeAll(async () => {
    const { cluster } = around;
    const all = await Promise.all(Array.from({ length: 2 * WHEN.length + 1 }, () => transfer()));
    [answered, busy] = [all.slice(0, WHEN.length), all.slice(WHEN.length)];
    bridged = busy.pop() ?? (await transfer());
    bridged.leg.pickUp();
    await handedOver(bridged);
    await reported(bridged.talk.call);
    cluster.balancer.socketsTo('round-robin');
    await cluster.kill(1);
    answered[0]?.leg.pickUp();
    busy[0]?.leg.decline('user_busy');
    for (const { talk } of [...answered, ...busy].filter((_, index) => index % 2 === 1)) {
      const taken = () =>
        cluster.linesOf(talk.call, 'call begins').find((line) => line['taken'] === true && line.podNumber !== 1);
      await eventually(taken, 'another pod to take the call', LIMIT_MS);
    }
    answered[1]?.leg.pickUp();
    busy[1]?.leg.decline('no_answer');
    const lookedAfter = () =>
      [2, 3]
        .flatMap((pod) => cluster.pod(pod).lines)
        .find(({ msg }) => msg === 'a pod is gone; its calls are looked after');
    await eventually(lookedAfter, 'the calls of the pod to be looked after', LIMIT_MS);
  }, 60_000);

  it.each(WHEN)('while it rings is left alone by all pods when somebody answers %s', async (when) => {
    const transferred = at(answered, when);
    await handedOver(transferred);
    // Said on the pod that is gone, and told by one that had no stream of the call.
    expect(wordsIn(await expectLeftAlone(transferred))).toContain('I am putting you through.');
  });

  it('while the two talk is left alone by all pods', async () => {
    expect(wordsIn(await expectLeftAlone(bridged))).toContain('I am putting you through.');
  });

  it.each([
    [WHEN[0], 'busy'],
    [WHEN[1], 'no-answer'],
  ])('while it rings goes on with the assistant on another pod when it fails %s (%s)', async (when, why) => {
    const transferred = at(busy, when);
    await expectBack(transferred, why);
    expect([2, 3]).toContain(await around.cluster.ownerOf(transferred.talk.call));
    transferred.talk.call.hangUp();
  });

  it('leaves nothing behind', async () => {
    await around.cluster.waitForNoCalls();
    await expectNoCallKeys(around);
  });

  function at(transfers: Transfer[], when: (typeof WHEN)[number]): Transfer {
    const found = transfers[WHEN.indexOf(when)];
    if (!found) throw new Error('no such transfer');
    return found;
  }
});

describe('a transfer whose pod is told to leave, and to hand its calls over at once,', () => {
  /** Several looks for calls to be handed over. */
  const DRAINING_MS = 1_500;
  let ringing: Transfer;
  let failing: Transfer;
  let bridged: Transfer;
  let exit: Promise<number | null>;

  beforeAll(async () => {
    const { cluster } = around;
    await cluster.repair();
    steer();
    [ringing, failing, bridged] = await Promise.all([transfer(), transfer(), transfer()]);
    bridged.leg.pickUp();
    await handedOver(bridged);
    cluster.balancer.socketsTo('round-robin');
    exit = cluster.drain(1);
    await cluster.balancer.waitForReady([2, 3]);
    await pause(DRAINING_MS);
  }, 60_000);

  it('is not touched while it rings, nor while the two talk', async () => {
    for (const { talk, leg } of [ringing, failing, bridged]) {
      expect(actions(talk.call)).toEqual(['answer', 'streaming_stop', 'transfer']);
      expect(actions(leg)).toEqual([]);
    }
    ringing.leg.pickUp();
    await handedOver(ringing);
    for (const transferred of [ringing, bridged]) {
      expect(wordsIn(await expectLeftAlone(transferred))).toContain('I am putting you through.');
    }
  });

  it('goes on with the assistant when it fails, and then on another pod', async () => {
    const { talk, leg } = failing;
    leg.decline('user_busy');
    await expectBack(failing, 'busy', 2);
    expect(await exit).toBe(0);
    expect([2, 3]).toContain(await around.cluster.ownerOf(talk.call));
    await talk.asks();
    await hangUpAll(around, [talk]);
    await expectNoCallKeys(around);
  }, 60_000);
});
