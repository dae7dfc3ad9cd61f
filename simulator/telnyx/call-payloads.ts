import { type StreamRequest } from './stream-request.js';
import { type TelnyxSwitches } from './switches.js';

export type HangupCause =
  | 'call_rejected'
  | 'normal_clearing'
  | 'originator_cancel'
  | 'timeout'
  | 'time_limit'
  | 'user_busy'
  | 'not_found'
  | 'no_answer'
  | 'unspecified';

export interface Hangup {
  readonly cause: HangupCause;
  readonly source: 'caller' | 'callee' | 'unknown';
  readonly sipCause: string;
}

/** What webhooks say of a call leg. */
export interface CallFacts {
  readonly callControlId: string;
  readonly callLegId: string;
  readonly callSessionId: string;
  readonly connectionId: string;
  readonly direction: 'incoming' | 'outgoing';
  readonly from: string;
  readonly to: string;
  readonly codec: string;
  readonly clientState: string | undefined;
  readonly startTime: string;
  readonly customHeaders: readonly { name: string; value: string }[];
}

/** The ids, on every event of a call. Real bodies carry `client_state: null` where the schema knows only strings. */
function identity(facts: CallFacts, switches: TelnyxSwitches) {
  const absent = facts.clientState === undefined && switches.emptyClientState === 'absent';
  return {
    call_control_id: facts.callControlId,
    call_leg_id: facts.callLegId,
    call_session_id: facts.callSessionId,
    connection_id: facts.connectionId,
    ...(absent ? {} : { client_state: facts.clientState ?? null }),
  };
}

export function commonPayload(facts: CallFacts, switches: TelnyxSwitches) {
  return { ...identity(facts, switches), from: facts.from, to: facts.to };
}

export function initiatedPayload(facts: CallFacts, switches: TelnyxSwitches) {
  const incoming = facts.direction === 'incoming';
  return {
    ...commonPayload(facts, switches),
    direction: facts.direction,
    state: incoming ? ('parked' as const) : ('bridging' as const),
    start_time: facts.startTime,
    caller_id_name: facts.from,
    connection_codecs: 'PCMU,PCMA',
    offered_codecs: facts.codec,
    custom_headers: [...facts.customHeaders],
    sip_headers: [],
    tags: [] as string[],
    call_screening_result: 'pass',
    shaken_stir_attestation: 'A',
    shaken_stir_validated: true,
    // Not in the schema, but in real bodies.
    calling_party_type: 'pstn',
    from_sip_uri: `${facts.from.replace('+', '')}@sip.example.com`,
    to_sip_uri: `${facts.to.replace('+', '')}@sip.example.com`,
  };
}

/** A real inbound body had neither `state` nor `direction`, but the codec. */
export function answeredPayload(facts: CallFacts, switches: TelnyxSwitches, stream: StreamRequest | undefined) {
  return {
    ...commonPayload(facts, switches),
    start_time: facts.startTime,
    codec: facts.codec,
    sampling_rate: 8000,
    custom_headers: [...facts.customHeaders],
    sip_headers: [],
    tags: [] as string[],
    ...(switches.answeredHasState ? { state: 'answered' as const } : {}),
    ...(stream === undefined ? {} : { stream_url: stream.url, stream_track: stream.track }),
  };
}

export function hangupPayload(facts: CallFacts, switches: TelnyxSwitches, hangup: Hangup, answered: boolean) {
  return {
    ...commonPayload(facts, switches),
    state: 'hangup' as const,
    start_time: facts.startTime,
    end_time: new Date().toISOString(),
    hangup_cause: hangup.cause,
    hangup_source: hangup.source,
    sip_hangup_cause: hangup.sipCause,
    custom_headers: [...facts.customHeaders],
    sip_headers: [],
    tags: [] as string[],
    call_quality_stats: answered
      ? {
          inbound: {
            mos: '4.50',
            packet_count: '1472',
            skip_packet_count: '0',
            jitter_max_variance: '0.00',
            jitter_packet_count: '0',
          },
          outbound: { packet_count: '1472', skip_packet_count: '0' },
        }
      : null,
  };
}

/** `streaming.started` and `streaming.stopped`: no `stream_id`, by the schema. */
export function streamingPayload(facts: CallFacts, switches: TelnyxSwitches, streamUrl: string) {
  return { ...identity(facts, switches), stream_url: streamUrl };
}

export function streamingFailedPayload(
  facts: CallFacts,
  switches: TelnyxSwitches,
  stream: { id: string; request: StreamRequest },
) {
  return {
    ...identity(facts, switches),
    failure_reason: switches.failureReason,
    stream_id: stream.id,
    stream_type: 'websocket' as const,
    stream_params: { stream_url: stream.request.url, track: stream.request.track },
  };
}

export function dtmfPayload(facts: CallFacts, switches: TelnyxSwitches, digit: string) {
  return { ...commonPayload(facts, switches), digit };
}

export function costPayload(facts: CallFacts, switches: TelnyxSwitches, billedSeconds: number) {
  const rate = '0.0035';
  return {
    ...identity(facts, switches),
    occurred_at: new Date().toISOString(),
    status: 'success',
    billed_duration_secs: billedSeconds,
    billing_group_id: null,
    total_cost: rate,
    cost_parts: [{ call_part: 'call-control', cost: rate, currency: 'USD', rate, billed_duration_secs: billedSeconds }],
  };
}
