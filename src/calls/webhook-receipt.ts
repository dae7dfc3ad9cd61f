import { type WebhookEnvelope } from './webhook-event.js';

/** How a webhook came here, for the trace of its call. Times are milliseconds since 1970. */
export interface WebhookReceipt {
  eventId: string;
  eventType: string;
  receivedAtMs: number;
  /** By Telnyx's clock; undefined where it was not said. */
  occurredAtMs: number | undefined;
  /** The request's header: whatever stands before this gateway adds its own. */
  traceparent: string | undefined;
}

/** @param header `traceparent` of the request. */
export function receiptOf(
  { eventId, eventType, occurredAt }: WebhookEnvelope,
  receivedAtMs: number,
  header: string | string[] | undefined,
): WebhookReceipt {
  const occurredAtMs = Date.parse(occurredAt ?? '');
  return {
    ...{ eventId, eventType, receivedAtMs },
    occurredAtMs: Number.isNaN(occurredAtMs) ? undefined : occurredAtMs,
    traceparent: typeof header === 'string' ? header : undefined,
  };
}
