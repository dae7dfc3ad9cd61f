import { type CallEvidence, explainCall } from './explain-call.js';

const ADDRESSES = {
  webhookUrl: 'http://127.0.0.1:6000/webhooks/',
  restUrl: 'http://127.0.0.1:7000/v2',
  apiKey: 'KEY-double',
  publicKey: 'PUBLIC',
};

function delivered(status: number | undefined, error?: string): CallEvidence['deliveries'] {
  return [{ event_type: 'call.initiated', status, error }];
}

function sent(action: string, status: number, body: Record<string, unknown> = {}): CallEvidence['requests'][number] {
  return { action, status, body };
}

function explain(evidence: Partial<CallEvidence>): string | undefined {
  return explainCall({ deliveries: delivered(200), requests: [], events: [], ...evidence }, ADDRESSES);
}

const up = ['answered', 'stream-started', 'heard-audio'].map((name) => ({ name }));
const stream = { stream_url: 'wss://gw.example.com/media-stream/secret-token', stream_bidirectional_mode: 'rtp' };

describe('why a call did not come up', () => {
  it.each<[string, Partial<CallEvidence>, RegExp]>([
    ['nobody listens', { deliveries: delivered(undefined, 'ECONNREFUSED') }, /nobody took the webhook .*ECONNREFUSED/],
    ['another public key', { deliveries: delivered(401) }, /TELNYX_PUBLIC_KEY=PUBLIC/],
    ['a wrong path', { deliveries: delivered(404) }, /--webhook-url must have the path too/],
    ['a broken gateway', { deliveries: delivered(500) }, /answered the webhook call.initiated with 500/],
    ['a webhook that was dropped', { deliveries: [] }, /never delivered/],
    ['another Telnyx', {}, /TELNYX_BASE_URL=http:\/\/127.0.0.1:7000\/v2/],
    ['a wrong API key', { requests: [sent('answer', 401)] }, /'answer' had a wrong key: .*TELNYX_API_KEY=KEY-double/],
    ['a command that was refused', { requests: [sent('answer', 422)] }, /'answer' was refused with 422/],
    ['a gateway that is full', { events: [{ name: 'rejected' }] }, /rejected the call/],
    ['no stream asked for', { events: up.slice(0, 1), requests: [sent('answer', 200)] }, /without a stream_url/],
    [
      'a stream that does not open',
      {
        events: [...up.slice(0, 1), { name: 'stream-failed', detail: 'ENOTFOUND' }],
        requests: [sent('answer', 200, stream)],
      },
      /^the media stream to wss:\/\/gw.example.com did not open \(ENOTFOUND\): .*--stream-to/,
    ],
    [
      'the wrong mode',
      { events: up.slice(0, 2), requests: [sent('answer', 200, { ...stream, stream_bidirectional_mode: 'mp3' })] },
      /stream_bidirectional_mode "rtp"/,
    ],
    ['silence', { events: up.slice(0, 2), requests: [sent('answer', 200, stream)] }, /no audio .*--caller-first/],
  ])('is told: %s', (_what, evidence, sentence) => {
    expect(explain(evidence)).toMatch(sentence);
  });

  it('is not asked of a call that did', () => {
    expect(explain({ events: up })).toBeUndefined();
  });

  it('never shows the token in the path of a stream', () => {
    expect(explain({ events: up.slice(0, 1), requests: [sent('answer', 200, stream)] })).not.toContain('secret-token');
  });
});
