import { loadConfig } from '../../config/load-config.js';
import { type SessionOpening, type TurnTimeline } from '../../conversation/observer.port.js';
import { type RecordedSpan, RecordedSpans } from '../testing/recorded-spans.js';
import { CallTraces } from '../trace/call-traces.js';
import { type CallObserver, ConversationTelemetry } from './conversation-telemetry.js';
import { failed, response, T0, tool, turn } from './testing/turns.js';
import { TurnFigures } from './turn-figures.js';

const CALL = 'v3:call';
const OPENING: SessionOpening = {
  cause: 'begin',
  startedAtMs: T0,
  endedAtMs: T0 + 10,
  sessionId: 'sess_1',
  attempts: 1,
  failure: undefined,
  itemsTold: 0,
};

class KeptFigures extends TurnFigures {
  readonly kept: (TurnTimeline | SessionOpening)[] = [];
  turn(over: TurnTimeline): void {
    this.kept.push(over);
  }
  session(opening: SessionOpening): void {
    this.kept.push(opening);
  }
}

describe('ConversationTelemetry', () => {
  let spans: RecordedSpans;
  let traces: CallTraces;
  let figures: KeptFigures;

  beforeEach(() => {
    spans = new RecordedSpans();
    traces = new CallTraces();
    figures = new KeptFigures();
  });
  afterEach(() => spans.close());

  function observer(env: Record<string, string> = {}): CallObserver {
    const { config } = loadConfig({
      OPENAI_API_KEY: 'sk-test',
      TELNYX_API_KEY: 'KEY-test',
      WEBHOOK_SIGNATURE: 'off',
      ...env,
    });
    return new ConversationTelemetry(config, traces, figures).of(CALL);
  }

  function watched(env: Record<string, string> = {}): CallObserver {
    traces.begin(CALL, {}).end();
    return observer(env);
  }

  function childrenOf({ spanId }: RecordedSpan): RecordedSpan[] {
    return spans.all.filter(({ parentSpanId }) => parentSpanId === spanId);
  }

  it("adds a turn with its parts to the call's trace, at the times when it was", () => {
    watched().turnOver(turn({ tools: [tool()] }));
    const over = spans.one('turn');
    expect(childrenOf(spans.one('call'))).toEqual([over]);
    expect([over.startMs, over.endMs]).toEqual([T0, T0 + 4_000]);
    expect(childrenOf(over).map(({ name, kind }) => [name, kind])).toEqual([
      ['user_speech', 'internal'],
      ['realtime_inference gpt-realtime-2.1', 'client'],
      ['execute_tool find_order', 'internal'],
      ['playout', 'internal'],
    ]);
    expect(new Set(spans.all.map(({ traceId }) => traceId)).size).toBe(1);
    const inference = spans.one('realtime_inference gpt-realtime-2.1');
    expect(inference.attributes).toMatchObject({ 'server.address': 'api.openai.com', 'server.port': 443 });
    expect(inference.events).toEqual(['first_audio']);
  });

  it('gives error status to what failed, with the reason, and to nothing else', () => {
    const failure = { kind: 'retryable', code: 'server_error', message: '' } as const;
    const responses = [response({ outcome: failed(failure) })];
    watched().turnOver(turn({ outcome: 'failed', responses, playout: undefined }));
    const wrong = spans.all.filter(({ failed: is }) => is);
    expect(wrong.map(({ name, attributes }) => [name, attributes['error.type']])).toEqual([
      ['realtime_inference gpt-realtime-2.1', 'server_error'],
      ['turn', 'server_error'],
    ]);
  });

  it("adds sessions to the call's trace", () => {
    const call = watched();
    call.sessionOpened({ ...OPENING, dial: { warm: true, connectMs: 800, ageMs: 5_000 } });
    call.sessionOpened({ ...OPENING, cause: 'lost', itemsTold: 7 });
    expect(childrenOf(spans.one('call')).map(({ name, kind }) => [name, kind])).toEqual([
      ['realtime_connect', 'client'],
      ['resume', 'client'],
    ]);
    expect(spans.one('realtime_connect').attributes).toMatchObject({ 'parley.session.warm': true });
  });

  it('notes what the model refused, as an error where an answer was lost, and not at all where it only came too late', () => {
    const call = watched();
    call.modelRefused({ code: 'rate_limit_exceeded', answerLost: true });
    call.modelRefused({ code: 'response_cancel_not_active', answerLost: false });
    call.modelRefused({ code: 'invalid_request_error', answerLost: false });
    call.modelRefused({ code: 'words of a caller', answerLost: true });
    const refusals = spans.named('model_refusal');
    expect(refusals.map((span) => [span.attributes['parley.failure.class'], span.failed])).toEqual([
      ['rate-limit', true],
      ['other', false],
      ['other', true],
    ]);
    expect(refusals.map(({ attributes }) => attributes['parley.failure.code'])).toEqual([
      'rate_limit_exceeded',
      'invalid_request_error',
      '_OTHER',
    ]);
  });

  it('keeps words out of the trace, unless they were asked for', () => {
    watched().turnOver(turn());
    expect(JSON.stringify(spans.all.map(({ attributes }) => attributes))).not.toMatch(/secret|private/);
    spans.forget();
    observer({ TRACE_CONTENT: 'on' }).turnOver(turn());
    expect(spans.one('turn').attributes).toMatchObject({
      'parley.content.caller': 'my secret question',
      'parley.content.assistant': 'a private answer',
    });
  });

  it('hands everything on to the figures, whether or not the call is traced', () => {
    const call = observer();
    const over = turn();
    call.turnOver(over);
    call.sessionOpened(OPENING);
    call.modelRefused({ code: 'x', answerLost: true });
    expect(figures.kept).toEqual([over, OPENING]);
    expect(spans.all).toEqual([]);
  });

  it('adds nothing to a call that is over, or elsewhere', () => {
    const call = watched();
    traces.forget(CALL);
    spans.forget();
    call.turnOver(turn());
    call.sessionOpened(OPENING);
    call.modelRefused({ code: 'x', answerLost: true });
    expect(spans.all).toEqual([]);
  });
});
