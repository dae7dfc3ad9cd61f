import { baseOf, httpUrl, samePlace, webSocketUrl } from './public-base.js';

describe('public addresses', () => {
  it.each([
    ['wss://h.example/', 'https://h.example/webhooks/', 'wss://h.example/webhooks/'],
    ['wss://h.example/voice', 'https://h.example/voice/webhooks/', 'wss://h.example/voice/webhooks/'],
    ['ws://127.0.0.1:6000/', 'http://127.0.0.1:6000/webhooks/', 'ws://127.0.0.1:6000/webhooks/'],
    ['http://h.example/x/', 'http://h.example/x/webhooks/', 'ws://h.example/x/webhooks/'],
  ])('below %s are %s and %s', (base, http, ws) => {
    expect(httpUrl(new URL(base), '/webhooks/').href).toBe(http);
    expect(webSocketUrl(new URL(base), '/webhooks/').href).toBe(ws);
  });

  it('are the same place whatever the scheme, the case of the host and the last slash', () => {
    const ours = new URL('https://h.example/webhooks/');
    expect(samePlace('https://H.example/webhooks', ours)).toBe(true);
    expect(samePlace('http://h.example/webhooks/', ours)).toBe(true);
    expect(samePlace('https://h.example/webhook', ours)).toBe(false);
    expect(samePlace('https://h.example:8443/webhooks/', ours)).toBe(false);
    expect(samePlace('nonsense', ours)).toBe(false);
    expect(samePlace(undefined, ours)).toBe(false);
  });

  it('can be told from an application whose webhooks go to /webhooks', () => {
    expect(baseOf({ webhook_event_url: 'https://h.example/voice/webhooks/' })?.href).toBe('https://h.example/voice');
    expect(baseOf({ webhook_event_url: 'https://h.example/telnyx' })).toBeUndefined();
    expect(baseOf(undefined)).toBeUndefined();
  });
});
