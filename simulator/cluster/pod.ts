import { type BalancedPod } from './load-balancer.js';

/** A line of a gateway's log. */
export type PodLine = Record<string, unknown> & { msg: string };

/** A gateway as a process of its own. */
export interface PodProcess<Line extends PodLine = PodLine> {
  readonly alive: boolean;
  readonly lines: readonly Line[];
  /** The process itself, to be stopped and continued. */
  readonly process: { kill(signal: NodeJS.Signals): boolean; readonly pid?: number | undefined };
  /** `GET` of the public port, or of the management port. */
  request(path: string, options?: { management?: boolean }): Promise<{ status: number; body: string }>;
  /** Ends it. @returns its exit code */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** What is read of `/status`. */
export interface PodStatus {
  heldCalls: number;
  activeCalls: number;
  draining: boolean;
  ownedCalls: string[];
}

/** A pod's place in the cluster, whichever process runs there: its address and its uid stay the same. */
export class Pod<P extends PodProcess> implements BalancedPod {
  running: P | undefined;
  paused = false;
  /** Log lines of the processes before this one. */
  private readonly earlier: P['lines'][number][] = [];

  constructor(
    readonly number: number,
    readonly port: number,
    readonly managementPort: number,
    private readonly env: Record<string, string>,
    private readonly startProcess: (env: Record<string, string>) => Promise<P>,
  ) {}

  async start(): Promise<void> {
    if (this.running) this.earlier.push(...this.running.lines);
    this.paused = false;
    this.running = await this.startProcess({
      PORT: String(this.port),
      MANAGEMENT_PORT: String(this.managementPort),
      POD_NAME: `pod-${this.number}`,
      POD_UID: `uid-of-pod-${this.number}`,
      POD_IP: '127.0.0.1',
      ...this.env,
    });
  }

  get lines(): P['lines'][number][] {
    return [...this.earlier, ...(this.running?.lines ?? [])];
  }

  /** Runs, and answers. */
  get responsive(): boolean {
    return this.running?.alive === true && !this.paused;
  }

  /** Undefined where nobody answers. */
  async status(): Promise<PodStatus | undefined> {
    if (!this.responsive) return undefined;
    try {
      const reply = await this.running?.request('/status', { management: true });
      return reply && (JSON.parse(reply.body) as PodStatus);
    } catch {
      return undefined;
    }
  }
}
