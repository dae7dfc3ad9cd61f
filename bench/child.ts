import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The CPUs that this process may run on, by the text of /proc/self/status ("0-3,8"). */
export function allowedCpus(status: string): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1];
  if (list === undefined) return [];
  return list.split(',').flatMap((range) => {
    const [from, to = from] = range.split('-').map(Number);
    if (from === undefined || to === undefined || !(to >= from)) return [];
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/** One core for the relay and another for the generator; undefined where that cannot be had. */
export interface Cores {
  relay: number;
  generator: number;
}

export function findCores(): Cores | undefined {
  if (process.platform !== 'linux' || spawnSync('taskset', ['-V']).status !== 0) return undefined;
  const [relay, generator] = allowedCpus(readFileSync('/proc/self/status', 'latin1'));
  return relay === undefined || generator === undefined ? undefined : { relay, generator };
}

/** How much of a child's output is kept, to be shown if it fails. */
const KEPT_OUTPUT = 8192;

/** A Node process, on a core of its own where that can be had; its output is kept for when it fails. */
export class Child {
  private output = '';
  readonly exited: Promise<void>;

  private constructor(readonly process: ChildProcess) {
    const keep = (chunk: Buffer): void => {
      this.output = (this.output + chunk.toString()).slice(-KEPT_OUTPUT);
    };
    process.stdout?.on('data', keep);
    process.stderr?.on('data', keep);
    this.exited = new Promise((resolve) => {
      process.once('exit', () => resolve());
      process.once('error', () => resolve());
    });
  }

  /** `args` are Node's own: a script and its arguments. With `ipc` the child can send messages. */
  static start(args: string[], options: { core?: number; env?: Record<string, string>; ipc?: boolean }): Child {
    // taskset replaces itself with Node, so the process id is Node's.
    const [command, ...rest] =
      options.core === undefined
        ? [process.execPath, ...args]
        : ['taskset', '-c', String(options.core), process.execPath, ...args];
    const stdio = ['ignore', 'pipe', 'pipe', ...(options.ipc === true ? (['ipc'] as const) : [])] as const;
    // JSON has no NaN; the structured clone has.
    return new Child(
      spawn(command, rest, {
        stdio: [...stdio],
        env: { ...process.env, ...options.env },
        serialization: 'advanced',
      }),
    );
  }

  get pid(): number {
    if (this.process.pid === undefined) throw new Error(`the process did not start:\n${this.output}`);
    return this.process.pid;
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null && this.process.pid !== undefined;
  }

  get lastOutput(): string {
    return this.output;
  }

  /** SIGTERM, and SIGKILL when that does not end it in time. */
  async stop(graceMs = 3000): Promise<void> {
    if (!this.running) return;
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), graceMs);
    await this.exited;
    clearTimeout(timer);
  }
}
