import { randomUUID } from 'node:crypto';
import { type TelnyxSwitches } from './switches.js';
import { signWebhook, type TelnyxKeyPair } from './webhook-signature.js';

export type WebhookPayload = Readonly<Record<string, unknown>>;

export interface WebhookEvent {
  readonly id: string;
  readonly event_type: string;
  readonly occurred_at: string;
  readonly payload: WebhookPayload;
}

/** How one delivery differs from what Telnyx would do by itself. */
export interface DeliveryOverrides {
  readonly id?: string;
  readonly occurred_at?: string;
  readonly url?: string;
  readonly method?: string;
  /** The body as it is, instead of the envelope; it is signed. */
  readonly rawBody?: string;
  readonly version?: '1' | '2';
  /** `bad` is a true signature of other bytes; `missing` leaves the header out; anything else stands in the header. */
  readonly signature?: 'bad' | 'missing' | (string & {});
  /** How old the timestamp is; `missing` leaves the header out. */
  readonly timestampAgeSeconds?: number | 'missing';
  readonly headers?: Readonly<Record<string, string>>;
  readonly retryDelaysMs?: readonly number[];
  /** Added to `meta`. */
  readonly meta?: Readonly<Record<string, unknown>> | null;
}

/** A new event, as it happens now. */
export function newWebhookEvent(
  event_type: string,
  payload: WebhookPayload,
  overrides: DeliveryOverrides = {},
): WebhookEvent {
  return {
    id: overrides.id ?? randomUUID(),
    event_type,
    occurred_at: overrides.occurred_at ?? new Date().toISOString(),
    payload,
  };
}

/** No answer, 3xx that was not followed, 408, 429 and 5xx are tried again; other 4xx are final. */
export function isRetried(status: number | undefined): boolean {
  return status === undefined || (status >= 300 && status < 400) || status === 408 || status === 429 || status >= 500;
}

export function webhookBody(
  event: WebhookEvent,
  attempt: number,
  url: string,
  overrides: DeliveryOverrides,
  switches: TelnyxSwitches,
): string {
  if (overrides.rawBody !== undefined) return overrides.rawBody;
  const { id, event_type, occurred_at, payload } = event;
  if ((overrides.version ?? switches.webhookApiVersion) === '1') {
    const name = event_type.replaceAll('.', '_');
    return JSON.stringify({ record_type: 'event', event_type: name, id, created_at: occurred_at, payload });
  }
  const underscored = switches.streamingEventNames === 'underscores' && event_type.startsWith('streaming.');
  return JSON.stringify({
    data: {
      record_type: 'event',
      event_type: underscored ? event_type.replace('.', '_') : event_type,
      id,
      occurred_at,
      payload,
    },
    ...(overrides.meta === null ? {} : { meta: { attempt, delivered_to: url, ...overrides.meta } }),
  });
}

export function webhookHeaders(
  keyPair: TelnyxKeyPair,
  body: string,
  overrides: DeliveryOverrides,
): Record<string, string> {
  const age = overrides.timestampAgeSeconds ?? 0;
  const timestamp = String(Math.floor(Date.now() / 1000) - (age === 'missing' ? 0 : age));
  const signed = overrides.signature === 'bad' ? `${body} ` : body;
  const given = overrides.signature === 'bad' || overrides.signature === 'missing' ? undefined : overrides.signature;
  const headers: Record<string, string> = { 'Content-Type': 'application/json', 'User-Agent': 'telnyx-webhooks' };
  if (age !== 'missing') headers['Telnyx-Timestamp'] = timestamp;
  if (overrides.signature !== 'missing') {
    headers['Telnyx-Signature-Ed25519'] = given ?? signWebhook(keyPair.privateKey, timestamp, signed);
  }
  return { ...headers, ...overrides.headers };
}
