import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { WebSocket } from 'ws';
import { loadClip } from '../simulator/audio/clips.js';
import { locateClip } from '../simulator/audio/locate.js';
import { decodeWav } from '../simulator/audio/wav.js';
import { type CallsJson } from '../simulator/cli/call-summary.js';
import { Gateway } from './support/gateway.js';

const SIMULATE = resolve('dist/simulator/cli/main.js');

/** The command line as a process. */
class Simulator {
  out = '';
  err = '';
  readonly ended: Promise<number | null>;
  private readonly watchers = new Set<() => void>();

  constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (text: Buffer) => this.take('out', text));
    child.stderr?.on('data', (text: Buffer) => this.take('err', text));
    this.ended = once(child, 'close').then(([code]) => code as number | null);
  }

  /** Resolves with the match once the process has written it. */
  async saw(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve) => {
      const look = (): void => {
        const match = pattern.exec(this.out + this.err);
        if (match) resolve(match);
      };
      this.watchers.add(look);
      look();
    });
    const over = this.ended.then((code) => {
      throw new Error(`ended with ${code} without ${String(pattern)}:\n${this.out}\n${this.err}`);
    });
    return Promise.race([found, over]);
  }

  private take(where: 'out' | 'err', text: Buffer): void {
    this[where] += text.toString();
    for (const look of this.watchers) look();
  }
}

/** A port that was free a moment ago: the gateway must know it before the simulator listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('the simulator’s command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-simulate-'));
  const keyFile = join(folder, 'key.pem');
  const running: Simulator[] = [];
  let model: Simulator;
  let gateway: Gateway;
  let port: number;

  function simulate(...args: string[]): Simulator {
    const child = spawn(process.execPath, [SIMULATE, ...args], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] });
    const simulator = new Simulator(child);
    running.push(simulator);
    return simulator;
  }

  /** A short call: greeting, one sentence, its answer. */
  function call(...args: string[]): Simulator {
    return simulate(
      'call',
      ...['--webhook-url', gateway.webhookUrl, '--port', String(port), '--key-file', keyFile],
      ...['--wav', 'caller-goodbye', ...args],
    );
  }

  beforeAll(async () => {
    port = await freePort();
    const key = simulate('key', keyFile);
    model = simulate('realtime', '--reply', 'assistant-goodbye', '--switch', 'responseDelayMs=50');
    const [, url = ''] = await model.saw(/OPENAI_REALTIME_URL=(\S+)/);
    expect(await key.ended).toBe(0);
    gateway = await Gateway.start({
      OPENAI_API_KEY: 'sk-double',
      OPENAI_REALTIME_URL: url,
      TELNYX_API_KEY: 'KEY-double',
      TELNYX_PUBLIC_KEY: key.out.trim(),
      TELNYX_BASE_URL: `http://127.0.0.1:${port}/v2`,
    });
  }, 30_000);

  afterAll(async () => {
    await gateway.stop();
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.all(running.map(({ ended }) => ended));
    rmSync(folder, { recursive: true });
  });

  it('places calls, reports each turn, records what was heard and exits with 0', async () => {
    const calls = call('--calls', '3', '--rate', '10', '--json', 'report.json', '--record', 'recordings');
    expect(await calls.ended).toBe(0);
    expect(calls.out).toContain('3 of 3 calls went as asked');

    const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as CallsJson;
    expect(report.ok).toBe(true);
    expect(report.calls.map(({ endedBy, problems, turns }) => [endedBy, problems, turns.length])).toEqual(
      Array(3).fill(['caller', [], 1]),
    );
    expect(new Set(report.calls.map(({ from }) => from)).size).toBe(3);
    expect(report.latency.answer?.count).toBe(3);
    // Not before the silence that ends a turn.
    expect(report.latency.answer?.p50).toBeGreaterThan(500);

    const files = readdirSync(join(folder, 'recordings')).sort();
    expect(files).toEqual(['call-1.wav', 'call-2.wav', 'call-3.wav']);
    const [left, right] = decodeWav(readFileSync(join(folder, 'recordings', 'call-1.wav'))).channels;
    expect(locateClip(left!, loadClip('caller-goodbye'))?.score).toBeGreaterThan(0.95);
    expect(locateClip(right!, loadClip('assistant-goodbye'))?.score).toBeGreaterThan(0.95);
  }, 60_000);

  it('does what a script says, and exits with 1 when a limit was not kept', async () => {
    const script = {
      name: 'a short one',
      steps: [{ say: 'caller-interruption', interruptAfterMs: 500 }, { press: '1#' }, { hangUp: true, after: 300 }],
    };
    writeFileSync(join(folder, 'script.json'), JSON.stringify(script));
    const calls = simulate(
      'call',
      ...['--webhook-url', gateway.webhookUrl, '--port', String(port), '--key-file', keyFile],
      ...['--script', 'script.json', '--max-interruption-ms', '1', '--json', '-'],
    );
    expect(await calls.ended).toBe(1);
    const report = JSON.parse(calls.out) as CallsJson;
    expect(report.calls[0]?.turns).toMatchObject([{ interrupts: true }, { words: '1#', pressed: true }]);
    expect(report.calls[0]?.problems).toEqual([expect.stringContaining('the limit is 1 ms')]);
    expect(calls.err).toContain('presses 1#');
  }, 60_000);

  it('says what to set when the gateway has another API key', async () => {
    const calls = call('--api-key', 'another', '--answer-timeout-s', '2');
    expect(await calls.ended).toBe(1);
    expect(calls.out).toContain('give it TELNYX_API_KEY=another');
  }, 30_000);

  it('says what to set when the gateway has another public key', async () => {
    const calls = call('--key-file', 'another.pem', '--answer-timeout-s', '2');
    expect(await calls.ended).toBe(1);
    expect(calls.out).toMatch(/refused the webhook's signature \(401\): give it TELNYX_PUBLIC_KEY=\S{44} /);
  }, 30_000);

  it('says so when there is no gateway', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}/webhooks/`;
    const calls = simulate('call', '--webhook-url', nowhere, '--wait-s', '0.5');
    expect(await calls.ended).toBe(1);
    expect(calls.err).toMatch(/nothing answered at .* within 0.5 s \(ECONNREFUSED\)\. Start it/);
  });

  it('hangs up when Ctrl-C ends it in mid-call, and exits with 130', async () => {
    const calls = call();
    await calls.saw(/the assistant speaks/);
    calls.child.kill('SIGINT');
    expect(await calls.ended).toBe(130);
    await gateway.waitForStatus(({ heldCalls }) => heldCalls === 0);
  }, 30_000);

  it('keeps a Telnyx up that places a call when it is told to', async () => {
    const telnyx = simulate(
      'telnyx',
      ...['--webhook-url', gateway.webhookUrl, '--port', String(port), '--key-file', keyFile],
    );
    await telnyx.saw(/TELNYX_PUBLIC_KEY=/);
    telnyx.child.stdin?.write('cal\ncall\n');
    await telnyx.saw(/there is no command "cal"/);
    await telnyx.saw(/webhook call\.initiated: 200 in \d+ ms/);
    await telnyx.saw(/REST POST answer: 200/);
    await telnyx.saw(/the assistant speaks/);
    telnyx.child.stdin?.write('hangup\n');
    await telnyx.saw(/webhook call\.hangup: 200 in \d+ ms/);
    telnyx.child.kill('SIGTERM');
    expect(await telnyx.ended).toBe(0);
  }, 30_000);

  it('keeps a Realtime service up that answers for what its clients did wrong', async () => {
    const strict = simulate('realtime', '--strict', '--fault', 'refuseUpgrade,status=503');
    const [, url = ''] = await strict.saw(/OPENAI_REALTIME_URL=(\S+)/);
    const connect = (): WebSocket =>
      new WebSocket(`${url}?model=gpt-realtime-2.1`, { headers: { authorization: 'Bearer sk-double' } });
    const [error] = (await once(connect(), 'error')) as [Error];
    expect(error.message).toContain('503');
    await strict.saw(/connection refused: 503/);
    const client = connect();
    await once(client, 'open');
    client.send(JSON.stringify({ type: 'no.such.event' }));
    await strict.saw(/session 1 error .*no\.such\.event/);
    strict.child.kill('SIGINT');
    expect(await strict.ended).toBe(1);
    client.terminate();
  });

  it('exits with 2 and the way out for what cannot be done', async () => {
    const url = ['--webhook-url', 'http://127.0.0.1:1/'];
    const [unknown, busy, noScheme, missing, help] = await Promise.all(
      [
        ['call', ...url, '--switch', 'reconect=redial'],
        ['telnyx', ...url, '--port', String(gateway.port)],
        ['call', '--webhook-url', '127.0.0.1:6000'],
        ['call', ...url, '--wav', 'nosuch.wav'],
        ['--help'],
      ].map(async (args) => {
        const simulator = simulate(...args);
        return { code: await simulator.ended, text: simulator.err + simulator.out };
      }),
    );
    expect(unknown).toMatchObject({ code: 2, text: expect.stringContaining('did you mean "reconnect"') as string });
    expect(busy).toMatchObject({ code: 2, text: expect.stringContaining('is in use: give another one') as string });
    expect(noScheme).toMatchObject({
      code: 2,
      text: expect.stringContaining('starts with http:// or https://') as string,
    });
    expect(missing).toMatchObject({ code: 2, text: expect.stringContaining('nosuch.wav') as string });
    expect(help).toMatchObject({ code: 0, text: expect.stringContaining('switches') as string });
  });
});
