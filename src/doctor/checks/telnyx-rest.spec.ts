import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import Telnyx from 'telnyx';
import { loadConfig } from '../../config/load-config.js';
import { type DoctorContext } from '../check.js';
import { application } from './application.js';
import { number } from './number.js';
import { outbound } from './outbound.js';
import { publicKey } from './public-key.js';
import { telnyxKey } from './telnyx-key.js';

const KEY = Buffer.alloc(32, 7).toString('base64');
const OTHER_KEY = Buffer.alloc(32, 8).toString('base64');
const refused = { errors: [{ code: '10009', detail: 'Authentication failed: KEY-test' }] };

describe('checks against Telnyx’s REST API', () => {
  let server: Server;
  /** By path: status and body; everything else is 404. */
  let answers: Record<string, [number, unknown]>;
  let asked: string[];

  beforeEach(async () => {
    answers = {};
    asked = [];
    server = createServer((request, response) => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      asked.push(`${request.url}`);
      const [status, body] = answers[path] ?? [404, { errors: [{ code: '10005' }] }];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function context(overrides: Partial<DoctorContext> = {}): DoctorContext {
    const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2`;
    const { config } = loadConfig({
      OPENAI_API_KEY: 'sk-test',
      TELNYX_API_KEY: 'KEY-test',
      TELNYX_PUBLIC_KEY: KEY,
      PUBLIC_URL: 'https://h.example',
    });
    const telnyx = new Telnyx({ apiKey: 'KEY-test', baseURL, maxRetries: 0, timeout: 5000, logLevel: 'off' });
    return { config, telnyx, timeoutMs: 5000, number: undefined, found: { telnyxAnswers: true }, ...overrides };
  }

  describe('the API key', () => {
    it('works when the balance may be read, or is known but may not', async () => {
      const first = context({ found: {} });
      answers['/v2/balance'] = [200, { data: { available_credit: '12.5', currency: 'EUR' } }];
      expect(await telnyxKey.run(first)).toEqual({ status: 'ok', detail: 'works; credit 12.5 EUR' });
      expect(first.found.telnyxAnswers).toBe(true);
      const second = context({ found: {} });
      answers['/v2/balance'] = [403, refused];
      expect(await telnyxKey.run(second)).toMatchObject({ status: 'ok' });
      expect(second.found.telnyxAnswers).toBe(true);
    });

    it('works without credit, which is pointed out', async () => {
      answers['/v2/balance'] = [200, { data: { balance: '-1', available_credit: '0.00', currency: 'USD' } }];
      expect(await telnyxKey.run(context())).toMatchObject({
        status: 'warn',
        detail: expect.stringContaining('no credit') as string,
      });
    });

    it.each([
      [401, /refuses the API key/, /TELNYX_API_KEY/],
      [404, /knows no/, /\/v2/],
      [429, /limits/, /wait/],
      [500, /problem of its own/, /status\.telnyx\.com/],
    ])('is told from other trouble by HTTP %d', async (status, detail, fix) => {
      answers['/v2/balance'] = [status, refused];
      const failing = context({ found: {} });
      const result = await telnyxKey.run(failing);
      expect(result).toMatchObject({
        status: 'fail',
        detail: expect.stringMatching(detail) as string,
        fix: expect.stringMatching(fix) as string,
      });
      expect(failing.found.telnyxAnswers).toBeUndefined();
    });

    it('is not blamed when nothing listens there', async () => {
      const free = createServer();
      await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
      const { port } = free.address() as AddressInfo;
      await new Promise((resolve) => free.close(resolve));
      const nowhere = new Telnyx({
        apiKey: 'KEY-test',
        baseURL: `http://127.0.0.1:${port}/v2`,
        maxRetries: 0,
        logLevel: 'off',
      });
      expect(await telnyxKey.run(context({ telnyx: nowhere }))).toMatchObject({
        status: 'fail',
        detail: expect.stringContaining('nothing listens there') as string,
        fix: expect.stringContaining('TELNYX_BASE_URL') as string,
      });
    });
  });

  describe('the public key', () => {
    it('is compared with the one of the account', async () => {
      answers['/v2/public_key'] = [200, { data: { public: KEY, record_type: 'public_key' } }];
      expect(await publicKey.run(context())).toMatchObject({ status: 'ok' });
      answers['/v2/public_key'] = [200, { data: { public: OTHER_KEY } }];
      expect(await publicKey.run(context())).toMatchObject({
        status: 'fail',
        detail: expect.stringContaining('401') as string,
      });
    });

    it('is left to the eye when Telnyx does not tell', async () => {
      expect(await publicKey.run(context())).toMatchObject({
        status: 'warn',
        fix: expect.stringContaining('compare') as string,
      });
      answers['/v2/public_key'] = [200, { data: {} }];
      expect(await publicKey.run(context())).toMatchObject({ status: 'warn' });
      expect(await publicKey.run(context({ found: {} }))).toMatchObject({ status: 'warn' });
    });
  });

  describe('the application, its number and its profile', () => {
    const ours = {
      id: '28',
      application_name: 'parley',
      webhook_event_url: 'https://h.example/webhooks/',
      webhook_api_version: '2',
    };

    it('are found one after the other', async () => {
      const shared = context();
      answers['/v2/call_control_applications'] = [
        200,
        { data: [{ ...ours, outbound: { outbound_voice_profile_id: '9' } }], meta: { page_number: 1, total_pages: 1 } },
      ];
      answers['/v2/phone_numbers'] = [
        200,
        { data: [{ phone_number: '+15550100002', status: 'active', connection_id: '28' }], meta: {} },
      ];
      answers['/v2/outbound_voice_profiles/9'] = [200, { data: { id: '9', name: 'default', enabled: true } }];
      expect(await application.run(shared)).toMatchObject({ status: 'ok' });
      expect(await number.run(shared)).toEqual({ status: 'ok', detail: '+15550100002 leads to the application' });
      expect(await outbound.run(shared)).toEqual({ status: 'ok', detail: '"default", for transfers' });
      expect(asked.map(decodeURIComponent).join('\n')).toContain('filter[connection_id]=28');
    });

    it('let the number be asked for by its digits, which is all that the filter understands', async () => {
      answers['/v2/phone_numbers'] = [200, { data: [{ phone_number: '+15550100002', connection_id: '28' }], meta: {} }];
      await number.run(context({ number: '+15550100002', found: { telnyxAnswers: true, application: { id: '28' } } }));
      expect(asked.map(decodeURIComponent).join('\n')).toMatch(/filter\[phone_number\]=15550100002/);
    });

    it('make do without a profile, with a word about transfers', async () => {
      const transfers = { status: 'warn', fix: expect.stringContaining('transfers') as string };
      expect(await outbound.run(context({ found: { application: { id: '28' } } }))).toMatchObject(transfers);
      const gone = { id: '28', outbound: { outbound_voice_profile_id: 'gone' } };
      expect(await outbound.run(context({ found: { application: gone } }))).toMatchObject(transfers);
      answers['/v2/outbound_voice_profiles/gone'] = [200, { data: { name: 'x', enabled: false } }];
      expect(await outbound.run(context({ found: { application: gone } }))).toMatchObject(transfers);
    });

    it('are skipped when the key does not work', async () => {
      for (const check of [application, number, outbound]) {
        expect(await check.run(context({ found: {} }))).toMatchObject({ status: 'skip' });
      }
      expect(asked).toEqual([]);
    });
  });
});
