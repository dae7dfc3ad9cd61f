import { request } from 'node:http';

/**
 * Tells a relay that a call comes in, as Telnyx does before it is answered. Resolves when the relay has said anything: the
 * bare relay knows no webhooks.
 */
export function announceCall(port: number, callControlId: string): Promise<void> {
  return report(port, 'call.initiated', callControlId, {
    connection_id: 'bench',
    call_session_id: `session-${callControlId}`,
    direction: 'incoming',
    state: 'parked',
    from: '+15550100001',
    to: '+15550100002',
  });
}

/**
 * Tells a relay that a call is over, as Telnyx does: without it the gateway would go on with the call and wait for its
 * socket to come back.
 */
export function reportHangUp(port: number, callControlId: string): void {
  void report(port, 'call.hangup', callControlId, { hangup_cause: 'normal_clearing', hangup_source: 'caller' });
}

function report(port: number, eventType: string, callControlId: string, more: object): Promise<void> {
  const body = JSON.stringify({
    data: {
      record_type: 'event',
      event_type: eventType,
      id: `${eventType}-${callControlId}`,
      occurred_at: new Date().toISOString(),
      payload: { call_control_id: callControlId, ...more },
    },
    meta: { attempt: 1, delivered_to: `https://127.0.0.1:${port}/webhooks/` },
  });
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve) => {
    const post = request({ host: '127.0.0.1', port, path: '/webhooks/', method: 'POST', headers }, (response) => {
      response.resume();
      response.on('close', resolve);
    });
    post.on('error', () => resolve());
    post.end(body);
  });
}
