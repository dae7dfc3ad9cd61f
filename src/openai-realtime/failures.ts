import { type ModelFailure } from '../conversation/model.port.js';

/** Codes that the same request will get again: key, account, configuration. */
const FATAL_CODES = new Set([
  'invalid_api_key',
  'insufficient_permissions',
  'insufficient_quota',
  'credit_balance_exhausted',
  'account_deactivated',
  'billing_hard_limit_reached',
  'invalid_model',
  'missing_model',
  'model_not_found',
  'beta_api_shape_disabled',
]);

/** Codes and types that say nothing about the request: the same one may be taken the next time. */
const PASSING = new Set([
  'server_error',
  'rate_limit_error',
  'rate_limit_exceeded',
  'inference_rate_limit_exceeded',
  'session_expired',
]);

const HINT = new Map([
  ['invalid_api_key', 'check OPENAI_API_KEY'],
  ['insufficient_permissions', "the key may not use the Realtime API: check the key's permissions"],
  ['insufficient_quota', 'the account has no credit left: check billing at OpenAI'],
  ['credit_balance_exhausted', 'the account has no credit left: check billing at OpenAI'],
  ['billing_hard_limit_reached', "the account's spending limit is reached"],
  ['account_deactivated', 'the OpenAI account is deactivated'],
  ['invalid_model', 'check OPENAI_REALTIME_MODEL'],
  ['model_not_found', 'check OPENAI_REALTIME_MODEL, and that the project has access to it'],
]);

/** What OpenAI's error objects say that matters here. */
export interface ApiError {
  code?: string | null | undefined;
  type?: string | null | undefined;
  param?: string | null | undefined;
  /** Read for its hint about trying again, and never passed on: it may hold what was said. */
  message?: string | null | undefined;
}

/** No caller waits longer than this for an answer, whatever the service would like. */
const LONGEST_HINT_MS = 30_000;
const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** What an `error` event, or the error inside a failed response, means for trying again. */
export function failureOfError(error: ApiError): ModelFailure {
  const code = error.code ?? error.type ?? 'unknown';
  const message = HINT.get(code) ?? 'the model reported an error';
  if (FATAL_CODES.has(code) || FATAL_CODES.has(error.type ?? '')) return { kind: 'fatal', code, message };
  const retryAfterMs = retryHintMs(error.message ?? '');
  return { kind: 'retryable', code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** "Please try again in 1.2s", "in 1m30s", "in 20ms"; Azure writes "retry after 3 seconds". */
function retryHintMs(message: string): number | undefined {
  const hint = /(?:try again in|retry (?:in|after)) ((?:\d{1,7}(?:\.\d{1,6})? ?[a-z]+ ?)+)/i.exec(
    message.slice(0, 1_000),
  );
  if (!hint) return undefined;
  let sumMs = 0;
  for (const [, amount, unit] of (hint[1] ?? '').matchAll(/([\d.]+) ?(ms|millisecond|s|m|h)/gi)) {
    sumMs += Number(amount) * UNIT_MS[unitOf(unit ?? '')];
  }
  return sumMs > 0 ? Math.min(Math.ceil(sumMs), LONGEST_HINT_MS) : undefined;
}

function unitOf(word: string): keyof typeof UNIT_MS {
  const lower = word.toLowerCase();
  return lower === 'ms' || lower === 'millisecond' ? 'ms' : (lower as keyof typeof UNIT_MS);
}

/** What an `error` event in place of `session.updated` means: the same configuration will be refused again. */
export function failureOfConfiguration(error: ApiError): ModelFailure {
  const failure = failureOfError(error);
  if (failure.kind === 'fatal' || PASSING.has(failure.code) || PASSING.has(error.type ?? '')) return failure;
  const message = `OpenAI refused the session's configuration (${error.param ?? 'no parameter named'})`;
  return { kind: 'fatal', code: failure.code, message };
}

/**
 * What the close of a session's socket means. OpenAI refuses keys, models and old API shapes after the upgrade, with
 * close codes 3000 and 4000 and a reason of the form `type.code`; network trouble has the codes of RFC 6455.
 * @param last the last `error` event before the close, if there was one.
 */
export function failureOfClose(code: number, reason: string, last: ModelFailure | undefined): ModelFailure {
  const named = reason.split('.').at(-1) ?? '';
  if (code >= 3000) {
    const known = failureOfError({ code: /^[a-z0-9_]+$/.test(named) ? named : `close-${code}` });
    return { ...known, kind: 'fatal', message: HINT.get(known.code) ?? 'OpenAI ended the session for good' };
  }
  if (last?.kind === 'fatal') return last;
  if (last?.code === 'session_expired') {
    return { kind: 'retryable', code: 'session_expired', message: 'the session reached its longest duration' };
  }
  return { kind: 'retryable', code: `close-${code}`, message: 'the connection to OpenAI was closed' };
}

/**
 * What an HTTP status in place of the upgrade means. 408, 429 and 5xx pass; everything else stays.
 * @param retryAfter the header of that name, if it came: whole seconds, or a date, which nobody waits for.
 */
export function failureOfStatus(status: number, retryAfter?: string): ModelFailure {
  const passing = status === 408 || status === 429 || status >= 500;
  const hint = status === 401 || status === 403 ? 'check OPENAI_API_KEY' : 'check OPENAI_REALTIME_URL';
  if (!passing) return { kind: 'fatal', code: `http-${status}`, message: `OpenAI refused the connection: ${hint}` };
  const retryAfterMs = /^[1-9]\d{0,5}$/.test(retryAfter ?? '')
    ? { retryAfterMs: Math.min(Number(retryAfter) * 1_000, LONGEST_HINT_MS) }
    : {};
  return {
    kind: 'retryable',
    code: `http-${status}`,
    message: 'OpenAI did not accept the connection',
    ...retryAfterMs,
  };
}
