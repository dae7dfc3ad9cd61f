import { streamBaseUrl } from './stream-url.js';

describe('streamBaseUrl', () => {
  it.each([
    ['wss://gw.example.com', 'wss://gw.example.com'],
    ['wss://gw.example.com/', 'wss://gw.example.com'],
    ['wss://gw.example.com:8443/voice//', 'wss://gw.example.com:8443/voice'],
    ['ws://127.0.0.1:6000', 'ws://127.0.0.1:6000'],
  ])('is PUBLIC_URL where that is set: %s', (publicUrl, base) => {
    expect(streamBaseUrl(new URL(publicUrl), 'https://other.example.com/webhooks')).toBe(base);
  });

  it.each([
    ['https://gw.example.com/webhooks/', 'wss://gw.example.com'],
    ['https://gw.example.com:8443/a/b?c=d#e', 'wss://gw.example.com:8443'],
    ['http://gw.example.com/webhooks', 'wss://gw.example.com'],
    ['https://user:password@gw.example.com/webhooks', 'wss://gw.example.com'],
    ['https://[2001:db8::1]/webhooks', 'wss://[2001:db8::1]'],
  ])('is the origin of the signed delivered_to, always wss: %s', (deliveredTo, base) => {
    expect(streamBaseUrl(undefined, deliveredTo)).toBe(base);
  });

  it.each([undefined, '', 'gw.example.com', '/webhooks', 'ftp://gw.example.com/', 'javascript:alert(1)', 'https://'])(
    'is nothing where delivered_to is %p',
    (deliveredTo) => {
      expect(streamBaseUrl(undefined, deliveredTo)).toBeUndefined();
    },
  );
});
