import Telnyx from 'telnyx';
import { TelnyxWebhookVerificationError } from 'telnyx/lib/webhooks';
import * as payloads from '../call-payloads.js';
import { type ReceivedWebhook, StubApp } from '../stub-app.js';
import { type StreamRequest } from '../stream-request.js';
import { DEFAULT_SWITCHES } from '../switches.js';
import { TelnyxDouble } from '../telnyx-double.js';

type Payload<E extends { payload?: unknown }> = Partial<NonNullable<E['payload']>>;
/** Real bodies have `client_state: null`, and `null` for other empty fields, where the SDK's types know no null. */
type Ours<P> = Omit<P, 'client_state'>;

const FACTS: payloads.CallFacts = {
  callControlId: 'v3:a',
  callLegId: 'leg',
  callSessionId: 'session',
  connectionId: '28',
  direction: 'incoming',
  from: '+15550100001',
  to: '+15550100002',
  codec: 'PCMU',
  clientState: undefined,
  startTime: '2026-01-15T10:00:00.000Z',
  customHeaders: [],
};
const REQUEST: StreamRequest = {
  url: 'wss://gw.example.com/media-stream/t',
  track: 'inbound_track',
  codec: 'PCMU',
  bidirectionalMode: 'rtp',
  bidirectionalCodec: 'PCMU',
  bidirectionalSamplingRateHz: 8000,
  targetLegs: 'self',
  authToken: undefined,
  customParameters: {},
};
const HANGUP = { cause: 'normal_clearing', source: 'caller', sipCause: '200' } as const;

const headersOf = ({ headers }: ReceivedWebhook): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

describe('the telnyx SDK and the webhooks of the double', () => {
  let app: StubApp;
  let double: TelnyxDouble;
  let client: Telnyx;

  beforeEach(async () => {
    app = await StubApp.start();
    double = await TelnyxDouble.start({ webhookUrl: app.webhookUrl, switches: { webhookRetryDelaysMs: [] } });
    client = new Telnyx({ apiKey: 'KEY', publicKey: double.publicKey });
  });

  afterEach(async () => {
    await double.close();
    await app.close();
  });

  async function received(): Promise<ReceivedWebhook> {
    await double.settled();
    const webhook = app.webhooks[0];
    if (webhook === undefined) throw new Error('no webhook came');
    return webhook;
  }

  it('unwraps what the double signs', async () => {
    const call = double.placeCall();
    const webhook = await received();
    // The SDK's type is the bare event; what it returns is the whole body.
    const body: unknown = await client.webhooks.unwrap(webhook.raw, { headers: headersOf(webhook) });
    expect(body).toMatchObject({
      data: {
        record_type: 'event',
        event_type: 'call.initiated',
        payload: { call_control_id: call.callControlId, direction: 'incoming', state: 'parked', client_state: null },
      },
      meta: { attempt: 1, delivered_to: app.webhookUrl },
    });
  });

  it('refuses a body that was changed by one byte', async () => {
    double.placeCall();
    const webhook = await received();
    const forged = webhook.raw.replace('"parked"', '"porked"');
    await expect(client.webhooks.unwrap(forged, { headers: headersOf(webhook) })).rejects.toBeInstanceOf(
      TelnyxWebhookVerificationError,
    );
  });

  it.each([
    ['a bad signature', { kind: 'bad-signature' } as const],
    ['a stale timestamp', { kind: 'stale-timestamp' } as const],
  ])('refuses %s', async (_, fault) => {
    double.faults.webhooks.next('call.initiated', fault);
    double.placeCall();
    const webhook = await received();
    await expect(client.webhooks.unwrap(webhook.raw, { headers: headersOf(webhook) })).rejects.toBeInstanceOf(
      TelnyxWebhookVerificationError,
    );
  });

  it('refuses the signature of another account', async () => {
    const stranger = await TelnyxDouble.start({ webhookUrl: app.webhookUrl });
    try {
      await stranger.sendWebhook('call.hangup', {});
      const webhook = await received();
      await expect(client.webhooks.unwrap(webhook.raw, { headers: headersOf(webhook) })).rejects.toBeInstanceOf(
        TelnyxWebhookVerificationError,
      );
    } finally {
      await stranger.close();
    }
  });

  it('has payloads of the types that the SDK declares', () => {
    const s = DEFAULT_SWITCHES;
    const stream = { id: 'stream', request: REQUEST };
    const initiated: Ours<Payload<Telnyx.CallInitiated>> = payloads.initiatedPayload(FACTS, s);
    const answered: Ours<Payload<Telnyx.CallAnswered>> = payloads.answeredPayload(FACTS, s, REQUEST);
    const hangup: Ours<Payload<Telnyx.CallHangup>> = payloads.hangupPayload(FACTS, s, HANGUP, true);
    const bridged: Ours<Payload<Telnyx.CallBridged>> = payloads.commonPayload(FACTS, s);
    const dtmf: Ours<Payload<Telnyx.CallDtmfReceived>> = payloads.dtmfPayload(FACTS, s, '1');
    const started: Ours<Payload<Telnyx.CallStreamingStarted>> = payloads.streamingPayload(FACTS, s, REQUEST.url);
    const stopped: Ours<Payload<Telnyx.CallStreamingStopped>> = payloads.streamingPayload(FACTS, s, REQUEST.url);
    const failed: Ours<Payload<Telnyx.CallStreamingFailed>> = payloads.streamingFailedPayload(FACTS, s, stream);
    for (const payload of [initiated, answered, hangup, bridged, dtmf, started, stopped, failed]) {
      expect(payload).toMatchObject({ call_control_id: 'v3:a', call_session_id: 'session', client_state: null });
    }
    expect(hangup.call_quality_stats?.inbound?.mos).toBe('4.50');
  });
});
