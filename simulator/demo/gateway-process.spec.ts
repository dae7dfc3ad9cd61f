import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GatewayLine, GatewayProcess, readLine } from './gateway-process.js';

/** A line as the gateway logs it, told by a stand-in program. */
const LISTENS = `console.log(JSON.stringify({ level: 30, time: 1, msg: 'Parley listens on port 4711 (webhooks)' }));`;

describe('the process of the gateway', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-demo-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function program(name: string, source: string): string {
    const path = join(folder, `${name}.mjs`);
    writeFileSync(path, source);
    return path;
  }

  function start(entry: string, more: { onLine?: (line: GatewayLine) => void; stopped?: AbortSignal } = {}) {
    return GatewayProcess.start({
      entry,
      env: { SETTING: 'given' },
      onLine: more.onLine ?? (() => undefined),
      stopped: more.stopped ?? new AbortController().signal,
    });
  }

  it('is there when it says that it listens, is told its settings only, and goes when it is stopped', async () => {
    process.env['TELNYX_API_KEY_OF_THE_USER'] = 'secret';
    const source = `${LISTENS} console.error('environment', JSON.stringify(process.env)); setInterval(() => {}, 1000);`;
    let tell = (_text: string): void => undefined;
    const told = new Promise<string>((resolve) => (tell = resolve));
    const onLine = ({ msg }: GatewayLine): void => {
      if (msg.startsWith('environment')) tell(msg);
    };
    const gateway = await start(program('good', source), { onLine });
    expect(gateway.webhookUrl).toBe('http://127.0.0.1:4711/webhooks/');
    expect(gateway.running).toBe(true);
    expect(await told).toContain('"SETTING":"given"');
    expect(await told).not.toContain('secret');
    await gateway.stop();
    expect(gateway.running).toBe(false);
    expect(await gateway.exited).toBe('SIGTERM');
    delete process.env['TELNYX_API_KEY_OF_THE_USER'];
  });

  it('is reported with its last words when it dies at the start', async () => {
    const dying = program('dying', `console.error('OPENAI_API_KEY: is missing'); process.exit(1);`);
    await expect(start(dying)).rejects.toMatchObject({
      name: 'GatewayFailed',
      message: expect.stringContaining('exit code 1') as string,
      lastLines: ['OPENAI_API_KEY: is missing'],
    });
  });

  it('is not waited for when the demo is stopped', async () => {
    const controller = new AbortController();
    const starting = start(program('silent', `setInterval(() => {}, 1000);`), { stopped: controller.signal });
    controller.abort();
    await expect(starting).rejects.toMatchObject({ message: 'The gateway did not start (stopped).' });
  });

  it('must have been built', async () => {
    await expect(start(join(folder, 'missing.js'))).rejects.toThrow('run "npm run build" first');
  });
});

describe('a line of the gateway', () => {
  it('is read as JSON, and told as it stands when it is none', () => {
    expect(readLine('{"level":30,"time":5,"msg":"call begins","callId":"c"}')).toEqual({
      level: 30,
      time: 5,
      msg: 'call begins',
      callId: 'c',
    });
    for (const text of ['TypeError: boom', '{"level":"30","msg":"x"}', 'null', '{"msg":5,"level":30}'])
      expect(readLine(text)).toMatchObject({ level: 50, msg: text });
  });
});
