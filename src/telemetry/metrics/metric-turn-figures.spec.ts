import { type Config } from '../../config/config.js';
import { type TurnResponse, type TurnTimeline } from '../../conversation/observer.port.js';
import { Counters } from '../counters.js';
import { MetricTurnFigures } from './metric-turn-figures.js';
import { Meters } from './meters.js';
import { Metered } from './testing/metered.js';

const T = 1_800_000_000_000;
const CONFIG = {
  openai: { model: 'gpt-realtime-2.1' },
  tools: { builtIn: ['end_call'], http: [{ name: 'opening_hours' }], mcp: [] },
} as unknown as Config;

const RESPONSE: TurnResponse = {
  responseId: 'resp_1',
  ...{ askedAtMs: undefined, createdAtMs: T + 1_100, firstAudioAtMs: T + 1_500, doneAtMs: T + 2_100 },
  outcome: {
    ...{ responseId: 'resp_1', status: 'completed', reason: undefined, failure: undefined, costUsd: 0.01 },
    usage: {
      ...{ inputTextTokens: 100, inputAudioTokens: 20, cachedTextTokens: 0, cachedAudioTokens: 0 },
      ...{ outputTextTokens: 10, outputAudioTokens: 40 },
    },
  },
  ...{ dropped: false, audioMs: 2_000 },
};
const TURN: TurnTimeline = {
  ...{ number: 1, cause: 'caller', startedAtMs: T, endedAtMs: T + 4_000, sessionId: 'sess_1' },
  callerSpeech: { startedAtMs: T, endedAtMs: T + 1_000 },
  responses: [RESPONSE],
  tools: [],
  playout: { firstSentAtMs: T + 1_700, firstHeardAtMs: T + 1_850, endedAtMs: T + 4_000 },
  ...{ outcome: 'heard', cut: undefined, bargeInMs: undefined },
  words: { caller: 'my number is +15550100001', assistant: 'thank you' },
};

const GEN_AI =
  'gen_ai_operation_name="realtime_inference",gen_ai_provider_name="openai",gen_ai_request_model="gpt-realtime-2.1"';

describe('MetricTurnFigures', () => {
  let metered: Metered;
  let counters: Counters;
  let figures: MetricTurnFigures;
  beforeEach(() => {
    metered = new Metered();
    counters = new Counters();
    figures = new MetricTurnFigures(CONFIG, counters, new Meters());
  });
  afterEach(() => metered.close());

  it('takes from a turn how long the caller waited, from the end of their words', async () => {
    figures.turn(TURN);
    const samples = await metered.samples();
    expect(samples.get('parley_turn_time_to_audio_sent_seconds_sum')).toBeCloseTo(0.7);
    expect(samples.get('parley_turn_time_to_audio_heard_seconds_sum')).toBeCloseTo(0.85);
    expect(samples.get(`gen_ai_client_operation_duration_seconds_sum{${GEN_AI}}`)).toBeCloseTo(1);
    expect(samples.get(`gen_ai_client_operation_time_to_first_chunk_seconds_sum{${GEN_AI}}`)).toBeCloseTo(0.4);
    expect(samples.get(`gen_ai_client_token_usage_sum{${GEN_AI},gen_ai_token_type="input"}`)).toBe(120);
    expect(samples.get(`gen_ai_client_token_usage_sum{${GEN_AI},gen_ai_token_type="output"}`)).toBe(50);
    expect(counters.turns.caller.of('heard')).toBe(1);
    expect([...samples.keys()].join()).not.toContain('parley_greeting');
  });

  it('measures a greeting from its beginning, and is no wait for an answer', async () => {
    figures.turn({ ...TURN, number: 0, cause: 'greeting', callerSpeech: undefined });
    const samples = await metered.samples();
    expect(samples.get('parley_greeting_delay_seconds_sum')).toBeCloseTo(1.85);
    expect(samples.has('parley_turn_time_to_audio_heard_seconds_sum')).toBe(false);
  });

  it('adds up what was cut off, and how fast', async () => {
    figures.turn({ ...TURN, outcome: 'interrupted', cut: { heardMs: 500, ofMs: 2_000 }, bargeInMs: 320 });
    figures.turn({ ...TURN, outcome: 'interrupted', cut: { heardMs: 500, ofMs: 500 }, bargeInMs: 280 });
    expect(counters.playoutDroppedMs).toBe(1_500);
    expect(counters.turns.caller.of('interrupted')).toBe(2);
    expect((await metered.samples()).get('parley_barge_in_duration_seconds_sum')).toBeCloseTo(0.6);
  });

  it('counts a failed response by the kind of its failure', async () => {
    const failure = { kind: 'retryable', code: 'server_error', message: '' } as const;
    const outcome = { ...RESPONSE.outcome, status: 'failed', failure, usage: undefined } as TurnResponse['outcome'];
    figures.turn({ ...TURN, outcome: 'failed', playout: undefined, responses: [{ ...RESPONSE, outcome }] });
    expect(counters.modelErrors.response.of('server')).toBe(1);
    const samples = await metered.samples();
    expect(samples.get(`gen_ai_client_operation_duration_seconds_count{${GEN_AI},error_type="server"}`)).toBe(1);
    expect([...samples.keys()].join()).not.toContain('gen_ai_client_token_usage');
  });

  it('names only tools of the configuration, whatever the model or another server calls theirs', async () => {
    const tool = { toolCallId: 'call_1', startedAtMs: T, endedAtMs: T + 300, error: undefined, late: false };
    figures.turn({
      ...TURN,
      tools: [
        { ...tool, name: 'opening_hours', kind: 'http' },
        { ...tool, name: 'call_5550100001', kind: 'http', error: 'timeout' },
        { ...tool, name: 'opening_hours', kind: 'mcp' },
      ],
    });
    const counts = [...(await metered.samples()).keys()].filter((key) =>
      key.startsWith('gen_ai_execute_tool_duration_seconds_count'),
    );
    expect(counts.sort()).toEqual([
      'gen_ai_execute_tool_duration_seconds_count{gen_ai_tool_name="_OTHER",kind="http",error_type="failed"}',
      'gen_ai_execute_tool_duration_seconds_count{gen_ai_tool_name="_OTHER",kind="mcp"}',
      'gen_ai_execute_tool_duration_seconds_count{gen_ai_tool_name="opening_hours",kind="http"}',
    ]);
  });

  it('measures how long a call waited for its session', async () => {
    const opening = { startedAtMs: T, endedAtMs: T + 900, attempts: 1, itemsTold: 0 };
    figures.session({ ...opening, cause: 'begin', sessionId: 'sess_1', failure: undefined });
    const failure = { kind: 'fatal', code: 'invalid_api_key', message: '' } as const;
    figures.session({ ...opening, cause: 'lost', sessionId: undefined, failure });
    const samples = await metered.samples();
    expect(samples.get('parley_model_session_wait_seconds_sum{cause="begin"}')).toBeCloseTo(0.9);
    expect(samples.get('parley_model_session_wait_seconds_count{cause="lost",error_type="auth"}')).toBe(1);
  });

  it('shows nothing of what was said, and no id', async () => {
    figures.turn(TURN);
    expect([...(await metered.samples()).keys()].join()).not.toMatch(/5550100001|thank|resp_|sess_/);
  });
});
