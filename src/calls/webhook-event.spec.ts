import fc from 'fast-check';
import { writeClientState } from './client-state.js';
import { parseWebhook, type WebhookEnvelope } from './webhook-event.js';

const IDS = { call_control_id: 'v3:AbC', call_session_id: 'session', call_leg_id: 'leg' };
const CALL = {
  callControlId: 'v3:AbC',
  callSessionId: 'session',
  callLegId: 'leg',
  connectionId: undefined,
  from: undefined,
  to: undefined,
  clientState: undefined,
};

function webhook(type: string, payload: unknown, rest: object = {}): string {
  const data = {
    record_type: 'event',
    event_type: type,
    id: 'event-1',
    occurred_at: '2026-01-15T10:00:00.0Z',
    payload,
  };
  return JSON.stringify({ data, meta: { attempt: 1, delivered_to: 'https://gw.example.com/webhooks' }, ...rest });
}

function parsed(type: string, payload: unknown, rest?: object): WebhookEnvelope {
  const envelope = parseWebhook(webhook(type, payload, rest));
  if (typeof envelope === 'string') throw new Error(`not read: ${envelope}`);
  return envelope;
}

describe('parseWebhook', () => {
  it('reads a real call.initiated, with everything that Parley has no use for', () => {
    const payload = {
      ...IDS,
      connection_id: '2811212257810187875',
      client_state: null,
      direction: 'incoming',
      state: 'parked',
      from: '+15550100001',
      to: '+15550100002',
      calling_party_type: 'pstn',
      custom_headers: [{ name: 'X', value: 'y' }],
      tags: [],
    };
    expect(parsed('call.initiated', payload)).toEqual({
      eventId: 'event-1',
      eventType: 'call.initiated',
      occurredAt: '2026-01-15T10:00:00.0Z',
      event: {
        kind: 'initiated',
        call: { ...CALL, connectionId: '2811212257810187875', from: '+15550100001', to: '+15550100002' },
        direction: 'incoming',
        deliveredTo: 'https://gw.example.com/webhooks',
      },
    });
  });

  it.each(['outgoing', undefined, null, 'sideways', 7])(
    'answers nothing but incoming calls: direction %p',
    (direction) => {
      expect(parsed('call.initiated', { ...IDS, direction }).event).toMatchObject({ direction: 'outgoing' });
    },
  );

  it.each([
    ['call.answered', {}, { kind: 'answered' }],
    ['call.speak.ended', { status: 'completed' }, { kind: 'speak-ended' }],
    ['call.bridged', {}, { kind: 'bridged' }],
    ['call.dtmf.received', { digit: '#' }, { kind: 'key', digit: '#', occurredAtMs: 1_768_471_200_000 }],
    ['streaming.started', {}, { kind: 'streaming-started' }],
    ['streaming.stopped', {}, { kind: 'streaming-stopped' }],
    ['streaming_started', {}, { kind: 'streaming-started' }],
    ['streaming_stopped', {}, { kind: 'streaming-stopped' }],
    [
      'streaming_failed',
      { failure_reason: 'connection_failed' },
      { kind: 'streaming-failed', reason: 'connection_failed' },
    ],
    ['streaming.failed', {}, { kind: 'streaming-failed', reason: 'unknown' }],
    [
      'call.hangup',
      { hangup_cause: 'normal_clearing', hangup_source: 'caller', sip_hangup_cause: '200', call_quality_stats: null },
      { kind: 'hangup', cause: 'normal_clearing', source: 'caller' },
    ],
    ['call.hangup', {}, { kind: 'hangup', cause: 'unknown', source: 'unknown' }],
  ])('reads %s with %j', (type, detail, event) => {
    expect(parsed(type, { ...IDS, client_state: null, ...detail }).event).toEqual({ ...event, call: CALL });
  });

  it.each(['12', 'x', '', 'E', 1, null, undefined])('takes nothing for a key that no telephone has: %p', (digit) => {
    expect(parseWebhook(webhook('call.dtmf.received', { ...IDS, digit }))).toBe('malformed');
  });

  it('does without the time of a key', () => {
    const body = JSON.parse(webhook('call.dtmf.received', { ...IDS, digit: '1' })) as { data: object };
    for (const occurred_at of [undefined, null, 'yesterday', 5]) {
      const envelope = parseWebhook(JSON.stringify({ ...body, data: { ...body.data, occurred_at } }));
      expect(envelope).toHaveProperty('event.occurredAtMs', undefined);
    }
  });

  it('reads the client state that we have set', () => {
    const pod = { uid: 'uid-0', bootId: 'boot', name: 'uid-0', address: '10.0.0.1:8081' };
    const client_state = writeClientState({ pod, call: 'v3:first', transfer: 2 });
    expect(parsed('call.answered', { ...IDS, client_state }).event).toMatchObject({
      call: { clientState: { pod, call: 'v3:first', transfer: 2 } },
    });
  });

  it.each([
    null,
    undefined,
    5,
    '',
    'no base64!',
    Buffer.from('no JSON').toString('base64'),
    Buffer.from('null').toString('base64'),
    Buffer.from('{"v":3}').toString('base64'),
    Buffer.from('{"of":"somebody else"}').toString('base64'),
  ])('passes over a client state that is not ours: %p', (client_state) => {
    expect(parsed('call.answered', { ...IDS, client_state }).event).toMatchObject({ call: { clientState: undefined } });
  });

  it.each([{}, { meta: undefined }, { meta: null }, { meta: {} }, { meta: 'x' }, { meta: { delivered_to: 5 } }])(
    'does without meta.delivered_to: %j',
    (rest) => {
      const body = JSON.parse(webhook('call.initiated', { ...IDS, direction: 'incoming' })) as object;
      const envelope = parseWebhook(JSON.stringify({ ...body, meta: undefined, ...rest }));
      expect(envelope).toMatchObject({ event: { kind: 'initiated', direction: 'incoming' } });
      expect(envelope).toHaveProperty('event.deliveredTo', undefined);
    },
  );

  it('needs nothing of a call but its id: other fields may be missing, null or of another type', () => {
    const oddValue = fc.constantFrom(null, undefined, 5, true, {}, []);
    const odd = fc.record({
      call_session_id: oddValue,
      call_leg_id: oddValue,
      from: oddValue,
      to: oddValue,
      hangup_cause: oddValue,
      hangup_source: oddValue,
      failure_reason: oddValue,
      client_state: oddValue,
    });
    fc.assert(
      fc.property(odd, fc.constantFrom('call.hangup', 'call.answered', 'streaming.failed'), (payload, type) => {
        const { event } = parsed(type, { call_control_id: 'v3:AbC', ...payload });
        expect(event).toMatchObject({ call: { callControlId: 'v3:AbC' } });
      }),
    );
  });

  it('passes over events it does not know, whatever they carry', () => {
    const payload = fc.oneof(fc.jsonValue(), fc.constant(undefined));
    const type = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.constantFrom('call.cost', 'call.recording.saved', 'call_initiated', 'constructor', '__proto__', 'toString'),
    );
    fc.assert(
      fc.property(type, payload, (eventType, carried) => {
        fc.pre(!eventType.startsWith('streaming') && !/^call\.(initiated|answered|hangup|speak)/.test(eventType));
        expect(parsed(eventType, carried).event).toEqual({ kind: 'ignored', eventType });
      }),
    );
  });

  it.each([
    ['no id of the call', { direction: 'incoming' }],
    ['an id that is no text', { ...IDS, call_control_id: 5 }],
    ['an empty id', { ...IDS, call_control_id: '' }],
    ['no payload', undefined],
    ['null for a payload', null],
    ['a list for a payload', []],
  ])('refuses a known event with %s', (_case, payload) => {
    expect(parseWebhook(webhook('call.initiated', payload))).toBe('malformed');
  });

  it.each([
    ['flat, as the older API sends it', { event_type: 'call_initiated', call_control_id: 'v2:x', from: '+1' }],
    ['with the event under metadata', { metadata: { event: { event_type: 'call_initiated' } }, call_leg_id: 'x' }],
    ['a flat payload', { event_type: 'call_hangup', payload: { call_control_id: 'v2:x' } }],
  ])('tells version 1 by its shape: %s', (_case, body) => {
    expect(parseWebhook(JSON.stringify(body))).toBe('version-1');
  });

  it.each(['null', '5', '"text"', '[]', '{}', '{"data":null}', '{"data":[]}', '{"data":{"event_type":"call.hangup"}}'])(
    'calls %s malformed',
    (body) => {
      expect(parseWebhook(body)).toBe('malformed');
    },
  );

  it.each(['', '{', 'undefined', '<html>', '{"data":{}}x'])('calls %p not JSON', (body) => {
    expect(parseWebhook(body)).toBe('not-json');
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (body) => void parseWebhook(body)));
    const type = fc.constantFrom('call.initiated', 'call.hangup', 'streaming_failed');
    fc.assert(
      fc.property(type, fc.jsonValue(), (eventType, payload) => void parseWebhook(webhook(eventType, payload))),
    );
  });
});
