import { type RecordedSpan, RecordedSpans } from '../../telemetry/testing/recorded-spans.js';
import { ATTRS } from '../../telemetry/trace/names.js';
import { FleetStage } from './testing/fleet-stage.js';

const OUTSIDE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('The trace of a call on several pods', () => {
  let spans: RecordedSpans;
  let stage: FleetStage;
  beforeAll(() => (spans = new RecordedSpans()));
  beforeEach(() => {
    spans.forget();
    stage = new FleetStage({ DRAIN_HANDOVER_AFTER: '0' });
  });
  afterEach(() => stage.close());
  afterAll(() => spans.close());

  /** One trace; everything hangs below its root; nothing begins after the totals. */
  function whole(): RecordedSpan[] {
    const { all } = spans;
    const root = spans.one('call');
    expect(new Set(all.map(({ traceId }) => traceId))).toEqual(new Set([root.traceId]));
    for (const span of all) if (span !== root && span.name !== 'call') expect(span.parentSpanId).toBe(root.spanId);
    const last = spans.one('call.summary');
    expect(all.filter(({ startMs }) => startMs > last.endMs).map(({ name }) => name)).toEqual([]);
    return all;
  }

  it('goes on where the first stream lands, and webhooks are in it once, wherever they come', async () => {
    stage.traceparent = OUTSIDE;
    await stage.start('a', 'b');
    await stage.answered('call', 'a');
    await stage.land('call', 'b');
    await stage.webhook('a', 'call.dtmf.received', 'call', { digit: '5' });
    await stage.webhook('b', 'call.dtmf.received', 'call', { digit: '6' });
    await stage.webhook('a', 'call.hangup', 'call');
    await stage.run(100);
    whole();
    expect(spans.one('take_over').attributes).toMatchObject({
      [ATTRS.pod]: 'b',
      [ATTRS.fromPod]: 'a',
      [ATTRS.reason]: 'first-stream',
      [ATTRS.noticedBy]: 'stream',
      [ATTRS.callEpoch]: 1,
    });
    const keys = spans.named('webhook call.dtmf.received');
    expect(keys).toHaveLength(2);
    expect(keys[0]).toMatchObject({ kind: 'server', attributes: { [ATTRS.pod]: 'a', [ATTRS.toPod]: 'b' } });
    expect(keys[1]).toMatchObject({ kind: 'server', attributes: { [ATTRS.pod]: 'b' } });
    expect(keys[1]?.attributes[ATTRS.toPod]).toBeUndefined();
    expect(keys[0]?.links).toEqual(['b7ad6b7169203331']);
    expect(spans.one('webhook call.hangup').attributes[ATTRS.toPod]).toBe('b');
    expect(spans.one('call.summary').attributes).toMatchObject({
      [ATTRS.pod]: 'b',
      [ATTRS.endReason]: 'caller-hung-up',
    });
  });

  it('takes up nothing that comes after the end, on any pod', async () => {
    await stage.start('a', 'b', 'c');
    await stage.answered('call', 'a');
    const stream = await stage.land('call', 'b');
    await stage.webhook('b', 'call.hangup', 'call');
    await stage.run(100);
    const before = whole().length;
    for (const pod of ['a', 'b', 'c']) await stage.webhook(pod, 'streaming.stopped', 'call');
    for (const pod of ['a', 'b', 'c']) await stage.webhook(pod, 'call.hangup', 'call');
    for (const pod of ['a', 'b']) await stage.dial('call', stream.url, pod);
    await stage.run(1_000);
    expect(spans.all).toHaveLength(before);
    for (const pod of ['a', 'b', 'c']) expect(stage.pod(pod).traces.of('call').traceparent).toBeUndefined();
  });

  it('is not taken up again by webhooks once the caller talks to somebody else', async () => {
    await stage.start('a', 'b');
    await stage.talking('call', 'a');
    stage.pod('a').conversations.begun[0]?.call.transfer({ to: '+15550142', name: 'desk' }, undefined);
    await stage.run(20);
    const clientState = stage.secondLegState('call', 'a');
    await stage.webhook('b', 'call.answered', 'leg', { client_state: clientState });
    await stage.run(20);
    expect(whole().map(({ name }) => name)).toEqual(expect.arrayContaining(['transfer', 'call.summary']));
    const before = spans.all.length;
    await stage.webhook('b', 'call.hangup', 'leg', { client_state: clientState });
    await stage.webhook('b', 'call.hangup', 'call');
    await stage.run(100);
    expect(spans.all).toHaveLength(before);
  });

  it('says of a second leg that it is one', async () => {
    await stage.start('a', 'b');
    await stage.talking('call', 'a');
    stage.pod('a').conversations.begun[0]?.call.transfer({ to: '+15550142', name: 'desk' }, undefined);
    await stage.run(20);
    const root = spans.one('call');
    const traceparent = `00-${root.traceId}-${root.spanId}-01`;
    const clientState = Buffer.from(
      JSON.stringify({ v: 2, call: 'call', transfer: 1, traceparent, pod: podStampOf(stage, 'a') }),
    ).toString('base64');
    await stage.webhook('b', 'call.hangup', 'leg', { client_state: clientState, hangup_cause: 'user_busy' });
    await stage.run(20);
    expect(spans.one('webhook call.hangup').attributes).toMatchObject({
      [ATTRS.callId]: 'call',
      [ATTRS.callLeg]: 'second',
      [ATTRS.toPod]: 'a',
    });
    expect(spans.one('transfer').attributes[ATTRS.result]).toBe('busy');
  });

  it('tells how a pod that leaves has given the call away', async () => {
    const [a] = await stage.start('a', 'b');
    await stage.talking('call', 'a');
    stage.lands = () => 'b';
    a?.drain.begin();
    await stage.until('b has it', () => stage.serving('call').includes('b'));
    await stage.run(2_000);
    await stage.webhook('b', 'call.hangup', 'call');
    await stage.run(100);
    whole();
    expect(spans.one('drain').attributes[ATTRS.pod]).toBe('a');
    expect(spans.one('hand_over').attributes).toMatchObject({
      [ATTRS.pod]: 'a',
      [ATTRS.toPod]: 'b',
      [ATTRS.result]: 'claimed',
      [ATTRS.tries]: 1,
    });
    expect(spans.one('take_over').attributes).toMatchObject({
      [ATTRS.pod]: 'b',
      [ATTRS.fromPod]: 'a',
      [ATTRS.reason]: 'moved',
      [ATTRS.noticedBy]: 'stream',
    });
    expect(spans.one('call.summary').attributes[ATTRS.pod]).toBe('b');
  });

  it('tells how the call of a dead pod went on', async () => {
    await stage.start('a', 'b');
    await stage.talking('call', 'a');
    stage.lands = () => 'b';
    stage.kill('a');
    await stage.until('b has it', () => stage.serving('call').includes('b'));
    await stage.run(500);
    await stage.webhook('b', 'call.hangup', 'call');
    await stage.run(100);
    whole();
    expect(spans.one('recover').attributes).toMatchObject({
      [ATTRS.pod]: 'b',
      [ATTRS.fromPod]: 'a',
      [ATTRS.toPod]: 'b',
      [ATTRS.noticedBy]: 'heartbeat',
      [ATTRS.result]: 'stayed',
      [ATTRS.tries]: 1,
    });
    expect(spans.one('take_over').attributes).toMatchObject({ [ATTRS.pod]: 'b', [ATTRS.reason]: 'moved' });
  });

  it('ends for a call whose pod died before its caller hung up', async () => {
    await stage.start('a', 'b');
    await stage.talking('call', 'a');
    stage.kill('a');
    await stage.webhook('b', 'call.hangup', 'call');
    await stage.run(100);
    whole();
    expect(spans.one('take_over').attributes).toMatchObject({
      [ATTRS.noticedBy]: 'webhook',
      [ATTRS.reason]: 'owner-dead',
    });
    expect(spans.one('webhook call.hangup').attributes[ATTRS.pod]).toBe('b');
    expect(spans.one('call.summary').attributes).toMatchObject({
      [ATTRS.pod]: 'b',
      [ATTRS.endReason]: 'caller-hung-up',
    });
  });

  it('goes on while the directory is away', async () => {
    await stage.start('a', 'b');
    await stage.answered('call', 'a');
    stage.store.leave();
    await stage.land('call', 'b');
    await stage.until('b has it', () => stage.serving('call').includes('b'));
    await stage.webhook('b', 'call.hangup', 'call');
    await stage.run(100);
    whole();
    expect(spans.one('take_over').attributes).toMatchObject({ [ATTRS.reason]: 'directory-away', [ATTRS.pod]: 'b' });
  });

  it('tells of a command that was not sent because another pod has the call', async () => {
    const [a] = await stage.start('a', 'b');
    await stage.talking('call', 'a');
    const record = await stage.store.kept.find('call');
    const { pod } = stage.pod('b');
    if (!a || !record) throw new Error('no call');
    await stage.store.kept.claim({ callControlId: 'call', pod, aboveEpoch: 5, dead: a.pod, otherwise: record });
    const sent = a.factory.commands.sendKeys('call', '1', 'cause');
    await expect(stage.outcome(sent)).resolves.toMatchObject({ ok: false });
    expect(spans.one('telnyx send_dtmf')).toMatchObject({ failed: true, attributes: { [ATTRS.commandFenced]: true } });
  });
});

function podStampOf(stage: FleetStage, name: string): string[] {
  const { uid, bootId, address } = stage.pod(name).pod;
  return [uid, bootId, address];
}
