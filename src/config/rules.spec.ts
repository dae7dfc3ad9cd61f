import { config, LEAST, load, problem } from './spec-support.js';

/** Warnings of a complete environment with these variables on top. */
function warnings(extra: Record<string, string>): string[] {
  return load({ ...LEAST, ...extra }).warnings;
}

const SECRET = 'a-secret-of-32-characters-or-so!';

describe('reports', () => {
  it('are off unless there is somewhere to send them to', () => {
    expect(config({}).report).toBeUndefined();
    const { report } = config({ REPORT_URL: 'https://example.com/calls', REPORT_SECRET: SECRET });
    expect(report).toMatchObject({ url: 'https://example.com/calls', timeoutMs: 10_000, giveUpAfterMs: 3_600_000 });
    expect(report?.secret.value).toBe(SECRET);
  });

  it('need a secret that nobody guesses', () => {
    expect(problem({ REPORT_URL: 'https://example.com/calls' })).toMatch(/^REPORT_SECRET: is missing/);
    expect(problem({ REPORT_URL: 'https://example.com/calls', REPORT_SECRET: 'too-short' })).toMatch(/at least 16/);
  });

  it('take a secret with the prefix of Standard Webhooks only where base64 follows', () => {
    const url = 'https://example.com/calls';
    const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
    expect(config({ REPORT_URL: url, REPORT_SECRET: secret }).report?.secret.value).toBe(secret);
    expect(problem({ REPORT_URL: url, REPORT_SECRET: 'whsec_this-is-no-base64' })).toMatch(/base64 of 16 bytes/);
    expect(problem({ REPORT_URL: url, REPORT_SECRET: `whsec_${'QUFB'.repeat(4)}` })).toMatch(/base64 of 16 bytes/);
  });

  it('cross a network encrypted or not at all', () => {
    expect(problem({ REPORT_URL: 'http://example.com/calls', REPORT_SECRET: SECRET })).toMatch(/^REPORT_URL: .*https/);
    expect(config({ REPORT_URL: 'http://127.0.0.1:9/', REPORT_SECRET: SECRET }).report?.url).toBe(
      'http://127.0.0.1:9/',
    );
  });

  it('that are not sent leave their settings without use', () => {
    expect(warnings({ REPORT_SECRET: SECRET, LAST_WORDS_WAIT_MS: '100' })).toEqual([
      'REPORT_SECRET: is not used, because REPORT_URL is not set',
      'LAST_WORDS_WAIT_MS: is not used, because REPORT_URL is not set',
    ]);
    expect(
      warnings({
        REPORT_URL: 'https://example.com/',
        REPORT_SECRET: SECRET,
        TRANSCRIPTION_MODEL: 'off',
        LAST_WORDS_WAIT_MS: '100',
      }),
    ).toEqual(['LAST_WORDS_WAIT_MS: is not used, because TRANSCRIPTION_MODEL is off']);
  });
});

describe('limits', () => {
  it('are switched off by 0', () => {
    const off = [
      'CALLER_CALLS_PER_MINUTE',
      'MAX_CALL_DURATION_NOTICE_S',
      'IDLE_PROMPT_AFTER_S',
      'IDLE_HANG_UP_AFTER_S',
    ];
    const more = ['MAX_SILENCE_S', 'MAX_MONOLOGUE_S', 'MAX_CALL_COST_USD'];
    const { limits } = config(Object.fromEntries([...off, ...more].map((name) => [name, '0'])));
    const { maxCalls, eventLoopLagLimitMs, memoryLimitPercent, maxCallDurationMs, ...rest } = limits;
    expect({ maxCalls, eventLoopLagLimitMs, memoryLimitPercent, maxCallDurationMs }).toEqual({
      maxCalls: 100,
      eventLoopLagLimitMs: 200,
      memoryLimitPercent: 85,
      maxCallDurationMs: 3_600_000,
    });
    expect(Object.values(rest)).toEqual(Object.values(rest).map(() => undefined));
  });

  it('are seconds outside and milliseconds inside', () => {
    const { limits } = config({ MAX_CALL_DURATION_S: '600', IDLE_PROMPT_AFTER_S: '7', MAX_CALL_COST_USD: '0.5' });
    expect(limits).toMatchObject({ maxCallDurationMs: 600_000, idlePromptMs: 7000, maxCallCostUsd: 0.5 });
  });

  it('announce the end of a call before it comes', () => {
    expect(problem({ MAX_CALL_DURATION_S: '60' })).toMatch(/^MAX_CALL_DURATION_NOTICE_S: must be shorter/);
    expect(config({ MAX_CALL_DURATION_S: '60', MAX_CALL_DURATION_NOTICE_S: '59' }).limits.maxCallDurationNoticeMs).toBe(
      59_000,
    );
    expect(config({ MAX_CALL_DURATION_S: '30', MAX_CALL_DURATION_NOTICE_S: '0' }).limits.maxCallDurationMs).toBe(
      30_000,
    );
  });

  it('that another one always precedes are pointed out', () => {
    expect(warnings({ MAX_SILENCE_S: '15' })).toEqual([
      expect.stringMatching(/^IDLE_PROMPT_AFTER_S: is never reached/),
      expect.stringMatching(/^IDLE_HANG_UP_AFTER_S: is never reached/),
    ]);
    expect(warnings({ MAX_SILENCE_S: '0', IDLE_PROMPT_AFTER_S: '300' })).toEqual([]);
  });

  it('of idle callers work with a hang-up and no prompt', () => {
    const env = { IDLE_PROMPT_AFTER_S: '0', IDLE_HANG_UP_AFTER_S: '20' };
    expect(warnings(env)).toEqual([]);
    expect(config(env).limits).toMatchObject({ idlePromptMs: undefined, idleHangUpMs: 20_000 });
  });

  it('in dollars need a price for the model', () => {
    const azure = { OPENAI_AUTH: 'api-key', OPENAI_REALTIME_MODEL: 'our-deployment', MAX_CALL_COST_USD: '2' };
    expect(warnings(azure)).toEqual([expect.stringMatching(/^MAX_CALL_COST_USD: cannot be watched/)]);
    const price = { textIn: 1, textInCached: 1, audioIn: 1, audioInCached: 1, textOut: 1, audioOut: 1 };
    expect(warnings({ ...azure, PRICES: JSON.stringify({ models: { 'our-deployment': price } }) })).toEqual([]);
  });
});

describe('renewed sessions', () => {
  it('come earlier on Azure, where sessions live for half as long', () => {
    expect(config().openai.renewAfterMs).toBe(3_000_000);
    expect(config({ OPENAI_AUTH: 'api-key' }).openai.renewAfterMs).toBe(1_500_000);
    expect(warnings({ OPENAI_AUTH: 'api-key', SESSION_RENEW_AFTER_S: '2000' })).toEqual([
      expect.stringMatching(/^SESSION_RENEW_AFTER_S: comes too late/),
    ]);
  });

  it('should be younger in the warm pool than when they are renewed', () => {
    expect(warnings({ SESSION_RENEW_AFTER_S: '300' })).toEqual([expect.stringMatching(/^WARM_SESSION_MAX_AGE_S: /)]);
    expect(warnings({ SESSION_RENEW_AFTER_S: '300', WARM_SESSIONS: '0' })).toEqual([]);
  });
});

describe('transfers', () => {
  it('go to targets by name, numbers or SIP addresses', () => {
    const { transfer } = config({
      TRANSFER_TARGETS: 'sales = +15550100001, front desk=sip:desk@example.com;transport=tls',
      FALLBACK_NUMBER: '+15550100002',
    });
    expect(transfer.targets).toEqual([
      { name: 'sales', to: '+15550100001' },
      { name: 'front desk', to: 'sip:desk@example.com;transport=tls' },
    ]);
    expect(transfer.fallbackTo).toBe('+15550100002');
  });

  it.each([
    ['TRANSFER_TARGETS', 'sales', /names with numbers/],
    ['TRANSFER_TARGETS', 'sales=555', /names with numbers/],
    ['TRANSFER_TARGETS', 'a=+15550100001,A=+15550100002', /same target twice/],
    ['FALLBACK_NUMBER', '0155', /\+15550100001/],
    ['BUILT_IN_TOOLS', 'hang_up,fly', /none, or of hang_up, transfer, send_keys, skip_turn/],
    ['KEYS_TERMINATOR', '##', /one key/],
  ])('are not configured by %s=%s', (name, value, expected) => {
    const line = problem({ [name]: value });
    expect(line.startsWith(`${name}: `)).toBe(true);
    expect(line).toMatch(expected);
  });

  it('are not offered without targets, and nobody is bothered with that', () => {
    expect(warnings({ BUILT_IN_TOOLS: 'transfer,hang_up' })).toEqual([]);
    expect(config({ BUILT_IN_TOOLS: 'none' }).tools.builtIn).toEqual([]);
  });

  it('that are switched off leave their settings without use', () => {
    const targets = { TRANSFER_TARGETS: 'sales=+15550100001', TRANSFER_FROM: '+15550100009' };
    expect(warnings(targets)).toEqual([]);
    expect(warnings({ ...targets, BUILT_IN_TOOLS: 'hang_up' })).toEqual([
      'TRANSFER_TARGETS: is not used, because BUILT_IN_TOOLS does not have transfer',
      'TRANSFER_FROM: is not used, because there is nowhere to transfer to',
    ]);
    expect(warnings({ TRANSFER_FROM: '+15550100009', OVERFLOW_NUMBER: '+15550100002' })).toEqual([]);
    expect(warnings({ SENTENCE_TRANSFER: 'Hold on.', SENTENCE_FALLBACK: 'Oh.' })).toEqual([
      'SENTENCE_TRANSFER: is not used, because TRANSFER_TARGETS is not set',
      'SENTENCE_FALLBACK: is not used, because FALLBACK_NUMBER is not set',
    ]);
  });
});

describe('settings without use', () => {
  it.each([
    [{ KEYS: 'off', KEYS_PAUSE_MS: '900' }, 'KEYS_PAUSE_MS: is not used, because KEYS is off'],
    [{ WAIT_SIGNAL: 'tone', SENTENCE_WAIT: 'Hm.' }, 'SENTENCE_WAIT: is not used, because WAIT_SIGNAL is tone'],
    [
      { WAIT_SIGNAL: 'off', WAIT_SIGNAL_AFTER_MS: '900' },
      'WAIT_SIGNAL_AFTER_MS: is not used, because WAIT_SIGNAL is off',
    ],
    [
      { IDLE_HANG_UP_AFTER_S: '0', SENTENCE_IDLE: 'Bye.' },
      'SENTENCE_IDLE: is not used, because IDLE_HANG_UP_AFTER_S is 0',
    ],
  ])('are said to have none: %j', (env, expected) => {
    expect(warnings(env as Record<string, string>)).toEqual([expected]);
  });
});
