import { type TraceSpan } from '../../simulator/trace/span.js';
import {
  ClusterTalk,
  expectOneConversation,
  hangUpAll,
  setTalkingCluster,
  type TalkingCluster,
} from '../support/cluster-talk.js';
import { eventually } from '../support/calls.js';
import { OtlpReceiver, traceOf, traceSoFar } from '../support/otlp-receiver.js';

let around: TalkingCluster;
let collector: OtlpReceiver;

beforeAll(async () => {
  collector = await OtlpReceiver.start();
  around = await setTalkingCluster({
    env: { ...collector.traceSettings, DRAIN_HANDOVER_AFTER: '1', TELNYX_COMMAND_TIMEOUT_MS: '2000' },
  });
}, 30_000);

afterAll(async () => {
  await around.cluster.close();
  await collector.close();
});
afterEach(() => around.cluster.repair());

const podOf = ({ resource }: TraceSpan): string => String(resource['k8s.pod.name']);
const podsOf = (spans: readonly TraceSpan[]): string[] => [...new Set(spans.map(podOf))].sort();

/** A call on one pod, of which all turns so far have been sent. */
async function talkOn(pod: number): Promise<ClusterTalk> {
  const { cluster } = around;
  cluster.balancer.webhooksTo(pod);
  cluster.balancer.socketsTo(pod);
  const talk = await ClusterTalk.begin(around);
  await talk.asks();
  cluster.balancer.webhooksTo('round-robin');
  cluster.balancer.socketsTo('round-robin');
  await eventually(
    () => (traceSoFar(collector, talk.call).turns.length >= 2 ? true : undefined),
    'the spans of the first turns',
  );
  return talk;
}

describe('the trace of a call over two pods', () => {
  it('is one and whole when the first was killed: with the spans of both, and no orphan', async () => {
    const { cluster } = around;
    const talk = await talkOn(1);
    const before = traceSoFar(collector, talk.call);
    const next = talk.nextSession(talk.sessions);
    await cluster.kill(1);
    await next;
    const owner = await eventually(() => cluster.ownerOf(talk.call), 'another pod that has the call');
    await talk.asks();
    await expectOneConversation(around, talk);
    await hangUpAll(around, [talk]);
    const trace = await traceOf(collector, talk.call);

    trace.expectWhole();
    trace.expectNothingAfterSummary();
    expect(trace.traceId).toBe(before.traceId);
    expect(new Set(trace.spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(podsOf(trace.spans)).toEqual(expect.arrayContaining(['pod-1', `pod-${owner}`]));
    expect(podOf(trace.root)).toBe('pod-1');
    expect(podOf(trace.one('call.summary'))).toBe(`pod-${owner}`);

    // Nothing that had been sent is sent again by the other pod.
    for (const turn of before.turns)
      expect(
        trace.turns.filter(
          ({ attributes }) => attributes['parley.turn.number'] === turn.attributes['parley.turn.number'],
        ),
      ).toHaveLength(1);
    const numbers = trace.turns.map(({ attributes }) => Number(attributes['parley.turn.number']));
    expect(numbers).toEqual([...numbers].sort((one, other) => one - other));

    const takeOver = trace.one('take_over');
    expect(takeOver).toMatchObject({
      status: 'unset',
      attributes: { 'parley.call.epoch': expect.any(Number) as number },
    });
    const recover = trace.named('recover').filter(({ status }) => status !== 'error');
    expect(recover).toMatchObject([{ attributes: { 'parley.from_pod': 'pod-1' } }]);
    expect(podOf(takeOver)).toBe(`pod-${owner}`);
    const resume = trace.one('resume');
    expect(resume).toMatchObject({ kind: 'client', attributes: { 'parley.reason': 'moved' } });
    expect(podOf(resume)).toBe(`pod-${owner}`);
    expect(Number(resume.attributes['parley.session.items_told'])).toBeGreaterThan(1);
    expect(trace.named('realtime_connect').map(podOf)).toEqual(['pod-1']);
    expect(trace.one('call.summary').attributes).toMatchObject({
      'parley.call.end_reason': 'caller-hung-up',
      'parley.call.turns': numbers.length - 1,
    });
  }, 60_000);

  it('is one and whole when the first was drained, and tells of the hand-over', async () => {
    const { cluster } = around;
    const talk = await talkOn(1);
    const next = talk.nextSession(talk.sessions);
    const drained = cluster.drain(1);
    await next;
    await talk.asks();
    expect(await drained).toBe(0);
    const owner = await cluster.ownerOf(talk.call);
    await hangUpAll(around, [talk]);
    const trace = await traceOf(collector, talk.call);

    trace.expectWhole();
    trace.expectNothingAfterSummary();
    expect(podsOf(trace.spans)).toEqual(expect.arrayContaining(['pod-1', `pod-${owner}`]));
    expect(podOf(trace.one('hand_over'))).toBe('pod-1');
    expect(podOf(trace.one('resume'))).toBe(`pod-${owner}`);
    expect(trace.named('call.summary').map(podOf)).toEqual([`pod-${owner}`]);
    // A command may be refused while Telnyx is at the one before, and is tried again.
    const failed = trace.spans.filter(({ name, status }) => status === 'error' && !name.startsWith('telnyx '));
    expect(failed.map((span) => [span.name, podOf(span), span.attributes])).toEqual([]);
  }, 60_000);

  it('has the spans of a pod that only relays or forwards', async () => {
    const { cluster } = around;
    const talk = await talkOn(1);
    cluster.balancer.socketsTo(2);
    cluster.balancer.webhooksTo(3);
    await talk.redialled();
    await talk.asks();
    expect(await cluster.ownerOf(talk.call)).toBe(1);
    await hangUpAll(around, [talk]);
    await traceOf(collector, talk.call);
    // What others passed on ends a moment after the call, and is sent by themselves.
    const trace = await eventually(() => {
      const sofar = traceSoFar(collector, talk.call);
      return sofar.named('relay').length > 0 && sofar.named('webhook call.hangup').length > 0 ? sofar : undefined;
    }, 'the spans of the other pods');
    trace.expectWhole();
    trace.expectNothingAfterSummary();
    expect(podsOf(trace.named('relay'))).toEqual(['pod-2']);
    const webhook = trace.one('webhook call.hangup');
    expect([podOf(webhook), webhook.attributes['parley.to_pod']]).toEqual(['pod-3', 'pod-1']);
  }, 60_000);
});
