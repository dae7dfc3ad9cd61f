import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** One line of the gateway's log; the fields beyond these differ from line to line. */
export interface GatewayLine {
  /** 30 is information, 40 a warning, 50 an error (pino). */
  level: number;
  msg: string;
  /** Epoch milliseconds. */
  time: number;
  [field: string]: unknown;
}

/** The gateway is not there or would not start. `lastLines` is the end of what it wrote. */
export class GatewayFailed extends Error {
  override readonly name = 'GatewayFailed';
  constructor(
    message: string,
    readonly lastLines: readonly string[] = [],
  ) {
    super(message);
  }
}

export interface GatewayOptions {
  /** Its settings; nothing else of our environment reaches it but the few names it needs to run. */
  env: Readonly<Record<string, string>>;
  onLine: (line: GatewayLine) => void;
  stopped: AbortSignal;
  /** Default: the built application beside this file. */
  entry?: string;
}

/** A cold start is under two seconds; a loaded CI machine gets its time. */
const START_LIMIT_MS = 30_000;
/** It hangs up and closes in far less; then it is ended. */
const STOP_LIMIT_MS = 3000;
const KEPT_LINES = 30;
/** Where programs, home, certificates and proxies are: no setting of the gateway. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];
const LISTENS = /^Parley listens on port (\d+)/;

/** The gateway as a process of its own, as an operator runs it, on any free ports of 127.0.0.1. */
export class GatewayProcess {
  /** Resolves when the process is gone. */
  readonly exited: Promise<string>;
  private readonly lastLines: string[] = [];
  private port = 0;

  private constructor(
    private readonly child: ChildProcess,
    private readonly onLine: (line: GatewayLine) => void,
  ) {
    this.exited = new Promise((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
  }

  /** Resolves once it listens. Rejects with GatewayFailed, also when stopped meanwhile; the process is gone then. */
  static async start(options: GatewayOptions): Promise<GatewayProcess> {
    const entry = options.entry ?? built('../../src/main.js');
    // Spans and metrics; a stand-in program has none.
    const preload = options.entry === undefined ? ['--import', built('../../src/telemetry/preload.js')] : [];
    if (!existsSync(entry)) throw new GatewayFailed(`${entry} is missing: run "npm run build" first.`);
    const inherited = INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
    const child = spawn(process.execPath, [...preload, entry], {
      // Not the working directory of the user: the gateway would read the .env there.
      cwd: dirname(entry),
      env: {
        ...(Object.fromEntries(inherited) as Record<string, string>),
        PORT: '0',
        MANAGEMENT_PORT: '0',
        BIND_ADDRESS: '127.0.0.1',
        LOG_PRETTY: 'off',
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const gateway = new GatewayProcess(child, options.onLine);
    const listening = new Promise<'listening'>((resolve) => {
      for (const stream of [child.stdout, child.stderr])
        createInterface({ input: stream }).on('line', (text) => {
          if (gateway.take(text)) resolve('listening');
        });
    });
    const first = await gateway.firstOf(listening, options.stopped);
    if (first === 'listening') return gateway;
    await gateway.stop();
    throw new GatewayFailed(`The gateway did not start (${first}).`, gateway.lastLines);
  }

  get webhookUrl(): string {
    return `http://127.0.0.1:${this.port}/webhooks/`;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Null while it runs, and where a signal ended it. */
  get exitCode(): number | null {
    return this.child.exitCode;
  }

  /** Sends a signal to the process. @returns whether it was there to get it */
  kill(signal: NodeJS.Signals): boolean {
    return this.child.kill(signal);
  }

  get running(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const deadline = setTimeout(() => this.child.kill('SIGKILL'), STOP_LIMIT_MS);
    await gone;
    clearTimeout(deadline);
  }

  private async firstOf(listening: Promise<'listening'>, stopped: AbortSignal): Promise<string> {
    let clear = (): void => undefined;
    const otherwise = new Promise<string>((resolve) => {
      const timer = setTimeout(() => resolve(`it was not ready within ${START_LIMIT_MS / 1000} s`), START_LIMIT_MS);
      const stop = (): void => resolve('stopped');
      stopped.addEventListener('abort', stop, { once: true });
      if (stopped.aborted) stop();
      clear = () => {
        clearTimeout(timer);
        stopped.removeEventListener('abort', stop);
      };
    });
    const first = await Promise.race([listening, this.exited, otherwise]);
    clear();
    return first;
  }

  /** @returns whether this line says that the gateway listens */
  private take(text: string): boolean {
    this.lastLines.push(text);
    if (this.lastLines.length > KEPT_LINES) this.lastLines.shift();
    const line = readLine(text);
    this.onLine(line);
    const listens = LISTENS.exec(line.msg);
    if (listens) this.port = Number(listens[1]);
    return listens !== null;
  }
}

/** Path of a file of the built application, from this file's place among the built ones. */
function built(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** In: a line of output, JSON or not (a stack trace). Out: always a line; what is not JSON counts as an error. */
export function readLine(text: string): GatewayLine {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'msg' in value && 'level' in value) {
      const { msg, level, time } = value as { msg: unknown; level: unknown; time?: unknown };
      if (typeof msg === 'string' && typeof level === 'number')
        return { ...value, msg, level, time: typeof time === 'number' ? time : Date.now() };
    }
  } catch {
    // Told as it stands.
  }
  return { level: 50, msg: text, time: Date.now() };
}
