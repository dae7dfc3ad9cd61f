import { type Environment } from './env-file.js';
import { modelProblem, modelWarning, reasons, transcriptionModelWarning } from './models.js';
import { type SettingName, SETTINGS, type SettingValues } from './settings.js';
import { suggestion } from './suggestion.js';
import { isAzure, isLoopback } from './urls.js';

/** What Telnyx still has to play when the next piece of audio is sent: less would be heard as gaps. */
const LEAST_REST_MS = 40;

type Partially = Partial<SettingValues>;

/** Problems that show only when settings are seen together. In: what could be read. Out: one line each. */
export function problemsBetween(values: Partially, given: ReadonlySet<SettingName>): string[] {
  const problems: string[] = [];
  const { PORT: port, MANAGEMENT_PORT: managementPort } = values;
  if (port !== undefined && port !== 0 && port === managementPort) {
    problems.push('MANAGEMENT_PORT: is the same as PORT; give it a port of its own');
  }
  if (values.WEBHOOK_SIGNATURE !== 'off' && !given.has('TELNYX_PUBLIC_KEY')) {
    problems.push(
      'TELNYX_PUBLIC_KEY: is missing; copy it from the portal (API Keys, Public Key), or set WEBHOOK_SIGNATURE=off to accept webhooks from anyone',
    );
  }
  if ((values.PLAYOUT_CHUNK_MS ?? 0) + LEAST_REST_MS > (values.PLAYOUT_LEAD_MS ?? Infinity)) {
    problems.push(
      `PLAYOUT_CHUNK_MS: leaves no time to send the next piece; make it at least ${LEAST_REST_MS} ms shorter than PLAYOUT_LEAD_MS`,
    );
  }
  const model = values.OPENAI_REALTIME_MODEL;
  if (model !== undefined && !onAzure(values)) {
    const wrong = modelProblem(model);
    if (wrong !== undefined) problems.push(`OPENAI_REALTIME_MODEL: ${wrong}`);
  }
  return problems;
}

/** Keys in each other's place give a 401 much later; their beginnings tell them apart. */
export function swappedKeys(openaiKey: string | undefined, telnyxKey: string | undefined): string[] {
  const problems: string[] = [];
  if (openaiKey !== undefined && /^KEY[0-9A-F]{8}/.test(openaiKey)) {
    problems.push('OPENAI_API_KEY: looks like a key of Telnyx; give the one from platform.openai.com');
  }
  if (telnyxKey !== undefined && /^sk-/.test(telnyxKey)) {
    problems.push('TELNYX_API_KEY: looks like a key of OpenAI; give the one from portal.telnyx.com');
  }
  return problems;
}

/** What an operator should know although it works. In: all settings, which were given, the environment. */
export function warningsAbout(values: SettingValues, given: ReadonlySet<SettingName>, env: Environment): string[] {
  return [...securityWarnings(values, env), ...modelWarnings(values, given), ...unusedWarnings(values, given, env)];
}

/** True when the model's name is a deployment's, which says nothing about the model. */
export function onAzure(values: Partially): boolean {
  const url = values.OPENAI_REALTIME_URL;
  return values.OPENAI_AUTH === 'api-key' || (url !== undefined && isAzure(url));
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

function unusedWarnings(values: SettingValues, given: ReadonlySet<SettingName>, env: Environment): string[] {
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
  if ((env['REDIS_URL'] ?? '') !== '') warnings.push('REDIS_URL: is not used by this version');

  const known = Object.keys(SETTINGS);
  for (const name of Object.keys(env)) {
    const meant = suggestion(name, known);
    if (meant !== undefined) warnings.push(`${name}: is not a setting; did you mean ${meant}?`);
  }
  return warnings;
}
