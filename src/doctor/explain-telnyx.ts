import { APIConnectionTimeoutError, APIError, APIConnectionError } from 'telnyx';
import { type CheckResult, fail } from './check.js';
import { explainNetwork } from './explain-network.js';

const KEY_FIX = 'create a version 2 API key in the portal (API Keys) and set TELNYX_API_KEY to it';

/**
 * What a failed REST request to Telnyx means.
 * In: what the SDK threw, and what was asked for. Out: a failure. Telnyx's own words are repeated only where they help:
 * those of a refused key are left out, because they may repeat the key.
 */
export function explainTelnyx(error: unknown, askedFor: string): CheckResult {
  if (error instanceof APIConnectionTimeoutError) {
    return fail(`no answer from Telnyx about ${askedFor} in time`, 'check outgoing firewalls and TELNYX_BASE_URL');
  }
  if (error instanceof APIConnectionError || !(error instanceof APIError)) {
    const { detail, fix } = explainNetwork(error);
    return fail(`Telnyx could not be asked about ${askedFor}: ${detail}`, `${fix} (TELNYX_BASE_URL)`);
  }
  const status = error.status as number | undefined;
  const { code, detail } = firstError(error.error);
  const told = code === undefined ? `HTTP ${status}` : `HTTP ${status}, code ${code}`;
  if (status === 401) return fail(`Telnyx refuses the API key (${told})`, KEY_FIX);
  if (status === 403) {
    return fail(
      `the API key may not read ${askedFor} (${told})`,
      "use a key of the account's owner, or widen its rights",
    );
  }
  if (status === 404) {
    return fail(`Telnyx knows no ${askedFor} (${told})`, 'check that TELNYX_BASE_URL ends in the API version, /v2');
  }
  if (status === 429) return fail(`Telnyx limits our requests (${told})`, 'wait a minute and run the doctor again');
  if (status !== undefined && status >= 500) {
    return fail(`Telnyx has a problem of its own (${told})`, 'look at status.telnyx.com and try again');
  }
  return fail(
    `Telnyx answered ${told}${detail === undefined ? '' : `: ${detail}`}`,
    'look the code up in Telnyx’s error list',
  );
}

/** The first entry of `{"errors":[{"code","detail"}]}`. */
function firstError(body: unknown): { code?: string; detail?: string } {
  const errors = (body as { errors?: unknown } | null | undefined)?.errors;
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (typeof first !== 'object' || first === null) return {};
  const { code, detail } = first as { code?: unknown; detail?: unknown };
  return {
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    ...(typeof detail === 'string' ? { detail } : {}),
  };
}
