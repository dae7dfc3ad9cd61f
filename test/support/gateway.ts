import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request, type IncomingHttpHeaders } from 'node:http';
import { createInterface } from 'node:readline';
import { RealtimeDouble, type RealtimeDoubleOptions } from '../../simulator/realtime/index.js';
import { TelnyxDouble, type TelnyxDoubleOptions } from '../../simulator/telnyx/index.js';

/** A line of the gateway's log. */
export type LogLine = Record<string, unknown> & { msg: string; level: number };

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** The built application as a process of its own, as an operator runs it. */
export class Gateway {
  readonly lines: LogLine[] = [];
  /** Everything the process wrote, for looking for what must not be there. */
  output = '';
  port = 0;
  managementPort = 0;
  private readonly watchers = new Set<() => void>();

  private constructor(readonly process: ChildProcess) {
    for (const stream of [process.stdout, process.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => this.take(line));
    }
  }

  /** Starts it on free ports and resolves when it says that it listens. */
  static async start(env: Record<string, string>): Promise<Gateway> {
    const gateway = Gateway.launch(env);
    const exit = once(gateway.process, 'exit').then(() => {
      throw new Error(`the gateway did not start:\n${gateway.output}`);
    });
    const line = await Promise.race([gateway.waitForLine((entry) => entry.msg.startsWith('Parley listens')), exit]);
    exit.catch(() => undefined);
    const ports = /port (\d+) .* (\d+) \(management\)/.exec(line.msg);
    gateway.port = Number(ports?.[1]);
    gateway.managementPort = Number(ports?.[2]);
    return gateway;
  }

  /** Starts it with settings that it cannot run with. @returns its exit code and all that it said. */
  static async startInVain(env: Record<string, string>): Promise<{ exitCode: number | null; output: string }> {
    const gateway = Gateway.launch(env);
    await once(gateway.process, 'close');
    return { exitCode: gateway.process.exitCode, output: gateway.output };
  }

  private static launch(env: Record<string, string>): Gateway {
    const child = spawn(process.execPath, ['--import', './dist/src/telemetry/preload.js', 'dist/src/main.js'], {
      // Nothing of the tester's own environment decides a test, except where programs are found.
      env: {
        PATH: process.env['PATH'],
        PORT: '0',
        MANAGEMENT_PORT: '0',
        BIND_ADDRESS: '127.0.0.1',
        LOG_LEVEL: 'debug',
        // Most tests call from one number.
        CALLER_CALLS_PER_MINUTE: '0',
        LOG_PRETTY: 'off',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Gateway(child);
  }

  get webhookUrl(): string {
    return `http://127.0.0.1:${this.port}/webhooks/`;
  }

  get alive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Resolves with the first log line, past or future, that satisfies the predicate. */
  async waitForLine(predicate: (line: LogLine) => boolean, timeoutMs = 10_000): Promise<LogLine> {
    return waitUntil(
      () => this.lines.find(predicate),
      this.watchers,
      timeoutMs,
      () => `no such log line in:\n${this.output.slice(-4000)}`,
    );
  }

  /** A plain HTTP request to the public port (or the management port). */
  request(
    path: string,
    options: { method?: string; body?: string; headers?: Record<string, string>; management?: boolean } = {},
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: options.management ? this.managementPort : this.port,
          path,
          method: options.method ?? 'GET',
          headers: options.headers,
        },
        (response) => {
          let body = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (body += chunk));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(options.body);
    });
  }

  /** What `/status` on the management port says. */
  async status(): Promise<{
    activeCalls: number;
    heldCalls: number;
    warmSessions: number;
    draining: boolean;
    counters: Record<string, number>;
  }> {
    const { body } = await this.request('/status', { management: true });
    return JSON.parse(body) as Awaited<ReturnType<Gateway['status']>>;
  }

  /** Asks `/status` until it satisfies the predicate. */
  async waitForStatus(
    predicate: (status: Awaited<ReturnType<Gateway['status']>>) => boolean,
    timeoutMs = 10_000,
  ): Promise<void> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const status = await this.status();
      if (predicate(status)) return;
      if (Date.now() > until) throw new Error(`status stayed ${JSON.stringify(status)}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Ends the process. @returns its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    if (this.alive) {
      const exit = once(this.process, 'exit');
      this.process.kill(signal);
      await exit;
    }
    return this.process.exitCode;
  }

  private take(text: string): void {
    this.output += `${text}\n`;
    try {
      this.lines.push(JSON.parse(text) as LogLine);
    } catch {
      this.lines.push({ msg: text, level: 0 });
    }
    for (const watcher of this.watchers) watcher();
  }
}

/** The gateway between the two doubles. */
export interface Stage {
  gateway: Gateway;
  telnyx: TelnyxDouble;
  realtime: RealtimeDouble;
  /**
   * Where a `stream_url` is dialled, whatever host it names: the gateway's own port, unless a test puts a proxy, or
   * nothing at all, in front of it.
   */
  mediaPort: number;
  close(): Promise<void>;
}

export interface StageOptions {
  env?: Record<string, string>;
  telnyx?: Partial<TelnyxDoubleOptions>;
  realtime?: RealtimeDoubleOptions;
}

/** Starts both doubles and the gateway between them, set up as a newcomer would. */
export async function setStage(options: StageOptions = {}): Promise<Stage> {
  const dialled = { port: 0 };
  const telnyx = await TelnyxDouble.start({
    webhookUrl: undefined,
    mapStreamUrl: (streamUrl) => `ws://127.0.0.1:${dialled.port}${new URL(streamUrl).pathname}`,
    ...options.telnyx,
  });
  const realtime = await RealtimeDouble.start(options.realtime);
  try {
    const gateway = await Gateway.start({
      OPENAI_API_KEY: 'sk-double',
      OPENAI_REALTIME_URL: realtime.url,
      TELNYX_API_KEY: telnyx.apiKey,
      TELNYX_PUBLIC_KEY: telnyx.publicKey,
      TELNYX_BASE_URL: telnyx.restUrl,
      ...options.env,
    });
    telnyx.webhookUrl = gateway.webhookUrl;
    dialled.port = gateway.port;
    return {
      gateway,
      telnyx,
      realtime,
      get mediaPort() {
        return dialled.port;
      },
      set mediaPort(port) {
        dialled.port = port;
      },
      close: async () => {
        await gateway.stop();
        await Promise.all([telnyx.close(), realtime.close()]);
      },
    };
  } catch (error) {
    await Promise.all([telnyx.close(), realtime.close()]);
    throw error;
  }
}

function waitUntil<T>(
  find: () => T | undefined,
  watchers: Set<() => void>,
  timeoutMs: number,
  failure: () => string,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const look = (): boolean => {
      const found = find();
      if (found === undefined) return false;
      clearTimeout(timer);
      watchers.delete(look);
      resolve(found);
      return true;
    };
    const timer = setTimeout(() => {
      watchers.delete(look);
      reject(new Error(failure()));
    }, timeoutMs);
    if (!look()) watchers.add(look);
  });
}
