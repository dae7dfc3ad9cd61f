import { babble } from '../simulator/audio/signals.js';
import { METRIC_GROUPS } from '../src/telemetry/metrics/metric-table.js';
import { prometheusName } from '../src/telemetry/metrics/prometheus-name.js';
import { RUNTIME } from '../src/telemetry/metrics/runtime-metrics.js';
import { callEnded, connectCall, eventually, greetedCall, hangUp } from './support/calls.js';
import { type Gateway, setStage, type Stage } from './support/gateway.js';

/** A metric as `parse-prometheus-text-format` reads it; the package brings no types. */
interface Family {
  name: string;
  help: string;
  type: 'COUNTER' | 'GAUGE' | 'HISTOGRAM' | 'UNTYPED';
  metrics: { buckets?: Record<string, string> }[];
}
const parser = 'parse-prometheus-text-format';
const { default: parsePage } = (await import(parser)) as { default: (text: string) => Family[] };

const CALLER = '+15550100001';
const CALLEE = '+15550100099';
const WORDS = babble(900, -12);
const A_SECOND = 8_000;
const reply = (durationMs: number) => ({ text: 'As you say.', durationMs });

/** What one call with an interruption does not bring: each needs a call of its own kind, and has a unit test. */
const NOT_HERE = new Map([['gen_ai_execute_tool_duration_seconds', 'no tool is set up']]);

let stage: Stage;
afterEach(() => stage.close());

/** A page of `/metrics`: what a parser of Prometheus' format makes of it, and its lines. */
class Page {
  readonly families: Map<string, Family>;
  private readonly lines: readonly string[];

  private constructor(text: string) {
    this.lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    this.families = new Map(parsePage(bucketsFirst(text)).map((family) => [family.name, family]));
  }

  static async of(gateway: Gateway): Promise<Page> {
    const { status, headers, body } = await gateway.request('/metrics', { management: true });
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    return new Page(body);
  }

  /** The sum over the series of that name that have these labels. */
  sum(series: string, labels: Record<string, string> = {}): number {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const fitting = this.lines.filter(
      (line) => /^\w+/.exec(line)?.[0] === series && wanted.every((label) => line.includes(label)),
    );
    return fitting.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }
}

/** The parser wants a histogram's buckets before its count and sum; the format does not say. */
function bucketsFirst(text: string): string {
  const families = text.split(/^(?=# HELP )/m).map((family) => {
    const lines = family.split('\n');
    const isLast = (line: string): boolean => /^\w+_(count|sum)[ {]/.test(line) && family.includes(' histogram\n');
    return [...lines.filter((line) => !isLast(line)), ...lines.filter(isLast)].filter((line) => line !== '').join('\n');
  });
  return families.join('\n');
}

describe('/metrics of a running gateway', () => {
  it('has every metric of the table after a call, as what the table says it is', async () => {
    stage = await setStage();
    stage.realtime.script = { replies: [reply(300), reply(10_000), reply(300)] };
    const { call } = await greetedCall(stage, { from: CALLER, to: CALLEE });
    const { gateway } = stage;
    await call.say(WORDS);
    const heardBytes = call.heard.playedBytes;
    await eventually(() => (call.heard.playedBytes > heardBytes + A_SECOND ? true : undefined), 'the long answer');
    await call.say(WORDS);
    await eventually(
      async () => {
        const shown = await Page.of(gateway);
        const answered = shown.sum('parley_turn_time_to_audio_heard_seconds_count') > 1;
        return answered && shown.sum('parley_line_added_delay_seconds_count') > 0 ? true : undefined;
      },
      'answers that were heard, and a frame that was looked at',
      15_000,
    );
    await hangUp(stage, call);
    const shown = await Page.of(gateway);
    for (const [name, spec] of METRIC_GROUPS.flatMap(({ metrics }) => Object.entries(metrics))) {
      const series = prometheusName(name, spec);
      if (NOT_HERE.has(series)) continue;
      const kind = { counter: 'COUNTER', histogram: 'HISTOGRAM', gauge: 'GAUGE', 'up-down': 'GAUGE' }[spec.kind];
      const family = shown.families.get(series);
      expect([series, family?.type, family?.help]).toEqual([series, kind, spec.description]);
      if (spec.kind !== 'histogram') continue;
      const bounds = Object.keys(family?.metrics[0]?.buckets ?? {});
      expect([series, bounds.sort()]).toEqual([series, [...(spec.buckets ?? []).map(String), '+Inf'].sort()]);
    }
    for (const [name, spec] of Object.entries(RUNTIME.metrics)) {
      // Nothing may have been collected yet.
      if (name !== 'v8js.gc.duration') expect([...shown.families.keys()]).toContain(prometheusName(name, spec));
    }
  });

  it('counts a call from its answer to its end', async () => {
    stage = await setStage();
    const { gateway } = stage;
    const { call } = await greetedCall(stage);
    const during = await Page.of(gateway);
    expect(during.sum('parley_calls_active', { draining: 'false' })).toBe(1);
    expect(during.sum('parley_calls_answered_total')).toBe(1);
    expect(during.sum('parley_streams_active')).toBe(1);
    expect(during.sum('parley_leases_held')).toBe(1);
    expect(during.sum('parley_calls_owned')).toBe(1);
    await hangUp(stage, call);
    const after = await Page.of(gateway);
    expect(after.sum('parley_calls_active')).toBe(0);
    expect(after.sum('parley_calls_ended_total', { reason: 'caller-hung-up' })).toBe(1);
    expect(after.sum('parley_calls_ended_total')).toBe(1);
    expect(after.sum('parley_call_duration_seconds_count')).toBe(1);
    expect(after.sum('parley_leases_held')).toBe(0);
    expect(after.sum('parley_line_frames_total', { direction: 'in' })).toBeGreaterThan(0);
    expect(after.sum('parley_model_tokens_total', { direction: 'output' })).toBeGreaterThan(0);
    expect(after.sum('parley_telnyx_command_duration_seconds_count')).toBeGreaterThan(0);
    const webhooks = after.sum('parley_webhooks_received_total');
    expect(webhooks).toBeGreaterThan(2);
    expect(after.sum('http_server_request_duration_seconds_count')).toBe(webhooks);
  });

  it('says why a call was rejected, and why the model failed', async () => {
    stage = await setStage({ env: { MAX_CALLS: '1' } });
    const { gateway, telnyx } = stage;
    const first = await connectCall(stage);
    await telnyx.placeCall().waitFor('rejected');
    first.session.drop();
    await eventually(async () => {
      const shown = await Page.of(gateway);
      return shown.sum('parley_model_errors_total', { during: 'session', error_type: 'network' }) === 1
        ? shown
        : undefined;
    }, 'the lost session');
    expect((await Page.of(gateway)).sum('parley_calls_rejected_total', { reason: 'full' })).toBe(1);
    first.call.hangUp();
    await callEnded(stage, first.call);
  });

  it('has no label with a number, a word or an id in it', async () => {
    stage = await setStage();
    const { call, session } = await greetedCall(stage, { from: CALLER, to: CALLEE });
    await hangUp(stage, call);
    const { body } = await stage.gateway.request('/metrics', { management: true });
    const lines = body.split('\n').filter((line) => !line.startsWith('#') && !line.startsWith('target_info'));
    const values = new Set(
      lines.flatMap((line) => [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => `${key}=${value}`)),
    );
    for (const value of values) {
      if (/^(le|http_response_status_code)=/.test(value)) continue;
      if (value === 'gen_ai_request_model=gpt-realtime-2.1') continue;
      expect(value).toMatch(/^\w+=[A-Za-z_/-]+$/);
    }
    for (const secret of [CALLER, CALLEE, '5550100', call.callControlId, call.callSessionId, session.id]) {
      expect(body).not.toContain(secret);
    }
  });

  it('shows a pod that leaves as one that is no capacity', async () => {
    stage = await setStage();
    const { gateway } = stage;
    const { call } = await connectCall(stage);
    gateway.process.kill('SIGTERM');
    await gateway.waitForStatus(({ draining }) => draining);
    const shown = await Page.of(gateway);
    expect(shown.sum('parley_draining')).toBe(1);
    expect(shown.sum('parley_calls_active', { draining: 'true' })).toBe(1);
    expect(shown.sum('parley_calls_active', { draining: 'false' })).toBe(0);
    expect(shown.sum('parley_calls_limit', { draining: 'false' })).toBe(0);
    call.hangUp();
  });

  it('says so where metrics are switched off', async () => {
    stage = await setStage({ env: { OTEL_SDK_DISABLED: 'true' } });
    const { status, body } = await stage.gateway.request('/metrics', { management: true });
    expect(status).toBe(503);
    expect(body).toContain('OTEL_SDK_DISABLED');
  });
});
