import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Readable } from 'node:stream';
import { RealtimeDouble } from '../simulator/realtime/index.js';
import { TelnyxDouble } from '../simulator/telnyx/index.js';
import { eventually } from './support/calls.js';

/** How standard output leaves the process: as a container runtime and a shell set it up, and as Node's `spawn` does. */
type Kind = 'pipe' | 'socket';

/** The gateway between the doubles, with a log that is read only now and then. */
class QuietStage {
  private text = '';

  private constructor(
    readonly gateway: ChildProcess,
    readonly log: Readable,
    readonly telnyx: TelnyxDouble,
    private readonly realtime: RealtimeDouble,
  ) {
    log.setEncoding('utf8');
    log.on('data', (piece: string) => (this.text += piece));
    log.on('error', () => undefined);
  }

  static async set(kind: Kind): Promise<QuietStage> {
    let mediaPort = 0;
    const telnyx = await TelnyxDouble.start({
      webhookUrl: undefined,
      mapStreamUrl: (streamUrl) => `ws://127.0.0.1:${mediaPort}${new URL(streamUrl).pathname}`,
    });
    const realtime = await RealtimeDouble.start();
    const env = {
      PATH: process.env['PATH'],
      PORT: '0',
      MANAGEMENT_PORT: '0',
      BIND_ADDRESS: '127.0.0.1',
      LOG_LEVEL: 'trace',
      WARM_SESSIONS: '0',
      OPENAI_API_KEY: 'sk-double',
      OPENAI_REALTIME_URL: realtime.url,
      TELNYX_API_KEY: telnyx.apiKey,
      TELNYX_PUBLIC_KEY: telnyx.publicKey,
      TELNYX_BASE_URL: telnyx.restUrl,
    };
    const { gateway, log } = launch(kind, env);
    const stage = new QuietStage(gateway, log, telnyx, realtime);
    await eventually(() => stage.ports, 'the line that says which ports are open');
    mediaPort = stage.ports?.[0] ?? 0;
    telnyx.webhookUrl = `http://127.0.0.1:${mediaPort}/webhooks/`;
    return stage;
  }

  /** Of the public and of the management listener, from the log. */
  get ports(): readonly [number, number] | undefined {
    const found = /Parley listens on port (\d+) .* (\d+) \(management\)/.exec(this.text);
    return found ? [Number(found[1]), Number(found[2])] : undefined;
  }

  /** All lines so far; throws where one of them is not whole. */
  lines(): { msg: string }[] {
    const lines = this.text.split('\n');
    return lines.slice(0, -1).map((line) => JSON.parse(line) as { msg: string });
  }

  refusals(): number {
    return this.lines().filter(({ msg }) => msg.startsWith('webhook refused')).length;
  }

  /** Sends this many unsigned webhooks. The gateway answers each, and logs some 400 bytes about it. */
  async flood(count: number): Promise<void> {
    let left = count;
    const statuses = new Set<number>();
    const sender = async (): Promise<void> => {
      while (left-- > 0) statuses.add(await this.send('POST', 0, '/webhooks/'));
    };
    await Promise.all(Array.from({ length: 20 }, sender));
    expect([...statuses]).toEqual([401]);
  }

  send(method: string, listener: 0 | 1, path: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { host: '127.0.0.1', port: this.ports?.[listener], path, method, agent: false, timeout: 10_000 },
        (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${method} ${path}`)));
      outgoing.on('error', reject);
      outgoing.end();
    });
  }

  async close(): Promise<void> {
    if (this.gateway.exitCode === null) {
      this.gateway.kill('SIGKILL');
      await once(this.gateway, 'exit');
    }
    this.log.destroy();
    await Promise.all([this.telnyx.close(), this.realtime.close()]);
  }
}

function launch(kind: Kind, env: NodeJS.ProcessEnv): { gateway: ChildProcess; log: Readable } {
  const run = (stdout: 'pipe' | number): ChildProcess =>
    spawn(process.execPath, ['dist/src/main.js'], { env, stdio: ['ignore', stdout, 'inherit'] });
  if (kind === 'socket') {
    const gateway = run('pipe');
    if (!gateway.stdout) throw new Error('spawned without an output');
    return { gateway, log: gateway.stdout };
  }
  const folder = mkdtempSync(join(tmpdir(), 'stuck-log-'));
  const path = join(folder, 'log');
  execFileSync('mkfifo', [path]);
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeEnd = openSync(path, constants.O_WRONLY);
  const gateway = run(writeEnd);
  closeSync(writeEnd);
  rmSync(folder, { recursive: true });
  return { gateway, log: new Socket({ fd: readEnd, writable: false }) };
}

/** 400 KiB and more: beyond what a pipe (64 KiB) or a socket (some 200 KiB) holds. */
const FLOOD = 1_200;

describe.each(['pipe', 'socket'] as const)('a log that nobody reads, on a %s', (kind) => {
  let stage: QuietStage;

  beforeEach(async () => {
    stage = await QuietStage.set(kind);
  });
  afterEach(() => stage.close());

  it('stops neither health checks nor webhooks nor calls, and is whole when it is read again', async () => {
    const before = stage.telnyx.placeCall();
    await before.waitFor('heard-audio');
    stage.log.pause();
    await stage.flood(FLOOD);
    expect(await stage.send('GET', 1, '/livez')).toBe(200);
    const after = stage.telnyx.placeCall();
    await after.waitFor('heard-audio');
    expect(before.state).toBe('answered');

    stage.log.resume();
    await eventually(() => (stage.refusals() === FLOOD ? true : undefined), 'the lines of all refusals');
    before.hangUp();
    after.hangUp();
    const ended = () => stage.lines().filter(({ msg }) => msg === 'call ended').length;
    await eventually(() => (ended() === 2 ? true : undefined), 'the ends of both calls in the log');
    // As a process that leaves by itself: nothing is missing from the end of its log.
    stage.gateway.kill('SIGTERM');
    await once(stage.log, 'end');
    expect(stage.lines().at(-1)?.msg).toMatch(/^SIGTERM/);
  });

  it('does not keep the process from leaving', async () => {
    stage.log.pause();
    await stage.flood(FLOOD);
    stage.gateway.kill('SIGTERM');
    const [exitCode] = (await once(stage.gateway, 'exit')) as [number | null];
    expect(exitCode).toBe(0);
  });
});
