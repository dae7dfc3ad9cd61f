import { type IncomingHttpHeaders } from 'node:http';
import { betaShapeDisabled, invalidApiKey, invalidModel, invalidRequest, missingModel } from './wire-errors.js';
import { type WireError } from './wire-types.js';

/** Models that a realtime session can be opened with (late 2026). */
export const KNOWN_MODELS: readonly string[] = [
  'gpt-realtime',
  'gpt-realtime-2025-08-28',
  'gpt-realtime-1.5',
  'gpt-realtime-2',
  'gpt-realtime-2.1',
  'gpt-realtime-2.1-mini',
  'gpt-realtime-mini',
  'gpt-realtime-mini-2025-12-15',
];

/**
 * What is wrong with a connection, if anything. The service finds out only after the 101: it sends an `error` event and
 * closes with 3000 (who you are) or 4000 (what you want).
 */
export function checkConnect(request: {
  headers: IncomingHttpHeaders;
  query: URLSearchParams;
  apiKey: string;
  models: readonly string[];
  failAuth?: { code?: string } | undefined;
}): { error: WireError; closeCode: number } | undefined {
  const { headers, query, apiKey, models, failAuth } = request;
  const authorized = headers.authorization === `Bearer ${apiKey}` || headers['api-key'] === apiKey;
  if (failAuth?.code !== undefined) {
    return { error: invalidRequest(failAuth.code, 'Refused on demand.'), closeCode: 3000 };
  }
  if (failAuth || !authorized) return { error: invalidApiKey(), closeCode: 3000 };
  if (headers['openai-beta']?.includes('realtime=v1')) return { error: betaShapeDisabled(), closeCode: 4000 };
  const model = query.get('model');
  if (model === null || model === '') return { error: missingModel(), closeCode: 4000 };
  return models.includes(model) ? undefined : { error: invalidModel(model), closeCode: 4000 };
}
