import { Counters } from '../counters.js';
import { startInstruments } from './instruments.js';
import { eachMetric } from './metric-table.js';
import { Meters } from './meters.js';
import { prometheusSeries } from './prometheus-name.js';
import { type MetricSources, readingsOf } from './readings.js';
import { Metered } from './testing/metered.js';

describe('the instruments', () => {
  let metered: Metered;
  let counters: Counters;
  let sources: MetricSources;
  beforeEach(() => {
    metered = new Metered();
    counters = new Counters();
    sources = {
      counters,
      lifecycle: { draining: false },
      calls: { activeCalls: 3, heldCalls: 4, ownedCalls: ['v3:a', 'v3:b'] },
      maxCalls: 100,
      admission: { eventLoopDelayMs: 25, memoryUsedPercent: 40 },
      model: { warmSessions: 2 },
      relays: { open: 1 },
      fleet: { others: [{}, {}] as unknown as MetricSources['fleet']['others'], alive: [{}] as never },
      ownership: { shared: true, leases: 2 },
      directory: { available: true },
      peers: { refusedRequests: 7 },
    };
  });
  afterEach(() => metered.close());

  it('show every metric that is read from the first look on, so that no first step is hidden', async () => {
    startInstruments(readingsOf(sources));
    const shown = new Set([...(await metered.samples()).keys()].map((series) => series.replace(/\{.*/, '')));
    for (const [name, spec] of eachMetric()) {
      if (spec.kind !== 'histogram') expect(shown).toContain(prometheusSeries(name, spec)[0]);
    }
  });

  it('show what the sources say at that moment', async () => {
    startInstruments(readingsOf(sources));
    counters.callRejected('full');
    counters.callEnded('caller-hung-up', 61_000);
    counters.modelFailed('connect', 'http-503');
    const before = await metered.samples();
    expect(before.get('parley_calls_rejected_total{reason="full"}')).toBe(1);
    expect(before.get('parley_calls_rejected_total{reason="memory-low"}')).toBe(0);
    expect(before.get('parley_calls_ended_total{reason="caller-hung-up"}')).toBe(1);
    expect(before.get('parley_model_errors_total{during="connect",error_type="server"}')).toBe(1);
    expect(before.get('parley_admission_event_loop_delay_seconds')).toBe(0.025);
    expect(before.get('parley_admission_memory_used_ratio')).toBe(0.4);
    expect(before.get('parley_leases_held')).toBe(2);
    expect(before.get('parley_pods_others{state="silent"}')).toBe(1);
    counters.callRejected('full');
    expect((await metered.samples()).get('parley_calls_rejected_total{reason="full"}')).toBe(2);
  });

  it('move a pod that begins to leave out of the sums that an autoscaler looks at', async () => {
    const lifecycle = { draining: false };
    startInstruments(readingsOf({ ...sources, lifecycle }));
    const look = async () => {
      const samples = await metered.samples();
      return ['active', 'limit'].flatMap((what) =>
        ['false', 'true'].map((draining) => samples.get(`parley_calls_${what}{draining="${draining}"}`)),
      );
    };
    expect(await look()).toEqual([3, 0, 100, 0]);
    lifecycle.draining = true;
    expect(await look()).toEqual([0, 3, 0, 100]);
    expect((await metered.samples()).get('parley_draining')).toBe(1);
  });

  it('leave out what is not known here', async () => {
    startInstruments(readingsOf({ ...sources, peers: {} }));
    expect((await metered.samples()).has('parley_peers_refused_total')).toBe(false);
  });

  it('stop looking when they are told to', async () => {
    let looks = 0;
    const directory = {
      get available() {
        looks++;
        return true;
      },
    };
    const stop = startInstruments(readingsOf({ ...sources, directory }));
    await metered.samples();
    stop();
    const before = looks;
    await metered.samples();
    expect([before, looks]).toEqual([1, 1]);
  });

  it('count audio, tokens and money in the units of the table', async () => {
    startInstruments(readingsOf(sources));
    const socket = {
      counts: { frames: 500, reordered: 1, late: 2, gaps: 3, paddedBytes: 1_600 },
      framesOut: 90,
    };
    counters.line.joined(socket);
    counters.usage.add(0.25, {
      ...{ inputTextTokens: 100, cachedTextTokens: 60, inputAudioTokens: 50, cachedAudioTokens: 0 },
      ...{ outputTextTokens: 5, outputAudioTokens: 200 },
    });
    const noTokens = { inputTextTokens: 0, inputAudioTokens: 0, outputTextTokens: 0 };
    counters.usage.add(undefined, { seconds: 4.5, ...noTokens, costUsd: undefined });
    const open = await metered.samples();
    expect(open.get('parley_streams_active')).toBe(1);
    counters.line.left(socket);
    counters.line.left(socket);
    const samples = await metered.samples();
    expect(samples.get('parley_streams_active')).toBe(0);
    for (const seen of [open, samples]) {
      expect(seen.get('parley_line_frames_total{direction="in"}')).toBe(500);
      expect(seen.get('parley_line_frames_total{direction="out"}')).toBe(90);
      expect(seen.get('parley_line_padded_seconds_total')).toBe(0.2);
      expect(seen.get('parley_line_gaps_total')).toBe(3);
    }
    const tokens = (labels: string): number | undefined => samples.get(`parley_model_tokens_total{${labels}}`);
    expect(tokens('direction="input",modality="text",cached="false"')).toBe(40);
    expect(tokens('direction="input",modality="text",cached="true"')).toBe(60);
    expect(tokens('direction="output",modality="audio",cached="false"')).toBe(200);
    expect(samples.get('parley_model_cost_total{use="response"}')).toBe(0.25);
    expect(samples.get('parley_model_unpriced_total{use="transcription"}')).toBe(1);
    expect(samples.get('parley_model_transcribed_seconds_total')).toBe(4.5);
  });
});

describe('Meters', () => {
  let metered: Metered;
  beforeEach(() => (metered = new Metered()));
  afterEach(() => metered.close());

  it('put a value into the buckets of the table, and leave out attributes that say nothing', async () => {
    const meters = new Meters();
    meters.record('parley.telnyx.command.duration', 0.03, { action: 'answer' });
    meters.record('parley.telnyx.command.duration', 0.3, { action: 'answer', 'error.type': undefined });
    meters.record('parley.telnyx.command.duration', 9, { action: 'answer', 'error.type': 'network' });
    const samples = await metered.samples();
    const series = 'parley_telnyx_command_duration_seconds';
    expect(samples.get(`${series}_bucket{action="answer",le="0.025"}`)).toBe(0);
    expect(samples.get(`${series}_bucket{action="answer",le="0.05"}`)).toBe(1);
    expect(samples.get(`${series}_count{action="answer"}`)).toBe(2);
    expect(samples.get(`${series}_bucket{action="answer",error_type="network",le="10"}`)).toBe(1);
  });

  it('leave out what is no measurement', async () => {
    const meters = new Meters();
    for (const value of [-0.001, NaN, Infinity]) meters.record('parley.greeting.delay', value, {});
    expect(await metered.samples()).toEqual(new Map());
  });

  it('cost nothing where no SDK runs, and do no harm', async () => {
    await metered.close();
    expect(() => new Meters().record('parley.greeting.delay', 1, {})).not.toThrow();
  });
});
