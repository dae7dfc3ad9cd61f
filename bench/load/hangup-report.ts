import { request } from 'node:http';

/**
 * Tells a relay that a call is over, as Telnyx does: without it the gateway would go on with the call and wait for its
 * socket to come back. The bare relay knows no webhooks and ends with the socket; what it answers does not matter.
 */
export function reportHangUp(port: number, callControlId: string): void {
  const body = JSON.stringify({
    data: {
      record_type: 'event',
      event_type: 'call.hangup',
      id: `hangup-${callControlId}`,
      occurred_at: new Date().toISOString(),
      payload: { call_control_id: callControlId, hangup_cause: 'normal_clearing', hangup_source: 'caller' },
    },
  });
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  const post = request({ host: '127.0.0.1', port, path: '/webhooks/', method: 'POST', headers }, (response) =>
    response.resume(),
  );
  post.on('error', () => undefined);
  post.end(body);
}
