import { generateKeyPairSync } from 'node:crypto';
import { ConfigError } from './config-error.js';
import { loadConfig } from './load-config.js';
import { SETTINGS } from './settings.js';
import { config, host, LEAST, load, newPublicKey, problem, problems, PUBLIC_KEY } from './spec-support.js';

describe('loadConfig', () => {
  it('needs only two keys and the public key', () => {
    const { config, warnings, secretFiles } = load(LEAST);
    expect(warnings).toEqual([]);
    expect(secretFiles).toEqual([]);
    expect(config.openai).toMatchObject({
      url: 'wss://api.openai.com/v1/realtime',
      model: 'gpt-realtime-2.1',
      authHeader: 'bearer',
      connectTimeoutMs: 10_000,
      warmSessions: 2,
      warmSessionMaxAgeMs: 600_000,
    });
    expect(config.assistant).toMatchObject({
      voice: 'marin',
      speed: 1,
      greetingProtected: false,
      vad: { type: 'server_vad', threshold: 0.5, prefixPaddingMs: 300, silenceMs: 500 },
      noiseReduction: undefined,
      transcription: { model: 'gpt-transcribe', languages: [] },
      maxOutputTokens: 4096,
    });
    expect(config.assistant.greeting).toMatch(/\bAI\b/);
    expect(config.stream).toMatchObject({
      publicUrl: undefined,
      auth: 'token',
      targetLegs: 'self',
      playoutLeadMs: 200,
    });
    expect(config.http).toEqual({ port: 6000, managementPort: 8081, host: '::' });
    expect(config.pod).toEqual({ name: 'box', ip: '192.0.2.7' });
    expect(config.limits).toEqual({
      maxCalls: 100,
      eventLoopLagLimitMs: 200,
      memoryLimitPercent: 85,
      callerCallsPerMinute: 20,
      maxCallDurationMs: 3_600_000,
      maxCallDurationNoticeMs: 60_000,
      idlePromptMs: 15_000,
      idleHangUpMs: 15_000,
      maxSilenceMs: 90_000,
      maxMonologueMs: 180_000,
      maxCallCostUsd: undefined,
    });
    expect(config.tools).toEqual({ builtIn: ['hang_up', 'transfer'], http: [], mcp: [] });
    expect(config.transfer).toMatchObject({ targets: [], ringS: 30, fallbackTo: undefined, overflowTo: undefined });
    expect(config.keys).toEqual({ enabled: true, source: 'auto', terminator: '#', pauseMs: 2000 });
    expect(config.report).toBeUndefined();
    expect(config.log).toEqual({ level: 'info', pretty: 'auto' });
    expect(config.telnyx.webhookBodyLimitBytes).toBe(262_144);
  });

  it('names every missing variable at once', () => {
    expect(problems({})).toEqual([
      expect.stringMatching(/^OPENAI_API_KEY: is missing.*OPENAI_API_KEY_FILE/),
      expect.stringMatching(/^TELNYX_API_KEY: is missing/),
      expect.stringMatching(/^TELNYX_PUBLIC_KEY: is missing.*WEBHOOK_SIGNATURE=off/),
    ]);
  });

  it('names every wrong variable at once, beside the missing ones', () => {
    const names = problems({ OPENAI_API_KEY: 'sk-test', VOICE: 'onyx', PORT: 'six', LOG_LEVEL: 'loud' }).map(
      (line) => line.split(':')[0],
    );
    expect(names.sort()).toEqual(['LOG_LEVEL', 'PORT', 'TELNYX_API_KEY', 'TELNYX_PUBLIC_KEY', 'VOICE']);
  });

  it('never repeats a value, whatever variable it is wrong for', () => {
    const pasted = 'sk-proj-s3cr3t with a space';
    const free = new Set(['INSTRUCTIONS', 'GREETING', 'SPEAK_VOICE', 'POD_NAME', 'POD_UID', 'REDIS_USERNAME']);
    for (const name of ['REDIS_PASSWORD', 'REDIS_SENTINEL_NAME', 'REDIS_SENTINEL_PASSWORD']) free.add(name);
    const env = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, pasted]));
    // Long enough to be a secret that signs, so those are not wrong either.
    const wrong = Object.keys(SETTINGS)
      .filter((name) => !free.has(name) && !name.startsWith('SENTENCE_'))
      .filter((name) => !['STREAM_TOKEN_SECRET', 'REPORT_SECRET', 'NUMBER_HASH_SECRET'].includes(name));
    const found = problems(env);
    expect(found.map((line) => line.split(':')[0])).toEqual(expect.arrayContaining(wrong));
    expect(new ConfigError(found).message).not.toContain('s3cr3t');
  });

  it('takes empty and blank as unset', () => {
    expect(config({ VOICE: '', PORT: '  ' })).toMatchObject({ assistant: { voice: 'marin' }, http: { port: 6000 } });
    expect(problems({ ...LEAST, OPENAI_API_KEY: ' ' })).toHaveLength(1);
  });

  it('listens on IPv4 alone where there is no IPv6', () => {
    expect(loadConfig(LEAST, { host: { ...host, hasIPv6: false } }).config.http.host).toBe('0.0.0.0');
    expect(config({ BIND_ADDRESS: '127.0.0.1' }).http.host).toBe('127.0.0.1');
  });

  it('refuses one port for two listeners, except 0, which is any free one', () => {
    expect(problem({ PORT: '7000', MANAGEMENT_PORT: '7000' })).toMatch(/^MANAGEMENT_PORT: .*PORT/);
    expect(config({ PORT: '0', MANAGEMENT_PORT: '0' }).http).toMatchObject({ port: 0, managementPort: 0 });
  });

  it.each([
    ['PORT', '65536', /0 to 65535/],
    ['MAX_CALLS', '0', /1 to 10000/],
    ['MAX_CALLS', '1.5', /whole number/],
    ['VAD_THRESHOLD', '1.01', /0 to 1/],
    ['VOICE_SPEED', '0.2', /0.25 to 1.5/],
    ['MAX_OUTPUT_TOKENS', '5000', /1 to 4096, or inf/],
    ['PLAYOUT_CHUNK_MS', '50', /multiple of 20/],
    ['PLAYOUT_CHUNK_MS', '200', /40 ms shorter than PLAYOUT_LEAD_MS/],
    ['GREETING_PROTECTED', 'yes', /on or off/],
    ['NOISE_REDUCTION', 'near', /off, near_field, far_field/],
    ['TRANSCRIPTION_LANGUAGES', 'english', /en,de/],
    ['SPEAK_LANGUAGE', 'English (US)', /en-US/],
    ['STREAM_TOKEN_SECRET', 'short', /at least 16/],
    ['BIND_ADDRESS', 'everywhere', /IP address/],
  ])('says what %s=%s should be', (name, value, expected) => {
    const line = problem({ [name]: value });
    expect(line.startsWith(`${name}: `)).toBe(true);
    expect(line).toMatch(expected);
  });

  it('lets the caller speak first when the greeting is off', () => {
    expect(config({ GREETING: 'off' }).assistant.greeting).toBeUndefined();
  });

  it('takes semantic voice detection and says which settings then have no use', () => {
    const { config, warnings } = load({ ...LEAST, VAD: 'semantic_vad', VAD_EAGERNESS: 'high', VAD_SILENCE_MS: '700' });
    expect(config.assistant.vad).toEqual({ type: 'semantic_vad', eagerness: 'high' });
    expect(warnings).toEqual([expect.stringMatching(/^VAD_SILENCE_MS: is not used/)]);
  });

  it('reads the languages of the transcription, or switches it off', () => {
    expect(config({ TRANSCRIPTION_LANGUAGES: 'en, DE' }).assistant.transcription?.languages).toEqual(['en', 'de']);
    expect(config({ TRANSCRIPTION_MODEL: 'off' }).assistant.transcription).toBeUndefined();
  });
});

describe('voices and models', () => {
  it('takes every Realtime voice and custom voices', () => {
    for (const name of ['alloy', 'cedar', 'verse', 'voice_1234'])
      expect(config({ VOICE: name }).assistant.voice).toBe(name);
  });

  it('tells a voice of the speech API from no voice at all, and lists the right ones', () => {
    expect(problem({ VOICE: 'nova' })).toMatch(/^VOICE: is a voice of the speech \(TTS\) API only.*marin/);
    expect(problem({ VOICE: 'Marin' })).toMatch(/lower case: marin/);
    expect(problem({ VOICE: 'bob' })).toMatch(/is no voice.*shimmer/);
  });

  it.each(['gpt-4o-realtime-preview', 'gpt-4o-mini-realtime-preview-2024-12-17', 'gpt-live-1', 'gpt-audio-1.5'])(
    'refuses %s and names the current model',
    (model) => {
      expect(problem({ OPENAI_REALTIME_MODEL: model })).toMatch(/^OPENAI_REALTIME_MODEL: .*use gpt-realtime-2\.1/);
    },
  );

  it.each([
    ['gpt-realtime', /2027-01-20; use gpt-realtime-2\.1$/],
    ['gpt-realtime-2025-08-28', /2027-01-20/],
    ['gpt-realtime-mini-2025-12-15', /use gpt-realtime-2\.1-mini$/],
  ])('warns that %s is about to go', (model, expected) => {
    expect(load({ ...LEAST, OPENAI_REALTIME_MODEL: model }).warnings).toEqual([expect.stringMatching(expected)]);
  });

  it.each(['gpt-realtime-2', 'gpt-realtime-2.1-mini', 'gpt-realtime-1.5'])('takes %s without a word', (model) => {
    expect(load({ ...LEAST, OPENAI_REALTIME_MODEL: model }).warnings).toEqual([]);
  });

  it('does not send a reasoning effort to a model that would refuse it', () => {
    const old = load({ ...LEAST, OPENAI_REALTIME_MODEL: 'gpt-realtime-1.5', REASONING_EFFORT: 'low' });
    expect(old.config.assistant.reasoningEffort).toBeUndefined();
    expect(old.warnings).toEqual([expect.stringMatching(/^REASONING_EFFORT/)]);
    expect(config({ REASONING_EFFORT: 'low' }).assistant.reasoningEffort).toBe('low');
  });

  it('knows Azure by its host: the key in its own header, any deployment name', () => {
    const { config, warnings } = load({
      ...LEAST,
      OPENAI_REALTIME_URL: 'wss://parley.openai.azure.com/openai/v1/realtime',
      OPENAI_REALTIME_MODEL: 'gpt-4o-realtime-preview',
    });
    expect(config.openai).toMatchObject({ authHeader: 'api-key', model: 'gpt-4o-realtime-preview' });
    expect(warnings).toEqual([]);
  });
});

describe('secrets', () => {
  it('come from files too, without the white space around them', () => {
    const { config, secretFiles } = load(
      { ...LEAST, OPENAI_API_KEY: undefined, OPENAI_API_KEY_FILE: '/run/openai' },
      { '/run/openai': ' sk-from-file\n' },
    );
    expect(config.openai.apiKey.value).toBe('sk-from-file');
    expect(secretFiles.map(({ name, path }) => [name, path])).toEqual([['OPENAI_API_KEY', '/run/openai']]);
  });

  it('are given in one way only', () => {
    expect(problem({ TELNYX_API_KEY_FILE: '/run/telnyx' })).toMatch(
      /^TELNYX_API_KEY: is set twice.*TELNYX_API_KEY_FILE/,
    );
  });

  it.each([
    ['missing', {}, /^TELNYX_PUBLIC_KEY_FILE: \/run\/key: there is no such file$/],
    ['empty', { '/run/key': '\n' }, /^TELNYX_PUBLIC_KEY_FILE: \/run\/key: the file is empty$/],
    ['wrong', { '/run/key': 'zzz' }, /^TELNYX_PUBLIC_KEY_FILE: \/run\/key: decodes to 2 bytes/],
  ])('name the path of a %s file', (_, files: Record<string, string>, expected) => {
    const found = problems({ ...LEAST, TELNYX_PUBLIC_KEY: undefined, TELNYX_PUBLIC_KEY_FILE: '/run/key' }, files);
    expect(found).toEqual([expect.stringMatching(expected)]);
  });

  it('are recognised in the other one’s place', () => {
    expect(problem({ OPENAI_API_KEY: 'KEY0123456789ABCDEF_x' })).toMatch(/^OPENAI_API_KEY: looks like a key of Telnyx/);
    expect(problem({ TELNYX_API_KEY: 'sk-proj-abc' })).toMatch(/^TELNYX_API_KEY: looks like a key of OpenAI/);
  });

  it('are refused with the quotes that a container runtime leaves on', () => {
    expect(problem({ OPENAI_API_KEY: '"sk-test"' })).toMatch(/quotes/);
  });

  it('let long instructions come from a file as well', () => {
    const { config, secretFiles } = load(
      { ...LEAST, INSTRUCTIONS_FILE: '/etc/role' },
      { '/etc/role': 'You sell tea.\n' },
    );
    expect(config.assistant.instructions).toBe('You sell tea.');
    expect(secretFiles).toEqual([]);
  });

  it('derive the token secret from the API key, the same every time and nothing of the key in it', () => {
    const secret = config().stream.tokenSecret.value;
    expect(secret).toBe(config().stream.tokenSecret.value);
    expect(secret).not.toBe(config({ TELNYX_API_KEY: 'KEY-other' }).stream.tokenSecret.value);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(config({ STREAM_TOKEN_SECRET: 'sixteen letters!' }).stream.tokenSecret.value).toBe('sixteen letters!');
  });

  it('show nothing when a whole configuration is printed', () => {
    const printed = JSON.stringify(config({ STREAM_TOKEN_SECRET: 'hunter2-hunter2-hunter2' }));
    for (const value of ['sk-test', 'KEY-test', PUBLIC_KEY, 'hunter2']) expect(printed).not.toContain(value);
  });
});

describe('TELNYX_PUBLIC_KEY', () => {
  it('may be several keys while one replaces another', () => {
    const keys = `${PUBLIC_KEY}, ${newPublicKey()}`;
    expect(config({ TELNYX_PUBLIC_KEY: keys }).telnyx.publicKeys?.value).toBe(keys);
    expect(problem({ TELNYX_PUBLIC_KEY: `${PUBLIC_KEY},abc` })).toMatch(/key 2 of 2/);
  });

  it('is named by the form it has and the form that is wanted', () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const der = publicKey.export({ type: 'spki', format: 'der' });
    const forms: [string, RegExp][] = [
      [publicKey.export({ type: 'spki', format: 'pem' }).toString(), /PEM form/],
      [der.toString('base64'), /DER form/],
      [der.subarray(-32).toString('hex'), /hexadecimal/],
      [der.subarray(-31).toString('base64'), /31 bytes/],
      ['not_base64!', /not base64/],
    ];
    for (const [text, form] of forms) {
      const line = problem({ TELNYX_PUBLIC_KEY: text });
      expect(line).toMatch(form);
      expect(line).toMatch(/base64 of the 32 bytes/);
    }
  });

  it('is not needed once signatures are switched off by name, which is warned of', () => {
    const { config, warnings } = load({ ...LEAST, TELNYX_PUBLIC_KEY: undefined, WEBHOOK_SIGNATURE: 'off' });
    expect(config.telnyx.publicKeys).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/^WEBHOOK_SIGNATURE/)]);
  });
});

describe('addresses', () => {
  it.each([
    ['https://voice.example.com', 'wss://voice.example.com/'],
    ['https://voice.example.com/parley/', 'wss://voice.example.com/parley'],
    ['wss://voice.example.com:8443', 'wss://voice.example.com:8443/'],
    ['http://127.0.0.1:6000', 'ws://127.0.0.1:6000/'],
    ['ws://localhost:6000/x', 'ws://localhost:6000/x'],
    ['http://[::1]:6000', 'ws://[::1]:6000/'],
    ['http://voice.example.com', 'wss://voice.example.com/'],
    ['ws://127.example.com', 'wss://127.example.com/'],
  ])('reads PUBLIC_URL=%s as %s', (given, expected) => {
    expect(config({ PUBLIC_URL: given }).stream.publicUrl?.href).toBe(expected);
  });

  it('warns about a public URL written without encryption', () => {
    expect(load({ ...LEAST, PUBLIC_URL: 'http://voice.example.com' }).warnings).toEqual([
      expect.stringMatching(/^PUBLIC_URL: .*https/),
    ]);
  });

  it.each([
    ['PUBLIC_URL', 'voice.example.com', /is not a URL/],
    ['PUBLIC_URL', 'ftp://voice.example.com', /https:\/\//],
    ['PUBLIC_URL', 'https://voice.example.com/?a=1', /query/],
    ['PUBLIC_URL', 'https://me:pw@voice.example.com', /password/],
    ['OPENAI_REALTIME_URL', 'https://api.openai.com/v1/realtime', /wss:\/\//],
    ['OPENAI_REALTIME_URL', 'wss://api.openai.com/v1/realtime?model=x', /OPENAI_REALTIME_MODEL/],
    ['OPENAI_REALTIME_URL', 'wss://r.openai.azure.com/openai/realtime?api-version=2024-10-01', /old preview/],
    ['TELNYX_BASE_URL', 'wss://api.telnyx.com', /https:\/\//],
  ])('refuses %s=%s', (name, value, expected) => {
    expect(problem({ [name]: value })).toMatch(expected);
  });

  it('keeps a double’s plain addresses, and warns when keys would cross a network in the clear', () => {
    const doubles = { OPENAI_REALTIME_URL: 'ws://127.0.0.1:9/v1/realtime/', TELNYX_BASE_URL: 'http://127.0.0.1:8/v2/' };
    const { config, warnings } = load({ ...LEAST, ...doubles });
    expect(config.openai.url).toBe('ws://127.0.0.1:9/v1/realtime');
    expect(config.telnyx.baseUrl).toBe('http://127.0.0.1:8/v2');
    expect(warnings).toEqual([]);
    expect(load({ ...LEAST, TELNYX_BASE_URL: 'http://telnyx.example.com/v2' }).warnings).toEqual([
      expect.stringMatching(/^TELNYX_BASE_URL: is not encrypted/),
    ]);
  });
});

describe('names', () => {
  it('that are nearly right are pointed out', () => {
    const { warnings } = load({ ...LEAST, OPENAI_REALTIME_MODLE: 'x', TELNYX_PUBLIK_KEY_FILE: '/x', LOG_LEVELS: 'x' });
    expect(warnings).toEqual([
      'OPENAI_REALTIME_MODLE: is not a setting; did you mean OPENAI_REALTIME_MODEL?',
      'TELNYX_PUBLIK_KEY_FILE: is not a setting; did you mean TELNYX_PUBLIC_KEY_FILE?',
      'LOG_LEVELS: is not a setting; did you mean LOG_LEVEL?',
    ]);
  });

  it('of other programs are left alone', () => {
    expect(load({ ...LEAST, PATH: '/bin', HOSTNAME: 'x', VOICES: 'x', npm_config_port: '1' }).warnings).toEqual([]);
  });
});
