import { type Config } from '../../config/config.js';
import { type Check, type CheckResult, fail, ok } from '../check.js';
import { explainNetwork } from '../explain-network.js';
import { probeRealtime, type RealtimeOutcome } from '../realtime-probe.js';

/** One session as a call would have it: key, model, and every setting of the assistant. */
export const realtime: Check = {
  name: 'OpenAI realtime session',
  async run({ config, timeoutMs }) {
    return judgeRealtime(await probeRealtime(config, timeoutMs), config);
  },
};

const KEY_FIX =
  'create a key at platform.openai.com (API keys) in a project that may use the model, and set OPENAI_API_KEY';
const FORMAT = 'audio/pcmu';

/** Which variable a part of `session.update` comes from; the longest beginning of `param` decides. */
const VARIABLE_OF: readonly [string, string][] = [
  ['session.audio.input.transcription.languages', 'TRANSCRIPTION_LANGUAGES'],
  ['session.audio.input.transcription', 'TRANSCRIPTION_MODEL'],
  ['session.audio.input.noise_reduction', 'NOISE_REDUCTION'],
  ['session.audio.input.turn_detection', 'VAD'],
  ['session.audio.output.voice', 'VOICE'],
  ['session.audio.output.speed', 'VOICE_SPEED'],
  ['session.instructions', 'INSTRUCTIONS'],
  ['session.max_output_tokens', 'MAX_OUTPUT_TOKENS'],
  ['session.reasoning', 'REASONING_EFFORT'],
  ['session.model', 'OPENAI_REALTIME_MODEL'],
];

export function judgeRealtime(outcome: RealtimeOutcome, { openai }: Pick<Config, 'openai'>): CheckResult {
  switch (outcome.kind) {
    case 'ready':
      if (outcome.inputFormat === FORMAT && outcome.outputFormat === FORMAT) {
        return ok(`${openai.model} is ready in ${outcome.tookMs} ms and speaks ${FORMAT} both ways`);
      }
      return fail(
        `the session hears ${outcome.inputFormat} and speaks ${outcome.outputFormat} although ${FORMAT} was asked for: callers would hear static`,
        'use a server that speaks the current Realtime API (OPENAI_REALTIME_URL)',
      );
    case 'error':
      return judgeCode(outcome.code, outcome.message, outcome.param, openai.model);
    case 'closed': {
      // The reason of OpenAI's closes is `<error type>.<error code>`.
      const code = outcome.reason.split('.').at(-1) ?? '';
      if (outcome.code === 3000 || outcome.code >= 4000) return judgeCode(code, '', null, openai.model);
      return fail(
        `the socket was closed with ${outcome.code}${outcome.reason === '' ? '' : ` (${outcome.reason})`} before the session was ready`,
        'try again; if it stays, look at status.openai.com',
      );
    }
    case 'http':
      return judgeStatus(outcome.status);
    case 'timeout':
      return outcome.at === 'connect'
        ? fail(
            `no connection to ${openai.url} in time`,
            'check outgoing firewalls and proxies, and OPENAI_REALTIME_URL',
          )
        : fail(
            `connected, but session.${outcome.at} did not come in time`,
            'try again with --timeout 30; a server that never sends it does not speak the Realtime API (OPENAI_REALTIME_URL)',
          );
    case 'network': {
      const { detail, fix } = explainNetwork(outcome.error);
      return fail(`${openai.url}: ${detail}`, `${fix} (OPENAI_REALTIME_URL)`);
    }
  }
}

/** The message of a refused key repeats parts of the key, so the server's words are left out where a code says enough. */
function judgeCode(code: string | null, message: string, param: string | null, model: string): CheckResult {
  switch (code) {
    case 'invalid_api_key':
      return fail('OpenAI refuses the API key (invalid_api_key)', KEY_FIX);
    case 'insufficient_permissions':
      return fail(
        'the API key may not open realtime sessions (insufficient_permissions)',
        `give it that right; or ${KEY_FIX}`,
      );
    case 'invalid_model':
    case 'missing_model':
      return fail(
        `"${model}" is no realtime model (${code})`,
        'set OPENAI_REALTIME_MODEL=gpt-realtime-2.1, or leave it out',
      );
    case 'model_not_found':
      return fail(
        `the key's project may not use "${model}" (model_not_found)`,
        'allow the model in the project (Limits), or set OPENAI_REALTIME_MODEL to another one',
      );
    case 'beta_api_shape_disabled':
      return fail(
        'the server took this for the beta API (beta_api_shape_disabled)',
        'take proxies out that add an OpenAI-Beta header',
      );
    case 'insufficient_quota':
    case 'billing_hard_limit_reached':
    case 'credit_balance_exhausted':
      return fail(`the OpenAI account has no credit (${code})`, 'add credit at platform.openai.com (Billing)');
    case 'account_deactivated':
      return fail('the OpenAI account is closed (account_deactivated)', 'ask OpenAI, or use another account');
    case 'rate_limit_exceeded':
      return fail(
        "OpenAI limits this project's requests (rate_limit_exceeded)",
        'wait a minute; if it stays, ask for a higher limit',
      );
    default: {
      const told = [code, param, message].filter((part) => part !== null && part !== '').join(': ');
      const variable = VARIABLE_OF.find(([beginning]) => param?.startsWith(beginning) === true)?.[1];
      return fail(
        `OpenAI refuses the session (${told})`,
        variable === undefined ? 'correct the setting that it names' : `correct ${variable}`,
      );
    }
  }
}

function judgeStatus(status: number): CheckResult {
  const told = `the upgrade was answered with HTTP ${status}`;
  if (status === 401) return fail(`${told}: the API key is refused`, KEY_FIX);
  if (status === 403)
    return fail(
      `${told}: not from this country, network or key`,
      `check the project's allowed networks; or ${KEY_FIX}`,
    );
  if (status === 404)
    return fail(
      told,
      'correct OPENAI_REALTIME_URL; on Azure it ends in /openai/v1/realtime, and the model is the deployment',
    );
  if (status === 400) return fail(told, 'use a model (on Azure: a deployment) that serves realtime sessions');
  if (status === 429) return fail(`${told}: too many requests`, 'wait a minute and run the doctor again');
  if (status >= 300 && status < 400) return fail(told, 'set OPENAI_REALTIME_URL to the address it redirects to');
  if (status >= 500) {
    return fail(
      told,
      'try again; if it stays, check that OPENAI_API_KEY is an API key (other tokens get 500), and status.openai.com',
    );
  }
  return fail(told, 'check OPENAI_REALTIME_URL');
}
