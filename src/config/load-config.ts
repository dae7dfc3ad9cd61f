import { hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Config, type VadConfig } from './config.js';
import { ConfigError } from './config-error.js';
import { type Environment } from './env-file.js';
import { type HostFacts, hostFacts } from './host.js';
import { reasons } from './models.js';
import { type ReadFile, type ReadSettings, readSettings, type SecretFile } from './read-settings.js';
import { onAzure, problemsBetween, swappedKeys, warningsAbout } from './rules.js';
import { Secret } from './secret.js';
import { type SettingName, SETTINGS, type SettingValues } from './settings.js';

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
  const read = readSettings(env, options.readFile ?? ((path) => readFileSync(path, 'utf8')));
  const given = new Set(
    (Object.keys(SETTINGS) as SettingName[]).filter((name) => isSet(env[name]) || isSet(env[`${name}_FILE`])),
  );
  const problems = [
    ...read.problems,
    ...problemsBetween(read.values, given),
    ...swappedKeys(read.values.OPENAI_API_KEY, read.values.TELNYX_API_KEY),
  ];
  if (problems.length > 0) throw new ConfigError(problems);

  // Without problems every setting that must have a value has one.
  const values = read.values as SettingValues;
  return {
    config: assemble(values, read.secrets, options.host ?? hostFacts()),
    warnings: warningsAbout(values, given, env),
    secretFiles: read.secretFiles,
  };
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== '';
}

function assemble(values: SettingValues, secrets: ReadSettings['secrets'], host: HostFacts): Config {
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
    sentences: { sorry: values.SENTENCE_SORRY },
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
    limits: {
      maxCalls: values.MAX_CALLS,
      eventLoopLagLimitMs: values.EVENT_LOOP_LAG_LIMIT_MS,
      maxCallDurationMs: values.MAX_CALL_DURATION_S * 1000,
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
