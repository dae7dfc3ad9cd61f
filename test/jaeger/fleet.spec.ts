import { ATTRS, SPANS } from '../../src/telemetry/trace/names.js';
import { eventually } from '../support/calls.js';
import { ClusterTalk, hangUpAll, setTalkingCluster, type TalkingCluster } from '../support/cluster-talk.js';
import { type JaegerTrace } from './support/jaeger-query.js';
import { JaegerServer } from './support/jaeger-server.js';
import { found, tracedTo, traceOf } from './support/traced.js';
import { below, complaints, orphans } from './support/wholeness.js';

describe('a call in Jaeger whose pod was killed in the middle of it', () => {
  let jaeger: JaegerServer;
  let around: TalkingCluster;
  let trace: JaegerTrace;

  beforeAll(async () => {
    jaeger = await JaegerServer.start();
    around = await setTalkingCluster({ pods: 2, env: tracedTo(jaeger) });
    const { cluster } = around;
    Object.assign(cluster.telnyx.switches, { reconnect: 'redial', reconnectDelayMs: 300 });
    const talk = await ClusterTalk.begin(around);
    await talk.asks();
    const { callControlId } = talk.call;
    // What a pod has not sent dies with it: its batches go each second.
    const tags = { [ATTRS.conversationId]: callControlId };
    await eventually(
      async () => ((await found(jaeger, { operation: SPANS.turn, tags })).length > 0 ? true : undefined),
      'a turn of the first pod in Jaeger',
    );
    const next = talk.nextSession(talk.sessions, 30_000);
    await cluster.kill((await cluster.ownerOf(talk.call)) ?? 0);
    await next;
    await talk.asks();
    await hangUpAll(around, [talk]);
    trace = await traceOf(jaeger, talk.call);
  }, 180_000);

  afterAll(async () => {
    await around.cluster.close();
    await jaeger.close();
  });

  const podsOf = (name: string): Set<string> =>
    new Set(trace.spans.filter(({ operationName }) => operationName === name).map(({ processID }) => processID));

  it('is one whole trace with the spans of both pods', () => {
    expect(below(trace, undefined)).toEqual([SPANS.call]);
    expect([orphans(trace), complaints(trace)]).toEqual([[], []]);
    const pods = Object.values(trace.processes).map(({ tags }) => tags.get('service.instance.id'));
    expect(new Set(pods).size).toBe(2);
    expect([...podsOf(SPANS.turn)].sort()).toEqual(Object.keys(trace.processes).sort());
  });

  it('shows that the other pod has taken it over and resumed the conversation, and ends there', () => {
    const [first] = podsOf(SPANS.call);
    for (const name of [SPANS.takeOver, SPANS.resume, SPANS.summary]) {
      expect([name, podsOf(name).size]).toEqual([name, 1]);
      expect(podsOf(name)).not.toContain(first);
    }
    expect(below(trace, SPANS.call)).toEqual(expect.arrayContaining([SPANS.takeOver, SPANS.resume, SPANS.summary]));
  });
});
