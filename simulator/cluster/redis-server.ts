import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { freePorts } from './free-ports.js';

const PROGRAMS = ['redis-server', 'valkey-server'];
/** Where scripts/ensure-redis.mjs puts one, seen from here as source and as built code. */
const FETCHED = ['../..', '../../..'].map((root) =>
  fileURLToPath(new URL(`${root}/node_modules/.cache/parley/redis/redis-server`, import.meta.url)),
);
const READY_WITHIN_MS = 15_000;
const POLL_MS = 20;
const ATTEMPTS = 3;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Nothing to start as a Redis; the message says how to get one. */
export class NoRedisServer extends Error {
  override readonly name = 'NoRedisServer';
}

/** The server's binary: from PATH, or the one that was fetched for the tests. Throws `NoRedisServer`. */
export function redisBinary(): string {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  const found = [
    ...PROGRAMS.flatMap((program) => directories.map((directory) => join(directory, program))),
    ...FETCHED,
  ];
  const binary = found.find(isExecutable);
  if (binary !== undefined) return binary;
  throw new NoRedisServer(
    'No redis-server (or valkey-server) in PATH: install one, or run `node scripts/ensure-redis.mjs`, which fetches one.',
  );
}

/** A port that nobody listens on, and that no connection will take while its server is away. */
export async function freePort(): Promise<number> {
  return (await freePorts(1))[0] ?? 0;
}

export interface RedisServerOptions {
  /** More arguments, like `['--requirepass', 'x']`; `{dir}` in them is the server's own directory. */
  args?: readonly string[];
  port?: number;
  /** It is a sentinel with this configuration, and no Redis. */
  sentinel?: readonly string[];
  /** For `command`, where the server wants to know who asks. */
  auth?: { username?: string; password: string };
}

/** A real redis-server on a free port of 127.0.0.1 that keeps nothing: restarted, it is empty. */
export class RedisServer {
  private process: ChildProcess | undefined;
  private closed = false;
  private readonly killAtExit = (): void => void this.process?.kill('SIGKILL');

  private constructor(
    readonly port: number,
    /** Its working directory; gone with `close()`. */
    readonly dir: string,
    private readonly options: RedisServerOptions,
  ) {
    process.on('exit', this.killAtExit);
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    for (let attempt = 1; ; attempt++) {
      const dir = mkdtempSync(join(tmpdir(), 'parley-redis-'));
      const server = new RedisServer(options.port ?? (await freePort()), dir, options);
      try {
        await server.start();
        return server;
      } catch (error) {
        await server.close();
        // Somebody else may have taken the port.
        if (options.port !== undefined || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** Of its process; undefined while it is stopped. */
  get pid(): number | undefined {
    return this.process?.pid;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** After `stop()`. Resolves when it answers. */
  async start(): Promise<void> {
    if (this.closed) throw new Error('this redis-server was closed');
    if (this.process !== undefined) return;
    const own = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.dir];
    const keepsNothing = ['--save', '', '--appendonly', 'no', '--loglevel', 'warning'];
    const more = (this.options.args ?? []).map((arg) => arg.replaceAll('{dir}', this.dir));
    const args = this.options.sentinel ? this.asSentinel(this.options.sentinel) : [...own, ...keepsNothing, ...more];
    const child = spawn(redisBinary(), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
    child.on('error', (error) => (said += error.message));
    this.process = child;
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await this.answers())) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
        await this.stop();
        throw new Error(`redis-server did not start: ${said.trim()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Killed at once, as a crash is. */
  async stop(): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Empty, on the same port. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Connections stay, and nothing is answered (SIGSTOP). */
  pause(): void {
    this.process?.kill('SIGSTOP');
  }

  resume(): void {
    this.process?.kill('SIGCONT');
  }

  /** One command, on a connection of its own. */
  async command(name: string, ...args: (string | number)[]): Promise<unknown> {
    const client = this.client();
    try {
      return await client.call(name, ...args);
    } finally {
      client.disconnect();
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    process.off('exit', this.killAtExit);
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** It rewrites its configuration, so it has to have it in a file. */
  private asSentinel(lines: readonly string[]): string[] {
    const file = join(this.dir, 'sentinel.conf');
    const own = [`port ${this.port}`, 'bind 127.0.0.1', `dir ${this.dir}`];
    writeFileSync(file, [...own, ...lines, ''].join('\n'));
    return [file, '--sentinel'];
  }

  private async answers(): Promise<boolean> {
    const client = this.client();
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      client.disconnect();
    }
  }

  private client(): Redis {
    const client = new Redis({
      host: '127.0.0.1',
      port: this.port,
      ...this.options.auth,
      lazyConnect: true,
      connectTimeout: 2000,
      disconnectTimeout: 100,
      retryStrategy: () => null,
      enableReadyCheck: false,
    });
    client.on('error', () => undefined);
    return client;
  }
}
