import { z } from 'zod';
import { type ClientState, readClientState } from './client-state.js';

/** What Parley makes of a webhook. Times are as Telnyx says them. */
export type CallWebhook =
  | { kind: 'initiated'; call: CallIdentity; direction: 'incoming' | 'outgoing'; deliveredTo: string | undefined }
  | { kind: 'answered' | 'bridged'; call: CallIdentity }
  | { kind: 'streaming-started' | 'streaming-stopped'; call: CallIdentity }
  /** `streamUrl` is the one that Telnyx could not reach, where it was said. */
  | { kind: 'streaming-failed'; call: CallIdentity; reason: string; streamUrl?: string | undefined }
  | { kind: 'speak-ended'; call: CallIdentity }
  /** `occurredAtMs` is milliseconds since 1970, where it was said. */
  | { kind: 'key'; call: CallIdentity; digit: string; occurredAtMs: number | undefined }
  | { kind: 'hangup'; call: CallIdentity; cause: string; source: string }
  | { kind: 'ignored'; eventType: string };

/** Who is calling whom, under which id. */
export interface CallIdentity {
  callControlId: string;
  callSessionId: string | undefined;
  callLegId: string | undefined;
  /** The application that the call came by. */
  connectionId?: string | undefined;
  from: string | undefined;
  to: string | undefined;
  clientState: ClientState | undefined;
}

/** A webhook that could be read. */
export interface WebhookEnvelope {
  eventId: string;
  eventType: string;
  occurredAt: string | undefined;
  event: CallWebhook;
}

/** Why a webhook could not be read; `version-1` is Telnyx's older shape, the portal's default. */
export type EnvelopeProblem = 'not-json' | 'version-1' | 'malformed';

/** Only the ids are certain: whatever else is missing, null or of another type is as good as not there. */
const text = z.string().optional().catch(undefined);

const envelopeSchema = z.object({
  data: z.object({
    event_type: z.string().min(1),
    id: z.string().min(1),
    occurred_at: text,
    payload: z.unknown().optional(),
  }),
  meta: z.object({ delivered_to: text }).optional().catch(undefined),
});

const identitySchema = z.object({
  call_control_id: z.string().min(1),
  call_session_id: text,
  call_leg_id: text,
  connection_id: text,
  from: text,
  to: text,
  client_state: text,
});
/** What a telephone can send (RFC 4733, events 0 to 15). */
const keySchema = z.object({ digit: z.string().regex(/^[0-9*#A-D]$/) });
const detailSchema = z.object({
  direction: text,
  failure_reason: text,
  stream_params: z.object({ stream_url: text }).optional().catch(undefined),
  hangup_cause: text,
  hangup_source: text,
});

/**
 * Reads the body of a webhook (API version 2). Unknown fields are passed over, unknown events are `ignored`.
 * Streaming events are also known to arrive with underscores (`streaming_started`).
 */
export function parseWebhook(body: string): WebhookEnvelope | EnvelopeProblem {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return 'not-json';
  }
  const envelope = envelopeSchema.safeParse(json);
  if (!envelope.success) return isVersion1(json) ? 'version-1' : 'malformed';
  const { data, meta } = envelope.data;
  const event = readEvent(data.event_type, data.payload, { deliveredTo: meta?.delivered_to, at: data.occurred_at });
  if (!event) return 'malformed';
  return { eventId: data.id, eventType: data.event_type, occurredAt: data.occurred_at, event };
}

interface Delivery {
  deliveredTo: string | undefined;
  /** When it happened, as Telnyx says it. */
  at: string | undefined;
}

function readEvent(type: string, payload: unknown, { deliveredTo, at }: Delivery): CallWebhook | undefined {
  const kind = KINDS.get(type.replace(/^streaming_/, 'streaming.'));
  if (!kind) return { kind: 'ignored', eventType: type };
  const identity = identitySchema.safeParse(payload);
  const detail = detailSchema.safeParse(payload);
  if (!identity.success || !detail.success) return undefined;
  const call: CallIdentity = {
    callControlId: identity.data.call_control_id,
    callSessionId: identity.data.call_session_id,
    callLegId: identity.data.call_leg_id,
    connectionId: identity.data.connection_id,
    from: identity.data.from,
    to: identity.data.to,
    clientState: readClientState(identity.data.client_state),
  };
  switch (kind) {
    case 'initiated':
      return { kind, call, direction: detail.data.direction === 'incoming' ? 'incoming' : 'outgoing', deliveredTo };
    case 'streaming-failed':
      return {
        kind,
        call,
        reason: detail.data.failure_reason ?? 'unknown',
        streamUrl: detail.data.stream_params?.stream_url,
      };
    case 'hangup':
      return {
        kind,
        call,
        cause: detail.data.hangup_cause ?? 'unknown',
        source: detail.data.hangup_source ?? 'unknown',
      };
    case 'key': {
      const key = keySchema.safeParse(payload);
      if (!key.success) return undefined;
      const occurredAtMs = Date.parse(at ?? '');
      return { kind, call, digit: key.data.digit, occurredAtMs: Number.isNaN(occurredAtMs) ? undefined : occurredAtMs };
    }
    default:
      return { kind, call };
  }
}

const KINDS = new Map<string, Exclude<CallWebhook['kind'], 'ignored'>>([
  ['call.initiated', 'initiated'],
  ['call.answered', 'answered'],
  ['call.bridged', 'bridged'],
  ['call.hangup', 'hangup'],
  ['call.dtmf.received', 'key'],
  ['call.speak.ended', 'speak-ended'],
  ['streaming.started', 'streaming-started'],
  ['streaming.stopped', 'streaming-stopped'],
  ['streaming.failed', 'streaming-failed'],
]);

/** Version 1 is flat: the event's fields at the root, or under `metadata`. */
function isVersion1(json: unknown): boolean {
  if (typeof json !== 'object' || json === null || 'data' in json) return false;
  return (
    'event_type' in json ||
    'call_control_id' in json ||
    'call_leg_id' in json ||
    'metadata' in json ||
    'payload' in json
  );
}
