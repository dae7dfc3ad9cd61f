import { page } from './account.js';
import { type SimulatedCall } from './simulated-call.js';
import { type TelnyxSwitches } from './switches.js';

/** A call as `GET /v2/calls/{id}` and the answer to a dial show it. */
export function callStatus(call: SimulatedCall) {
  return {
    record_type: 'call' as const,
    call_control_id: call.callControlId,
    call_leg_id: call.callLegId,
    call_session_id: call.callSessionId,
    is_alive: call.state !== 'ended',
    call_duration: durationSeconds(call),
    start_time: call.startTime,
    ...(call.clientState === undefined ? {} : { client_state: call.clientState }),
    ...(call.state === 'ended' ? { end_time: new Date().toISOString() } : {}),
  };
}

/**
 * `GET /v2/calls/{id}`.
 * @param keptMs how long an ended call is still known
 * @returns undefined for a call that is not, or not any more
 */
export function retrieveStatus(call: SimulatedCall | undefined, nowMs: number, keptMs: number) {
  if (call?.endedAtMs !== undefined && nowMs - call.endedAtMs > keptMs) return undefined;
  return call && callStatus(call);
}

/** `GET /v2/connections/{id}/active_calls`. */
export function listActiveCalls(
  calls: readonly SimulatedCall[],
  connectionId: string,
  query: URLSearchParams,
  paging: TelnyxSwitches['activeCallsPaging'],
): object {
  const active = calls
    .filter((call) => call.connectionId === connectionId && call.state === 'answered')
    .map(activeCall);
  return paging === 'pages' ? page(active, query) : cursorPage(active, query);
}

function activeCall(call: SimulatedCall) {
  return {
    record_type: 'call' as const,
    call_control_id: call.callControlId,
    call_leg_id: call.callLegId,
    call_session_id: call.callSessionId,
    call_duration: durationSeconds(call),
    client_state: call.clientState ?? '',
  };
}

/** `page[after]` and `page[limit]`, 20 to a page; the cursor is the last id of a page. The last page has no `after`. */
function cursorPage(all: readonly { call_control_id: string }[], query: URLSearchParams): object {
  const limit = Number(query.get('page[limit]') ?? query.get('page[size]')) || 20;
  const from = all.findIndex(({ call_control_id }) => call_control_id === query.get('page[after]')) + 1;
  const data = all.slice(from, from + limit);
  const after = from + limit < all.length ? (data.at(-1)?.call_control_id ?? null) : null;
  return { data, meta: { total_items: all.length, cursors: { after, before: data[0]?.call_control_id ?? null } } };
}

function durationSeconds(call: SimulatedCall): number {
  return Number.isNaN(call.heard.elapsedMs) ? 0 : Math.floor(call.heard.elapsedMs / 1000);
}
