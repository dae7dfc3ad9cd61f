import { hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Config, type VadConfig } from './config.js';
import { ConfigError } from './config-error.js';
import { type Environment } from './env-file.js';
import { type HostFacts, hostFacts } from './host.js';
import { reasons } from './models.js';
import { LIST_PRICES } from './price-setting.js';
import { type ReadFile, type ReadSettings, readSettings, type SecretFile } from './read-settings.js';
import { onAzure, problemsBetween, swappedKeys } from './rules.js';
import { Secret } from './secret.js';
import { textOf } from './setting-source.js';
import { type SettingName, SETTINGS, type SettingValues } from './settings.js';
import { readToolSecrets } from './tool-secrets.js';
import { secretNamesOf, withSecrets } from './tools-file.js';
import { type ToolsFile } from './tools-setting.js';
import { warningsAbout } from './warnings.js';

export interface LoadedConfig {
  config: Config;
  /** One line each, `NAME: …`, for the log; none repeats a value. */
  warnings: string[];
  /** Secrets that came from files; give them to `SecretFiles` to have them re-read when they change. */
  secretFiles: SecretFile[];
}

export interface LoadOptions {
  readFile?: ReadFile;
  host?: HostFacts;
}

/**
 * Reads the whole configuration once.
 * In: the environment's variables. Out: the configuration and warnings. Throws ConfigError naming every wrong or missing
 * variable at once, with what would be right and never with its value.
 */
export function loadConfig(env: Environment, options: LoadOptions = {}): LoadedConfig {
  const readFile = options.readFile ?? ((path: string): string => readFileSync(path, 'utf8'));
  const read = readSettings(env, readFile);
  const written = read.values.TOOLS ?? { http: [], mcp: [] };
  const toolSecrets = readToolSecrets(secretNamesOf(written), env, readFile);
  const given = new Set(
    (Object.keys(SETTINGS) as SettingName[]).filter(
      (name) => textOf(env, name) !== undefined || textOf(env, `${name}_FILE`) !== undefined,
    ),
  );
  const problems = [
    ...read.problems,
    ...toolSecrets.problems,
    ...problemsBetween(read.values, given),
    ...swappedKeys(read.values.OPENAI_API_KEY, read.values.TELNYX_API_KEY),
  ];
  if (problems.length > 0) throw new ConfigError(problems);

  // Without problems every setting that must have a value has one.
  const values = read.values as SettingValues;
  return {
    config: assemble(values, read.secrets, withSecrets(written, toolSecrets.secrets), options.host ?? hostFacts()),
    warnings: warningsAbout(values, given, env),
    secretFiles: [...read.secretFiles, ...toolSecrets.secretFiles],
  };
}

function assemble(values: SettingValues, secrets: ReadSettings['secrets'], tools: ToolsFile, host: HostFacts): Config {
  const telnyxKey = secrets.TELNYX_API_KEY ?? new Secret(values.TELNYX_API_KEY);
  return {
    openai: openaiPart(values, secrets.OPENAI_API_KEY ?? new Secret(values.OPENAI_API_KEY)),
    assistant: assistantPart(values),
    telnyx: {
      apiKey: telnyxKey,
      publicKeys: values.WEBHOOK_SIGNATURE === 'off' ? undefined : secrets.TELNYX_PUBLIC_KEY,
      baseUrl: values.TELNYX_BASE_URL,
      commandTimeoutMs: values.TELNYX_COMMAND_TIMEOUT_MS,
      webhookSignature: values.WEBHOOK_SIGNATURE,
      webhookBodyLimitBytes: values.WEBHOOK_BODY_LIMIT_KB * 1024,
      speakVoice: values.SPEAK_VOICE,
      speakLanguage: values.SPEAK_LANGUAGE,
    },
    stream: {
      publicUrl: values.PUBLIC_URL,
      auth: values.STREAM_AUTH,
      tokenSecret: secrets.STREAM_TOKEN_SECRET ?? derivedTokenSecret(telnyxKey),
      targetLegs: values.STREAM_TARGET_LEGS,
      sendSilenceWhenIdle: values.SEND_SILENCE_WHEN_IDLE,
      startTimeoutMs: values.STREAM_START_TIMEOUT_S * 1000,
      redialWaitMs: values.STREAM_REDIAL_WAIT_MS,
      maxRestarts: values.STREAM_MAX_RESTARTS,
      playoutLeadMs: values.PLAYOUT_LEAD_MS,
      playoutChunkMs: values.PLAYOUT_CHUNK_MS,
    },
    tools: { builtIn: values.BUILT_IN_TOOLS, ...tools },
    transfer: {
      targets: values.TRANSFER_TARGETS ?? [],
      ringS: values.TRANSFER_RING_S,
      from: values.TRANSFER_FROM,
      fallbackTo: values.FALLBACK_NUMBER,
      overflowTo: values.OVERFLOW_NUMBER,
    },
    keys: {
      enabled: values.KEYS === 'on',
      source: values.KEYS_SOURCE,
      terminator: values.KEYS_TERMINATOR === 'none' ? undefined : values.KEYS_TERMINATOR,
      pauseMs: values.KEYS_PAUSE_MS,
    },
    sentences: {
      sorry: values.SENTENCE_SORRY,
      fallback: values.SENTENCE_FALLBACK,
      wait: values.SENTENCE_WAIT,
      transfer: values.SENTENCE_TRANSFER,
      idle: values.SENTENCE_IDLE,
      timeUp: values.SENTENCE_TIME_UP,
      goodbye: values.SENTENCE_GOODBYE,
    },
    waitSignal: { kind: values.WAIT_SIGNAL, afterMs: values.WAIT_SIGNAL_AFTER_MS },
    report: reportPart(values, secrets.REPORT_SECRET),
    redis: redisPart(values, secrets),
    fleet: { heartbeatMs: values.POD_HEARTBEAT_MS, silentMs: values.POD_SILENT_MS, leaseMs: values.CALL_LEASE_MS },
    drain: { handoverAfterMs: values.DRAIN_HANDOVER_AFTER * 1000, deadlineMs: values.DRAIN_DEADLINE * 1000 },
    http: {
      port: values.PORT,
      managementPort: values.MANAGEMENT_PORT,
      // A socket on `::` takes IPv4 too, but a machine without IPv6 cannot open one.
      host: values.BIND_ADDRESS ?? (host.hasIPv6 ? '::' : '0.0.0.0'),
    },
    pod: {
      name: values.POD_NAME ?? host.name,
      ip: values.POD_IP ?? host.ip,
      ...(values.POD_UID === undefined ? {} : { uid: values.POD_UID }),
    },
    limits: limitsPart(values),
    telemetry: {
      numbers: values.TRACE_NUMBERS,
      content: values.TRACE_CONTENT === 'on',
      numberHashSecret: secrets.NUMBER_HASH_SECRET,
    },
    log: { level: values.LOG_LEVEL, pretty: values.LOG_PRETTY === 'auto' ? 'auto' : values.LOG_PRETTY === 'on' },
  };
}

function openaiPart(values: SettingValues, apiKey: Secret): Config['openai'] {
  return {
    apiKey,
    url: values.OPENAI_REALTIME_URL,
    model: values.OPENAI_REALTIME_MODEL,
    ...(values.OPENAI_ORG_ID === undefined ? {} : { organization: values.OPENAI_ORG_ID }),
    ...(values.OPENAI_PROJECT_ID === undefined ? {} : { project: values.OPENAI_PROJECT_ID }),
    authHeader: values.OPENAI_AUTH ?? (onAzure(values) ? 'api-key' : 'bearer'),
    connectTimeoutMs: values.OPENAI_CONNECT_TIMEOUT_MS,
    warmSessions: values.WARM_SESSIONS,
    warmSessionMaxAgeMs: values.WARM_SESSION_MAX_AGE_S * 1000,
    renewAfterMs: (values.SESSION_RENEW_AFTER_S ?? (onAzure(values) ? 1500 : 3000)) * 1000,
    prices: values.PRICES ?? LIST_PRICES,
  };
}

function limitsPart(values: SettingValues): Config['limits'] {
  const limit = (value: number): number | undefined => (value === 0 ? undefined : value);
  const seconds = (value: number): number | undefined => limit(value * 1000);
  return {
    maxCalls: values.MAX_CALLS,
    eventLoopLagLimitMs: values.EVENT_LOOP_LAG_LIMIT_MS,
    memoryLimitPercent: values.MEMORY_LIMIT_PERCENT,
    callerCallsPerMinute: limit(values.CALLER_CALLS_PER_MINUTE),
    maxCallDurationMs: values.MAX_CALL_DURATION_S * 1000,
    maxCallDurationNoticeMs: seconds(values.MAX_CALL_DURATION_NOTICE_S),
    idlePromptMs: seconds(values.IDLE_PROMPT_AFTER_S),
    idleHangUpMs: seconds(values.IDLE_HANG_UP_AFTER_S),
    maxSilenceMs: seconds(values.MAX_SILENCE_S),
    maxMonologueMs: seconds(values.MAX_MONOLOGUE_S),
    maxCallCostUsd: limit(values.MAX_CALL_COST_USD),
  };
}

function reportPart(values: SettingValues, secret: Secret | undefined): Config['report'] {
  if (values.REPORT_URL === undefined || secret === undefined) return undefined;
  return {
    url: values.REPORT_URL,
    secret,
    timeoutMs: values.REPORT_TIMEOUT_MS,
    giveUpAfterMs: values.REPORT_GIVE_UP_AFTER_S * 1000,
    lastWordsWaitMs: values.LAST_WORDS_WAIT_MS,
  };
}

function redisPart(values: SettingValues, secrets: ReadSettings['secrets']): Config['redis'] {
  const hosts = values.REDIS_SENTINELS;
  if (secrets.REDIS_URL === undefined && hosts === undefined) return undefined;
  const name = values.REDIS_SENTINEL_NAME ?? '';
  return {
    url: secrets.REDIS_URL,
    username: values.REDIS_USERNAME,
    password: secrets.REDIS_PASSWORD,
    tlsCa: secrets.REDIS_TLS_CA,
    sentinel:
      hosts === undefined
        ? undefined
        : { hosts, name, password: secrets.REDIS_SENTINEL_PASSWORD, tls: values.REDIS_SENTINEL_TLS },
    cluster: values.REDIS_CLUSTER,
    keyPrefix: values.REDIS_KEY_PREFIX,
    commandTimeoutMs: values.REDIS_COMMAND_TIMEOUT_MS,
    failureMode: values.REDIS_FAILURE_MODE,
  };
}

function assistantPart(values: SettingValues): Config['assistant'] {
  const vad: VadConfig =
    values.VAD === 'semantic_vad'
      ? { type: 'semantic_vad', eagerness: values.VAD_EAGERNESS }
      : {
          type: 'server_vad',
          threshold: values.VAD_THRESHOLD,
          prefixPaddingMs: values.VAD_PREFIX_PADDING_MS,
          silenceMs: values.VAD_SILENCE_MS,
        };
  const effort = values.REASONING_EFFORT;
  const sendEffort = effort !== undefined && (onAzure(values) || reasons(values.OPENAI_REALTIME_MODEL));
  return {
    voice: values.VOICE,
    speed: values.VOICE_SPEED,
    instructions: values.INSTRUCTIONS,
    greeting: values.GREETING === 'off' ? undefined : values.GREETING,
    greetingProtected: values.GREETING_PROTECTED,
    interruptMinSpeechMs: values.INTERRUPT_MIN_SPEECH_MS,
    vad,
    noiseReduction: values.NOISE_REDUCTION === 'off' ? undefined : values.NOISE_REDUCTION,
    ...(values.TRANSCRIPTION_MODEL === 'off'
      ? {}
      : { transcription: { model: values.TRANSCRIPTION_MODEL, languages: values.TRANSCRIPTION_LANGUAGES ?? [] } }),
    ...(sendEffort ? { reasoningEffort: effort } : {}),
    maxOutputTokens: values.MAX_OUTPUT_TOKENS,
  };
}

/**
 * The token secret when none is given: a key of its own out of the API key (HKDF-SHA-256), so that a stream URL tells
 * nothing about the API key. Made once: a rotated API key does not cut off the calls whose tokens are already out.
 */
function derivedTokenSecret(apiKey: Secret): Secret {
  const bytes = hkdfSync('sha256', apiKey.value, '', 'parley stream token v1', 32);
  return new Secret(Buffer.from(bytes).toString('base64url'));
}
