import { modelProblem } from './models.js';
import { type SettingName, type SettingValues } from './settings.js';
import { RENEW_SHARE } from './settings/redis.js';
import { isAzure } from './urls.js';

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
  if (values.REPORT_URL !== undefined && !given.has('REPORT_SECRET')) {
    problems.push(
      'REPORT_SECRET: is missing, and REPORT_URL is set; the receiver knows reports by it (openssl rand -base64 32)',
    );
  }
  if ((values.MAX_CALL_DURATION_NOTICE_S ?? 0) >= (values.MAX_CALL_DURATION_S ?? Infinity)) {
    problems.push('MAX_CALL_DURATION_NOTICE_S: must be shorter than MAX_CALL_DURATION_S; 0 gives no notice');
  }
  problems.push(...redisProblems(values, given), ...fleetProblems(values));
  const model = values.OPENAI_REALTIME_MODEL;
  if (model !== undefined && !onAzure(values)) {
    const wrong = modelProblem(model);
    if (wrong !== undefined) problems.push(`OPENAI_REALTIME_MODEL: ${wrong}`);
  }
  return problems;
}

function redisProblems(values: Partially, given: ReadonlySet<SettingName>): string[] {
  const problems: string[] = [];
  if (!withRedis(given)) return problems;
  if (!given.has('STREAM_TOKEN_SECRET')) {
    problems.push(
      'STREAM_TOKEN_SECRET: is missing, and pods that share a Redis know each other by it; set it, the same on every pod (openssl rand -base64 32)',
    );
  }
  if (given.has('REDIS_SENTINELS')) {
    if (given.has('REDIS_URL')) {
      problems.push('REDIS_SENTINELS: is set, and so is REDIS_URL; give one of the two');
    }
    if (!given.has('REDIS_SENTINEL_NAME')) {
      problems.push("REDIS_SENTINEL_NAME: is missing; set it to the master's name in the sentinels' configuration");
    }
    if (values.REDIS_CLUSTER === true) {
      problems.push('REDIS_CLUSTER: must be off with REDIS_SENTINELS; a cluster has no sentinels');
    }
  }
  const database = /^rediss?:\/\/[^/]*\/(\d+)$/.exec(values.REDIS_URL ?? '')?.[1];
  if (values.REDIS_CLUSTER === true && Number(database ?? 0) !== 0) {
    problems.push('REDIS_URL: names a database, and a cluster has none but 0');
  }
  return problems;
}

function fleetProblems(values: Partially): string[] {
  const problems: string[] = [];
  if ((values.POD_SILENT_MS ?? Infinity) < 2 * (values.POD_HEARTBEAT_MS ?? 0)) {
    problems.push('POD_SILENT_MS: must be at least twice POD_HEARTBEAT_MS, because a heartbeat may be late');
  }
  // An answer that takes longer than until the next renewal would leave room for a single try.
  if ((values.CALL_LEASE_MS ?? Infinity) * RENEW_SHARE < (values.REDIS_COMMAND_TIMEOUT_MS ?? 0)) {
    problems.push('CALL_LEASE_MS: leaves no time to renew it; make it at least four times REDIS_COMMAND_TIMEOUT_MS');
  }
  return problems;
}

/** True when there may be other pods. */
export function withRedis(given: ReadonlySet<SettingName>): boolean {
  return given.has('REDIS_URL') || given.has('REDIS_SENTINELS');
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

/** True when the model's name is a deployment's, which says nothing about the model. */
export function onAzure(values: Partially): boolean {
  const url = values.OPENAI_REALTIME_URL;
  return values.OPENAI_AUTH === 'api-key' || (url !== undefined && isAzure(url));
}
