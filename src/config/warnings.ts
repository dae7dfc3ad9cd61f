import { type Environment } from './env-file.js';
import { modelWarning, reasons, transcriptionModelWarning } from './models.js';
import { LIST_PRICES } from './price-setting.js';
import { onAzure, withRedis } from './rules.js';
import { type SettingName, SETTINGS, type SettingValues } from './settings.js';
import { redis } from './settings/redis.js';
import { suggestion } from './suggestion.js';
import { TOOL_SECRET_PREFIX, unusedToolSecrets } from './tool-secrets.js';
import { secretNamesOf } from './tools-file.js';
import { toolsWarnings } from './tools-warnings.js';
import { isLoopback } from './urls.js';

/** How long a realtime session lives on Azure; on OpenAI itself it is twice that. */
const AZURE_SESSION_S = 1800;

/** What an operator should know although it works. In: all settings, which were given, the environment. */
export function warningsAbout(values: SettingValues, given: ReadonlySet<SettingName>, env: Environment): string[] {
  return [
    ...securityWarnings(values, env),
    ...modelWarnings(values, given),
    ...limitWarnings(values, given),
    ...unusedWarnings(values, given),
    ...(values.TOOLS === undefined ? [] : toolsWarnings(values.TOOLS)),
    ...nameWarnings(values, env),
  ];
}

function securityWarnings(values: SettingValues, env: Environment): string[] {
  const warnings: string[] = [];
  if (values.WEBHOOK_SIGNATURE === 'off') warnings.push('WEBHOOK_SIGNATURE: off, so anyone can send webhooks');
  if (values.STREAM_AUTH === 'off') warnings.push('STREAM_AUTH: off, so anyone can connect a media stream');
  for (const name of ['OPENAI_REALTIME_URL', 'TELNYX_BASE_URL'] as const) {
    const url = new URL(values[name]);
    if ((url.protocol === 'ws:' || url.protocol === 'http:') && !isLoopback(url.hostname)) {
      warnings.push(`${name}: is not encrypted, and the API key travels over it`);
    }
  }
  if (/^(http|ws):/i.test(env['PUBLIC_URL'] ?? '') && values.PUBLIC_URL?.protocol === 'wss:') {
    warnings.push('PUBLIC_URL: is not encrypted as written; media streams use wss all the same, so write https://');
  }
  return warnings;
}

function modelWarnings(values: SettingValues, given: ReadonlySet<SettingName>): string[] {
  const warnings: string[] = [];
  const url = values.OPENAI_REALTIME_URL;
  if (!new URL(url).pathname.endsWith('/realtime')) {
    warnings.push('OPENAI_REALTIME_URL: does not end in /realtime, where realtime sessions usually are');
  }
  if (onAzure(values)) return warnings;
  const model = values.OPENAI_REALTIME_MODEL;
  const about = modelWarning(model);
  if (about !== undefined) warnings.push(`OPENAI_REALTIME_MODEL: ${about}`);
  if (given.has('REASONING_EFFORT') && !reasons(model)) {
    warnings.push('REASONING_EFFORT: is not sent, because this model does not reason');
  }
  const transcription = transcriptionModelWarning(values.TRANSCRIPTION_MODEL);
  if (transcription !== undefined) warnings.push(`TRANSCRIPTION_MODEL: ${transcription}`);
  return warnings;
}

function limitWarnings(values: SettingValues, given: ReadonlySet<SettingName>): string[] {
  const warnings: string[] = [];
  const { MAX_SILENCE_S: silence, SESSION_RENEW_AFTER_S: renewAfter } = values;
  for (const name of ['IDLE_PROMPT_AFTER_S', 'IDLE_HANG_UP_AFTER_S'] as const) {
    if (silence === 0 || values[name] < silence || (!given.has(name) && !given.has('MAX_SILENCE_S'))) continue;
    warnings.push(`${name}: is never reached, because MAX_SILENCE_S ends the call before`);
  }
  if (values.MAX_CALL_COST_USD > 0 && !priced(values)) {
    warnings.push('MAX_CALL_COST_USD: cannot be watched, because PRICES has no price for OPENAI_REALTIME_MODEL');
  }
  if (renewAfter !== undefined && values.WARM_SESSIONS > 0 && values.WARM_SESSION_MAX_AGE_S >= renewAfter) {
    warnings.push(
      'WARM_SESSION_MAX_AGE_S: is not below SESSION_RENEW_AFTER_S, so calls may begin with a session to renew',
    );
  }
  if (renewAfter !== undefined && renewAfter >= AZURE_SESSION_S && onAzure(values)) {
    warnings.push('SESSION_RENEW_AFTER_S: comes too late, because Azure ends sessions after 30 minutes');
  }
  if (withRedis(given) && values.DRAIN_HANDOVER_AFTER >= values.DRAIN_DEADLINE) {
    warnings.push('DRAIN_HANDOVER_AFTER: is never reached, because DRAIN_DEADLINE ends the calls before');
  }
  return warnings;
}

function priced(values: SettingValues): boolean {
  const model = values.OPENAI_REALTIME_MODEL;
  return LIST_PRICES.models[model] !== undefined || values.PRICES?.models?.[model] !== undefined;
}

function unusedWarnings(values: SettingValues, given: ReadonlySet<SettingName>): string[] {
  const warnings: string[] = [];
  const unused = (names: readonly SettingName[], because: string): void => {
    for (const name of names) if (given.has(name)) warnings.push(`${name}: is not used, because ${because}`);
  };
  if (values.VAD === 'semantic_vad') {
    unused(['VAD_THRESHOLD', 'VAD_PREFIX_PADDING_MS', 'VAD_SILENCE_MS'], 'VAD is semantic_vad');
  } else {
    unused(['VAD_EAGERNESS'], 'VAD is server_vad');
  }
  if (values.TRANSCRIPTION_MODEL === 'off') unused(['TRANSCRIPTION_LANGUAGES'], 'TRANSCRIPTION_MODEL is off');
  if (values.GREETING === 'off' && values.GREETING_PROTECTED) unused(['GREETING_PROTECTED'], 'GREETING is off');
  unusedTransferSettings(values, unused);
  unusedRedisSettings(given, unused);
  if (values.KEYS === 'off') unused(['KEYS_SOURCE', 'KEYS_TERMINATOR', 'KEYS_PAUSE_MS'], 'KEYS is off');
  if (values.IDLE_HANG_UP_AFTER_S === 0) unused(['SENTENCE_IDLE'], 'IDLE_HANG_UP_AFTER_S is 0');
  if (values.WAIT_SIGNAL !== 'speech') unused(['SENTENCE_WAIT'], `WAIT_SIGNAL is ${values.WAIT_SIGNAL}`);
  if (values.WAIT_SIGNAL === 'off') unused(['WAIT_SIGNAL_AFTER_MS'], 'WAIT_SIGNAL is off');
  if (values.REPORT_URL === undefined) {
    const names = ['REPORT_SECRET', 'REPORT_TIMEOUT_MS', 'REPORT_GIVE_UP_AFTER_S', 'LAST_WORDS_WAIT_MS'] as const;
    unused(names, 'REPORT_URL is not set');
  } else if (values.TRANSCRIPTION_MODEL === 'off') {
    unused(['LAST_WORDS_WAIT_MS'], 'TRANSCRIPTION_MODEL is off');
  }
  return warnings;
}

function unusedTransferSettings(
  values: SettingValues,
  unused: (names: readonly SettingName[], because: string) => void,
): void {
  const offered = values.BUILT_IN_TOOLS.includes('transfer');
  const targets = values.TRANSFER_TARGETS !== undefined;
  if (!offered) unused(['TRANSFER_TARGETS', 'SENTENCE_TRANSFER'], 'BUILT_IN_TOOLS does not have transfer');
  else if (!targets) unused(['SENTENCE_TRANSFER'], 'TRANSFER_TARGETS is not set');
  if (values.FALLBACK_NUMBER === undefined) unused(['SENTENCE_FALLBACK'], 'FALLBACK_NUMBER is not set');
  if ((offered && targets) || values.FALLBACK_NUMBER !== undefined || values.OVERFLOW_NUMBER !== undefined) return;
  unused(['TRANSFER_RING_S', 'TRANSFER_FROM'], 'there is nowhere to transfer to');
}

function unusedRedisSettings(
  given: ReadonlySet<SettingName>,
  unused: (names: readonly SettingName[], because: string) => void,
): void {
  if (!withRedis(given)) {
    const names = (Object.keys(redis) as (keyof typeof redis)[]).filter((name) => name !== 'REDIS_URL');
    unused([...names, 'DRAIN_HANDOVER_AFTER'], 'REDIS_URL is not set');
  } else if (!given.has('REDIS_SENTINELS')) {
    unused(['REDIS_SENTINEL_NAME', 'REDIS_SENTINEL_PASSWORD', 'REDIS_SENTINEL_TLS'], 'REDIS_SENTINELS is not set');
  }
}

function nameWarnings(values: SettingValues, env: Environment): string[] {
  const warnings = unusedToolSecrets(values.TOOLS === undefined ? [] : secretNamesOf(values.TOOLS), env);
  const known = Object.keys(SETTINGS);
  for (const name of Object.keys(env)) {
    if (name.startsWith(TOOL_SECRET_PREFIX)) continue;
    const meant = suggestion(name, known);
    if (meant !== undefined) warnings.push(`${name}: is not a setting; did you mean ${meant}?`);
  }
  return warnings;
}
