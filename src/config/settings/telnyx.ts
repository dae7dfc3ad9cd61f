import { publicKeys } from '../public-keys.js';
import { fromText, headerValue, integer, oneOf, problem, text } from '../schemas.js';
import { settings } from '../setting.js';
import { apiBaseUrl } from '../urls.js';

export const telnyx = settings({
  TELNYX_API_KEY: {
    meaning: 'API key (version 2) of Telnyx.',
    schema: headerValue(),
    required: true,
    fromFile: 'secret',
  },
  TELNYX_PUBLIC_KEY: {
    meaning:
      "Telnyx's key that webhooks are verified with: base64 of 32 bytes; several with commas between while one replaces another. Required unless WEBHOOK_SIGNATURE is `off`.",
    schema: publicKeys,
    defaultNote: 'required',
    fromFile: 'secret',
  },
  TELNYX_BASE_URL: {
    meaning: "Telnyx's REST API.",
    schema: apiBaseUrl,
    default: 'https://api.telnyx.com/v2',
  },
  TELNYX_COMMAND_TIMEOUT_MS: {
    meaning: 'How long one attempt of a call command (answer, hang up, …) may take.',
    schema: integer(200, 30_000, 'ms'),
    default: '3000',
  },
  WEBHOOK_SIGNATURE: {
    meaning: '`off` accepts webhooks from anyone. Only for trying things out.',
    schema: oneOf(['on', 'off']),
    default: 'on',
  },
  WEBHOOK_BODY_LIMIT_KB: {
    meaning: 'Largest webhook body that is read.',
    schema: integer(16, 4096, 'KiB'),
    default: '256',
  },
  SPEAK_VOICE: {
    meaning:
      'Voice of the sentences that Telnyx speaks itself when the model cannot: `female`, `male`, or a name such as `Telnyx.KokoroTTS.af`.',
    schema: text(),
    default: 'female',
  },
  SPEAK_LANGUAGE: {
    meaning: 'Language of those sentences.',
    schema: fromText((value) =>
      /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(value) ? value : problem('must be a language tag like en-US'),
    ),
    default: 'en-US',
  },
});
