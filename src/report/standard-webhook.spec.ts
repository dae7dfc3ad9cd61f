import { Webhook } from 'standardwebhooks';
import { Secret } from '../config/secret.js';
import { reportId, signedHeaders } from './standard-webhook.js';

const body = Buffer.from(JSON.stringify({ text: 'Grüße, 你好' }));
const nowS = (): number => Math.floor(Date.now() / 1_000);
const BASE64 = Buffer.from('\u0000\u00ff some thirty-two bytes of secret').toString('base64');

/** As a receiver with the standard's own library. */
function opens(secret: string, headers: Record<string, string>, format?: 'raw'): boolean {
  try {
    new Webhook(secret, format && { format }).verify(body.toString(), headers);
    return true;
  } catch {
    return false;
  }
}

describe('the signature of a report', () => {
  it.each([
    ['base64 behind whsec_', `whsec_${BASE64}`],
    ['base64 alone', BASE64],
    ['base64 without its padding', BASE64.replace(/=+$/, '')],
    ['hex, which is base64 too', 'c0ffee00c0ffee00c0ffee00c0ffee00'],
  ])("is verified by the standard's library with a secret that is %s", (_, secret) => {
    const headers = signedHeaders('id', nowS(), body, new Secret(secret));
    expect(opens(secret, headers)).toBe(true);
    expect(opens(`whsec_${secret.replace('whsec_', '')}`, headers)).toBe(true);
    expect(opens(Buffer.from('another secret').toString('base64'), headers)).toBe(false);
    expect(opens(secret, { ...headers, 'webhook-id': 'another' })).toBe(false);
    expect(opens(secret, { ...headers, 'webhook-timestamp': String(nowS() - 7) })).toBe(false);
  });

  it.each(['correct horse battery staple', 'dash-and_underscore', 'seventeenletters1', 'whsec_not base64!'])(
    'takes a secret that is no base64, %j, byte for byte',
    (secret) => {
      expect(opens(secret, signedHeaders('id', nowS(), body, new Secret(secret)), 'raw')).toBe(true);
    },
  );

  it('is good for the old secret and the new one while it is changed', () => {
    const secret = new Secret(`whsec_${BASE64}`);
    const next = `whsec_${Buffer.from('the next secret of the same kind').toString('base64')}`;
    secret.replace(next);
    const headers = signedHeaders('id', nowS(), body, secret);
    expect(opens(next, headers)).toBe(true);
    expect(opens(`whsec_${BASE64}`, headers)).toBe(true);
    expect(JSON.stringify(headers)).not.toContain(BASE64);
  });
});

describe('the id of a report', () => {
  it('is a UUID, the same for the same call and another for another', () => {
    expect(reportId('v3:call-1')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(reportId('v3:call-1')).toBe(reportId('v3:call-1'));
    expect(reportId('v3:call-1')).not.toBe(reportId('v3:call-2'));
  });
});
