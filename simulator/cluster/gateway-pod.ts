import { get } from 'node:http';
import { type GatewayLine, GatewayProcess } from '../demo/gateway-process.js';
import { type PodProcess } from './pod.js';

const REPLY_LIMIT_MS = 2000;

/** The built gateway as a pod of a cluster; it does not outlive this program, whatever ends that. */
export class GatewayPod implements PodProcess<GatewayLine> {
  private readonly killAtExit = (): void => void this.process.kill('SIGKILL');

  private constructor(
    readonly process: GatewayProcess,
    readonly lines: readonly GatewayLine[],
    private readonly ports: { public: number; management: number },
  ) {
    process.exited.then(
      () => globalThis.process.off('exit', this.killAtExit),
      () => undefined,
    );
    globalThis.process.on('exit', this.killAtExit);
  }

  /** @param env names the ports too. Rejects with GatewayFailed, also when stopped meanwhile. */
  static async start(env: Record<string, string>, stopped: AbortSignal): Promise<GatewayPod> {
    const lines: GatewayLine[] = [];
    const gateway = await GatewayProcess.start({ env, stopped, onLine: (line) => lines.push(line) });
    return new GatewayPod(gateway, lines, { public: Number(env['PORT']), management: Number(env['MANAGEMENT_PORT']) });
  }

  get alive(): boolean {
    return this.process.running;
  }

  get pid(): number {
    return this.process.pid ?? NaN;
  }

  request(path: string, options: { management?: boolean } = {}): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const port = options.management ? this.ports.management : this.ports.public;
      const asked = get({ host: '127.0.0.1', port, path, timeout: REPLY_LIMIT_MS }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('error', reject);
        response.on('data', (chunk: string) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      asked.on('timeout', () => asked.destroy(new Error(`no answer to ${path} within ${REPLY_LIMIT_MS} ms`)));
      asked.on('error', reject);
    });
  }

  async stop(signal: NodeJS.Signals): Promise<number | null> {
    if (this.alive) this.process.kill(signal);
    await this.process.exited;
    return this.process.exitCode;
  }
}
