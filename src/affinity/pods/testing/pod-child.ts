import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type PodIdentity } from '../../pod.js';

/** A pod in a process of its own. */
export class PodChild {
  private constructor(
    private readonly child: ChildProcess,
    readonly identity: PodIdentity,
  ) {}

  static async start(bootId: string, port = 0): Promise<PodChild> {
    const here = import.meta.dirname;
    const child = spawn(
      process.execPath,
      ['--import', `${here}/typescript-hooks.mjs`, `${here}/pod-process.ts`, bootId, String(port)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return new PodChild(child, JSON.parse(line) as PodIdentity);
  }

  get port(): number {
    return Number(this.identity.address.split(':')[1]);
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(signal);
  }

  /** SIGKILL, and waits until the kernel has taken the process away. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}
