import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { RealtimeDouble } from '../simulator/realtime/index.js';
import { TelnyxDouble } from '../simulator/telnyx/index.js';
import { Gateway } from './support/gateway.js';

const DOCTOR = resolve('dist/src/doctor/main.js');

interface Report {
  ok: boolean;
  checks: { name: string; status: string; detail: string; fix?: string }[];
}

/** What a running gateway answers to someone without a signature or a token; `status` overrides it by path. */
class PublicPort {
  readonly status: Record<string, number> = {};
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const path = request.url ?? '';
      const status = this.status[path] ?? (path === '/' ? 200 : path === '/webhooks/' ? 401 : 404);
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
      response.end(path === '/' ? '{"message":"Media Stream Server is running!"}' : '{}');
    });
    this.#server.on('upgrade', (request, socket) => {
      socket.on('error', () => socket.destroy());
      const status = this.status[request.url ?? ''] ?? 401;
      socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    });
  }

  static async start(): Promise<PublicPort> {
    const port = new PublicPort();
    await new Promise<void>((done) => port.#server.listen(0, '127.0.0.1', done));
    return port;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(() => done()));
  }
}

describe('npm run doctor', () => {
  let telnyx: TelnyxDouble;
  let realtime: RealtimeDouble;
  let gateway: PublicPort;
  let folder: string;
  let env: Record<string, string>;

  beforeEach(async () => {
    [telnyx, realtime, gateway] = await Promise.all([
      TelnyxDouble.start({ webhookUrl: undefined }),
      RealtimeDouble.start(),
      PublicPort.start(),
    ]);
    setUpAccount({});
    // Its own working directory, so that no `.env` of the developer's takes part.
    folder = mkdtempSync(join(tmpdir(), 'parley-doctor-'));
    env = {
      OPENAI_API_KEY: 'sk-double',
      OPENAI_REALTIME_URL: realtime.url,
      TELNYX_API_KEY: telnyx.apiKey,
      TELNYX_BASE_URL: telnyx.restUrl,
      TELNYX_PUBLIC_KEY: telnyx.publicKey,
      PUBLIC_URL: gateway.url,
    };
  });

  afterEach(async () => {
    await Promise.all([telnyx.close(), realtime.close(), gateway.close()]);
    rmSync(folder, { recursive: true });
  });

  function setUpAccount(changes: object): void {
    const [application] = telnyx.account.applications;
    if (application === undefined) throw new Error('the double has no application');
    telnyx.account.applications = [{ ...application, webhook_event_url: `${gateway.url}/webhooks/`, ...changes }];
  }

  async function run(...flags: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(process.execPath, [DOCTOR, ...flags], { cwd: folder, env });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const code = await new Promise<number | null>((done, broken) => {
      child.on('error', broken);
      child.on('close', done);
    });
    for (const secret of ['sk-double', telnyx.apiKey]) expect(out + err).not.toContain(secret);
    return { code, out, err };
  }

  async function report(...flags: string[]): Promise<Report & { code: number | null }> {
    const { code, out } = await run('--json', ...flags);
    return { ...(JSON.parse(out) as Report), code };
  }

  /** The one check of that name. */
  function named({ checks }: Report, name: string): Report['checks'][number] | undefined {
    return checks.find((check) => check.name === name);
  }

  it('finds nothing wrong with a set-up that is right, and leaves no trace in it', async () => {
    const { code, out, err } = await run('--number', '+15550100002');
    expect({ out, err, code }).toMatchObject({ code: 0, err: '' });
    expect(out).not.toContain('FAIL');
    expect(out).toContain('gpt-realtime-2.1 is ready');
    expect(out).toContain('+15550100002 leads to the application');
    expect(out).toMatch(/0 failed, 0 skipped\n$/);
    expect(telnyx.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
    const [session] = realtime.sessions;
    expect((await session?.closed)?.code).toBe(1000);
    expect(session?.errorsSent).toEqual([]);
  });

  it('finds nothing wrong with a gateway that really runs', async () => {
    const { PUBLIC_URL: _ofTheStandIn, ...settings } = env;
    const real = await Gateway.start(settings);
    try {
      env = { ...env, PUBLIC_URL: `http://127.0.0.1:${real.port}` };
      setUpAccount({ webhook_event_url: real.webhookUrl });
      const { code, out } = await run();
      expect({ out, code }).toMatchObject({ code: 0 });
      expect(out).toMatch(/ 0 failed, 0 skipped\n$/);
    } finally {
      await real.stop();
    }
  });

  it('reads .env in the working directory', async () => {
    const { OPENAI_API_KEY, ...rest } = env;
    env = rest;
    writeFileSync(join(folder, '.env'), `OPENAI_API_KEY=${OPENAI_API_KEY}\n`);
    expect((await report()).ok).toBe(true);
  });

  it('stops at a configuration that is wrong, naming all of it', async () => {
    env = { ...env, VOICE: 'nova', OPENAI_API_KEY: '', PORT: '8081' };
    const { code, checks } = await report();
    expect(code).toBe(1);
    expect(checks.map(({ detail }) => detail.split(':')[0]).sort()).toEqual([
      'MANAGEMENT_PORT',
      'OPENAI_API_KEY',
      'VOICE',
    ]);
    expect(telnyx.requests).toEqual([]);
  });

  it('tells a wrong key at each end, and skips what cannot be known then', async () => {
    env = { ...env, OPENAI_API_KEY: 'sk-wrong-key', TELNYX_API_KEY: 'KEY-wrong-key' };
    const found = await report();
    expect(found.code).toBe(1);
    expect(named(found, 'Telnyx API key')).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('TELNYX_API_KEY') as string,
    });
    expect(named(found, 'OpenAI realtime session')).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('OPENAI_API_KEY') as string,
    });
    expect(named(found, 'Call Control application')?.status).toBe('skip');
    expect(JSON.stringify(found)).not.toContain('wrong-key');
  });

  it('names the portal setting that is wrong', async () => {
    setUpAccount({ webhook_api_version: '1' });
    expect(named(await report(), 'Call Control application')).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('API version to 2') as string,
    });

    setUpAccount({ webhook_event_url: 'https://gw.example.com/telnyx' });
    expect(named(await report(), 'Call Control application')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('https://gw.example.com/telnyx') as string,
      fix: expect.stringContaining(`${gateway.url}/webhooks/`) as string,
    });

    setUpAccount({});
    telnyx.account.phoneNumbers = [];
    expect(named(await report(), 'phone number')?.status).toBe('fail');
  });

  it('does not fail for want of an outbound profile, which only transfers need', async () => {
    setUpAccount({ outbound: {} });
    const found = await report();
    expect(found.ok).toBe(true);
    expect(named(found, 'outbound voice profile')?.status).toBe('warn');
  });

  it('tells where the way from outside ends', async () => {
    gateway.status['/media-stream/doctor-probe'] = 404;
    gateway.status['/webhooks/'] = 200;
    const blocked = await report();
    expect(named(blocked, 'public address')?.status).toBe('ok');
    expect(named(blocked, 'webhook address')?.status).toBe('fail');
    expect(named(blocked, 'media stream through it')).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('Upgrade') as string,
    });

    gateway.status['/'] = 502;
    expect(named(await report(), 'public address')).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('npm start') as string,
    });
  });

  it('takes the public address from the application when PUBLIC_URL is not set', async () => {
    delete env['PUBLIC_URL'];
    const found = await report();
    expect(named(found, 'public address')?.status).toBe('ok');
    expect(found.ok).toBe(true);
  });

  it('tells what is wrong with the realtime session', async () => {
    env = { ...env, OPENAI_REALTIME_MODEL: 'gpt-realtime-9' };
    expect(named(await report(), 'OpenAI realtime session')).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('OPENAI_REALTIME_MODEL') as string,
    });

    delete env['OPENAI_REALTIME_MODEL'];
    realtime.faults.arm('keepFormats', {});
    expect(named(await report(), 'OpenAI realtime session')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('static') as string,
    });

    realtime.faults.arm('refuseUpgrade', { status: 429 });
    expect(named(await report(), 'OpenAI realtime session')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('429') as string,
    });

    realtime.faults.arm('ignore', { type: 'session.update' });
    expect(named(await report('--timeout', '1'), 'OpenAI realtime session')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('session.updated did not come') as string,
    });
  });

  it('explains its flags', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, out: expect.stringContaining('--number') as string });
    expect(await run('--number', '12345')).toMatchObject({
      code: 1,
      err: expect.stringContaining('+15551234567') as string,
    });
  });
});
