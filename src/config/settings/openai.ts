import { CURRENT_MODEL, realtimeModel } from '../models.js';
import { prices } from '../price-setting.js';
import { headerValue, integer, oneOf } from '../schemas.js';
import { settings } from '../setting.js';
import { realtimeUrl } from '../urls.js';

export const openai = settings({
  OPENAI_API_KEY: {
    meaning: 'Project API key of OpenAI (or of Azure OpenAI).',
    schema: headerValue(),
    required: true,
    fromFile: 'secret',
  },
  OPENAI_REALTIME_MODEL: {
    meaning: "The realtime model; on Azure the deployment's name.",
    schema: realtimeModel,
    default: CURRENT_MODEL,
  },
  OPENAI_REALTIME_URL: {
    meaning:
      'Where realtime sessions are opened. `wss://eu.api.openai.com/v1/realtime` for EU residency, `wss://RESOURCE.openai.azure.com/openai/v1/realtime` for Azure.',
    schema: realtimeUrl,
    default: 'wss://api.openai.com/v1/realtime',
  },
  OPENAI_AUTH: {
    meaning: '`bearer` sends the key as `Authorization: Bearer`, `api-key` in the header of that name.',
    schema: oneOf(['bearer', 'api-key']),
    defaultNote: '`bearer`; `api-key` when the URL is one of Azure',
  },
  OPENAI_ORG_ID: { meaning: 'Organization to charge, for keys that belong to several.', schema: headerValue() },
  OPENAI_PROJECT_ID: { meaning: 'Project to charge, for keys that belong to several.', schema: headerValue() },
  OPENAI_CONNECT_TIMEOUT_MS: {
    meaning: 'How long a realtime session may take to be ready.',
    schema: integer(500, 60_000, 'ms'),
    default: '10000',
  },
  WARM_SESSIONS: {
    meaning:
      'Realtime sessions kept connected ahead of calls, so that the first word does not wait for a handshake; 0 keeps none.',
    schema: integer(0, 100),
    default: '2',
  },
  WARM_SESSION_MAX_AGE_S: {
    meaning: 'A warm session older than this is replaced. A session lives for 60 minutes at most, calls included.',
    schema: integer(10, 3000, 's'),
    default: '600',
  },
  SESSION_RENEW_AFTER_S: {
    meaning:
      'A call that lasts longer gets a new realtime session, in a pause; OpenAI ends every session after 60 minutes, Azure after 30.',
    schema: integer(30, 3500, 's'),
    defaultNote: '3000; 1500 on Azure',
  },
  PRICES: {
    meaning: 'Prices as JSON, over the list prices of November 2026; see docs/report.md. Easier as PRICES_FILE.',
    schema: prices,
    fromFile: 'text',
  },
});
