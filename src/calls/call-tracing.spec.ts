import { trace as otel } from '@opentelemetry/api';
import { InMemoryCallDirectory } from '../affinity/directory/in-memory-call-directory.js';
import { type ConversationObserver } from '../conversation/observer.port.js';
import { RecordedSpans } from '../telemetry/testing/recorded-spans.js';
import { CallTrace } from '../telemetry/trace/call-trace.js';
import { ATTRS } from '../telemetry/trace/names.js';
import { type CallConversation } from './call-conversation.js';
import { type CallState, INITIAL_CALL_STATE } from './call-events.js';
import { CallSpans } from './call-spans.js';
import { readClientState } from './client-state.js';
import { ConversationObservers } from './conversation-observers.js';
import { verifyStreamToken } from './stream-token.js';
import {
  BareLine,
  hangup,
  identity,
  initiated,
  news,
  REPORT,
  setUp,
  settle,
  talking,
  tidyUp,
} from './testing/stage.js';
import { BROKEN, GONE } from './testing/scripted-commands.js';
import { type CallWebhook } from './webhook-event.js';
import { type WebhookReceipt } from './webhook-receipt.js';

const OUTSIDE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const receipt = (more: Partial<WebhookReceipt> = {}): WebhookReceipt => ({
  eventId: 'event',
  eventType: 'call.initiated',
  receivedAtMs: Date.now(),
  occurredAtMs: undefined,
  traceparent: OUTSIDE,
  ...more,
});
const numbers = { callSessionId: 'session', from: '+493012345', to: '+15550100' };
const ringing = (id: string): CallWebhook => ({ ...initiated(id), call: identity(id, numbers) }) as CallWebhook;

describe('The trace of a call', () => {
  let spans: RecordedSpans;
  beforeAll(() => (spans = new RecordedSpans()));
  beforeEach(() => spans.forget());
  afterEach(async () => {
    await settle();
    await settle();
    tidyUp();
  });
  afterAll(() => spans.close());

  it('begins with the receipt of the webhook and is answered; what the request brought along is a link', async () => {
    const { webhooks } = setUp({ POD_NAME: 'parley-0' });
    const receivedAtMs = Date.now() - 40;
    await webhooks.handle(ringing('call'), receipt({ receivedAtMs }));
    const root = spans.one('call');
    expect(root).toMatchObject({ kind: 'server', parentSpanId: undefined, failed: false, startMs: receivedAtMs });
    expect(root.endMs).toBeGreaterThanOrEqual(receivedAtMs + 40);
    expect(root.traceId).not.toBe(OUTSIDE.split('-')[1]);
    expect(root.links).toEqual(['b7ad6b7169203331']);
    expect(root.attributes).toMatchObject({
      [ATTRS.callId]: 'call',
      [ATTRS.sessionId]: 'session',
      [ATTRS.pod]: 'parley-0',
      [ATTRS.webhookEventId]: 'event',
      [ATTRS.fromHash]: expect.stringMatching(/^[0-9a-f]{20}$/) as string,
      [ATTRS.toHash]: expect.stringMatching(/^[0-9a-f]{20}$/) as string,
    });
    expect(JSON.stringify(spans.all)).not.toMatch(/493012345|15550100/);
  });

  it('travels in the token and the client state of its stream, and in its papers', async () => {
    const { webhooks, commands, keyring, calls } = setUp();
    await webhooks.handle(ringing('call'), receipt());
    const root = spans.one('call');
    const traceparent = `00-${root.traceId}-${root.spanId}-01`;
    const [stream] = commands.streams;
    expect(verifyStreamToken(stream?.url.split('/').at(-1) ?? '', keyring)?.traceparent).toBe(traceparent);
    expect(readClientState(stream?.clientState)?.traceparent).toBe(traceparent);
    expect(calls.find('call')?.papers.traceparent).toBe(traceparent);
  });

  it('says why a call was rejected, which is a failure only where the trouble is ours', async () => {
    const full = setUp({ MAX_CALLS: '1' });
    await full.webhooks.handle(ringing('one'), receipt());
    await full.webhooks.handle(ringing('two'), receipt());
    const [, rejected] = spans.named('call');
    expect(rejected).toMatchObject({
      failed: true,
      attributes: { [ATTRS.callRejected]: 'full', 'error.type': 'full' },
    });
    const strict = setUp({ CALLER_CALLS_PER_MINUTE: '1' });
    await strict.webhooks.handle(ringing('three'), receipt());
    await strict.webhooks.handle(ringing('four'), receipt());
    const tooOften = spans.named('call').at(-1);
    expect(tooOften).toMatchObject({ failed: false, attributes: { [ATTRS.callRejected]: 'caller-too-often' } });
    expect(strict.traces.of('four').traceparent).toBeUndefined();
  });

  it('says that a call was sent on, which is no failure', async () => {
    const { webhooks } = setUp({ MAX_CALLS: '1', OVERFLOW_NUMBER: '+15550199' });
    await webhooks.handle(ringing('one'), receipt());
    await webhooks.handle(ringing('two'), receipt());
    const [, sentOn] = spans.named('call');
    expect(sentOn).toMatchObject({ failed: false, attributes: { [ATTRS.callOverflowed]: 'full' } });
  });

  it('has a failed beginning where Telnyx does not take the answer, unless the caller was faster', async () => {
    const { webhooks, commands } = setUp();
    commands.outcomes['answer'] = [BROKEN, GONE];
    await webhooks.handle(ringing('one'), receipt());
    await webhooks.handle(ringing('two'), receipt());
    expect(spans.named('call').map(({ failed }) => failed)).toEqual([true, false]);
  });

  it('ends with the totals, and nothing comes after them', async () => {
    const stage = setUp();
    class Counting extends BareLine {
      override close() {
        super.close();
        return { codec: 'pcmu', sockets: 1, frames: 500, framesOut: 90, gaps: 2, paddedBytes: 1_600, late: 3 } as const;
      }
    }
    await stage.webhooks.handle(ringing('call'), receipt());
    stage.calls.streamStarted('call', new Counting());
    stage.calls.streamReady('call');
    const usage = { inputTextTokens: 10, inputAudioTokens: 200, outputTextTokens: 5, outputAudioTokens: 300 };
    const summary = { turns: 4, interruptions: 1, resumes: 0, costUsd: 0.25, usage };
    (stage.begun[0] as { -readonly [K in keyof CallConversation]: CallConversation[K] }).summary = summary;
    await stage.webhooks.handle(hangup('call'));
    await settle();
    await settle();
    const root = spans.one('call');
    const last = spans.one('call.summary');
    expect(last).toMatchObject({ kind: 'internal', traceId: root.traceId, parentSpanId: root.spanId, failed: false });
    expect(last.attributes).toMatchObject({
      [ATTRS.callId]: 'call',
      [ATTRS.fromHash]: root.attributes[ATTRS.fromHash],
      [ATTRS.toHash]: root.attributes[ATTRS.toHash],
      [ATTRS.endReason]: 'caller-hung-up',
      [ATTRS.streamCodec]: 'pcmu',
      [ATTRS.mediaFramesIn]: 500,
      [ATTRS.mediaFramesOut]: 90,
      [ATTRS.mediaGaps]: 2,
      [ATTRS.mediaPaddedMs]: 200,
      [ATTRS.mediaDropped]: 3,
      [ATTRS.callTurns]: 4,
      [ATTRS.callInterruptions]: 1,
      [ATTRS.callResumes]: 0,
      [ATTRS.callCostUsd]: 0.25,
      [ATTRS.inputTokens]: 210,
      [ATTRS.outputTokens]: 305,
    });
    expect(last.attributes[ATTRS.callDurationMs]).toBeGreaterThanOrEqual(0);
    expect(stage.traces.of('call').traceparent).toBeUndefined();
    await stage.webhooks.handle(news('speak-ended', 'call'));
    expect(stage.tracing.of('call', `00-${root.traceId}-${root.spanId}-01`).recording).toBe(false);
    expect(spans.names.at(-1)).toBe('call.summary');
  });

  it('waits with them until the last words are known', async () => {
    const stage = setUp({ REPORT_URL: 'https://reports.example.com', REPORT_SECRET: 'a secret for the reports' });
    await talking(stage, 'call');
    let known: () => void = () => undefined;
    const [conversation] = stage.begun;
    if (conversation) conversation.lastWords = new Promise((resolve) => (known = () => resolve(undefined as never)));
    await stage.webhooks.handle(hangup('call'));
    await settle();
    expect(spans.named('call.summary')).toEqual([]);
    known();
    await settle();
    await settle();
    expect(spans.one('call.summary').attributes[ATTRS.endReason]).toBe('caller-hung-up');
  });

  it('ends in failure where the call did', async () => {
    const stage = setUp();
    await talking(stage, 'call');
    stage.calls.end('call', 'model-lost', false);
    await stage.webhooks.handle(hangup('call'));
    await settle();
    await settle();
    expect(spans.one('call.summary')).toMatchObject({ failed: true, attributes: { 'error.type': 'model-lost' } });
  });

  it('has a span for a transfer, and ends where the caller talks to somebody else', async () => {
    const stage = setUp();
    await talking(stage, 'call', { callSessionId: 'session' });
    stage.begun[0]?.call.transfer({ to: '+15550142', name: 'desk' }, undefined);
    await settle();
    const state = readClientState(stage.commands.transfers[0]?.clientState);
    expect(state?.traceparent).toContain(spans.one('call').traceId);
    await stage.webhooks.handle(news('answered', 'leg', { callSessionId: 'session' }));
    await settle();
    await settle();
    expect(spans.one('transfer')).toMatchObject({
      failed: false,
      attributes: { [ATTRS.result]: 'handed-over', [ATTRS.transferNumber]: 1 },
    });
    expect(spans.one('call.summary').attributes[ATTRS.endReason]).toBe('transferred');
    expect(JSON.stringify(spans.all)).not.toContain('15550142');
    // Whoever takes the call over from here on has nothing to add.
    expect(stage.calls.find('call')?.papers.traceparent).toBeUndefined();
    await stage.webhooks.handle(hangup('call'));
    await settle();
    await settle();
    expect(spans.named('call.summary')).toHaveLength(1);
  });

  it('says why a transfer came to nothing', async () => {
    const stage = setUp();
    await talking(stage, 'call', { callSessionId: 'session' });
    stage.begun[0]?.call.transfer({ to: '+15550142', name: 'desk' }, undefined);
    await settle();
    await stage.webhooks.handle(news('hangup', 'leg', { callSessionId: 'session', cause: 'user_busy' }));
    expect(spans.one('transfer')).toMatchObject({ failed: false, attributes: { [ATTRS.result]: 'busy' } });
  });

  it('has a span for the time without a media stream', async () => {
    const stage = setUp();
    const line = await talking(stage, 'call');
    stage.calls.streamLost('call');
    expect(spans.named('stream_lost')).toEqual([]);
    stage.calls.streamStarted('call', line);
    expect(spans.one('stream_lost').attributes).toMatchObject({
      [ATTRS.result]: 'dialled-again',
      [ATTRS.streamAttempt]: 0,
    });
    stage.calls.streamLost('call');
    stage.clock.advance(2_000);
    stage.calls.streamStarted('call', line);
    const [, anew] = spans.named('stream_lost');
    expect(anew?.attributes).toMatchObject({ [ATTRS.result]: 'started-anew', [ATTRS.streamAttempt]: 1 });
  });

  it('has none where Telnyx only closes the stream of a call that is over', async () => {
    const stage = setUp();
    await talking(stage, 'call');
    stage.calls.streamLost('call');
    await stage.webhooks.handle(hangup('call'));
    await settle();
    await settle();
    expect(spans.names).toEqual(['call', 'call.summary']);
  });

  it('has one where the caller did not wait for the stream to come back', () => {
    let nowMs = 1_000_000;
    const { trace, span } = CallTrace.begin(otel.getTracer('parley'), 'call', {});
    const streaming: CallState = { ...INITIAL_CALL_STATE, phase: 'streaming', streamed: true };
    const watch = new CallSpans('call', trace, streaming, () => nowMs);
    watch.changed({ ...streaming, phase: 'interrupted' });
    nowMs += 4_000;
    watch.changed({ ...streaming, phase: 'ended', endReason: 'caller-hung-up' });
    span.end();
    expect(spans.one('stream_lost')).toMatchObject({
      ...{ startMs: 1_000_000, endMs: 1_004_000, failed: false },
      attributes: { [ATTRS.result]: 'caller-hung-up' },
    });
  });

  it('has the totals of what was said on another pod, where nobody has talked here', async () => {
    const stage = setUp();
    await stage.webhooks.handle(ringing('call'), receipt());
    const { traceparent } = stage.traces.of('call');
    const elsewhere = setUp();
    const totals = { turns: 3, interruptions: 1, transcriptionSeconds: 0, knownCostUsd: 0.5, costUsd: 0.5 };
    elsewhere.calls.adopt({
      ...{ callControlId: 'call', epoch: 2, baseUrl: 'wss://gw.example.com', record: undefined, traceparent },
      conversation: new Map([['totals', { ...totals, usage: REPORT.usage }]]),
    });
    await elsewhere.webhooks.handle(hangup('call'));
    await settle();
    await settle();
    expect(spans.one('call.summary').attributes).toMatchObject({ [ATTRS.callTurns]: 3, [ATTRS.callCostUsd]: 0.5 });
  });

  it('ends once where the call is over for two pods, which need not be known where there is one', async () => {
    class Common extends InMemoryCallDirectory {
      readonly asked: string[] = [];
      override turn(what: string, periodMs: number): Promise<boolean> {
        this.asked.push(what);
        return super.turn(what, periodMs);
      }
    }
    const directory = Object.assign(new Common(), { shared: true });
    await directory.turn('summary call', 1_000_000);
    const [mine, alone] = [setUp({}, directory), setUp()];
    await mine.webhooks.handle(ringing('call'), receipt());
    await mine.webhooks.handle(hangup('call'));
    expect(mine.calls.heldCalls).toBe(1);
    await settle();
    await settle();
    expect(spans.named('call.summary')).toEqual([]);
    expect([mine.calls.heldCalls, mine.traces.of('call').traceparent]).toEqual([0, undefined]);
    expect(directory.asked).toEqual(['summary call', 'summary call']);
    await alone.webhooks.handle(ringing('call'), receipt());
    await alone.webhooks.handle(hangup('call'));
    await settle();
    await settle();
    expect(spans.named('call.summary')).toHaveLength(1);
  });

  it('is left alone by a pod whose call goes on elsewhere', async () => {
    const stage = setUp();
    await talking(stage, 'call');
    stage.calls.dismiss('call');
    await settle();
    expect(spans.names).toEqual(['call']);
    expect(stage.traces.of('call').traceparent).toBeUndefined();
  });

  it('has its id on every line of the call that is logged', async () => {
    const stage = setUp();
    await talking(stage, 'call');
    expect(stage.calls.find('call')?.log.bindings()).toMatchObject({
      callId: 'call',
      traceId: spans.one('call').traceId,
    });
  });

  it('gives whoever watches conversations the call that one is about', async () => {
    const asked: string[] = [];
    const observer: ConversationObserver = {
      turnOver: () => undefined,
      sessionOpened: () => undefined,
      modelRefused: () => undefined,
    };
    class Watching extends ConversationObservers {
      of(callId: string): ConversationObserver {
        asked.push(callId);
        return observer;
      }
    }
    const stage = setUp({}, undefined, new Watching());
    await talking(stage, 'call');
    expect(asked).toEqual(['call']);
    expect(stage.begun[0]?.talking).toMatchObject({ observer });
  });
});

describe('A call that nobody traces', () => {
  it('goes as usual, and carries no context', async () => {
    const { webhooks, commands, keyring, calls, tracing } = setUp();
    await webhooks.handle(ringing('call'), receipt());
    const token = commands.streams[0]?.url.split('/').at(-1) ?? '';
    expect(verifyStreamToken(token, keyring)).toMatchObject({ callControlId: 'call', traceparent: undefined });
    expect(Buffer.from(commands.streams[0]?.clientState ?? '', 'base64').toString()).not.toContain('traceparent');
    expect(calls.find('call')?.log.bindings()).toEqual({ callId: 'call' });
    expect(tracing.of('call', undefined).recording).toBe(false);
    tidyUp();
  });
});
