import { TcpProxy } from './tcp-proxy.js';

/** Addresses of this machine beside the one that everything listens on; not every system has the first. */
const BESIDE = ['127.0.0.2', '::1'];

/** Broken as by a cable that is pulled out, or as by a firewall that rejects. */
export type Breakage = 'silence' | 'cut';

/**
 * The network between the pods of a cluster, and between them and Redis: a proxy in front of each pod's management port, and
 * one for each pod on its way to Redis. What Telnyx and the model are reached by does not go through here.
 */
export class ClusterNetwork {
  private readonly toRedis = new Map<string, TcpProxy>();
  private readonly toPods = new Map<string, TcpProxy>();
  private readonly places = new Map<string, string>();

  /** @param env of a pod that is about to be started. @returns it, with the addresses at which the network begins. */
  async lead(env: Record<string, string>): Promise<Record<string, string>> {
    const { POD_NAME: name = '', REDIS_URL: url = '', MANAGEMENT_PORT: management = '' } = env;
    const redis = this.toRedis.get(name) ?? (await TcpProxy.start(Number(new URL(url).port)));
    this.toRedis.set(name, redis);
    if (!this.toPods.has(name)) await this.standBefore(name, Number(management));
    return { ...env, REDIS_URL: `redis://127.0.0.1:${redis.port}`, POD_IP: this.places.get(name) ?? '' };
  }

  /** Between one pod and Redis. */
  breakRedis(pod: number, how: Breakage): void {
    this.toRedis.get(`pod-${pod}`)?.[how]();
  }

  /** Between each pod and all others. */
  breakPods(how: Breakage): void {
    for (const proxy of this.toPods.values()) proxy[how]();
  }

  heal(): void {
    for (const proxy of [...this.toRedis.values(), ...this.toPods.values()]) proxy.heal();
  }

  async close(): Promise<void> {
    const proxies = [...this.toRedis.values(), ...this.toPods.values()];
    await Promise.all(proxies.map((proxy) => proxy.close()));
  }

  /** A pod tells the others its address, and its own port there: so another address has to lead to that port. */
  private async standBefore(name: string, port: number): Promise<void> {
    for (const [index, host] of BESIDE.entries()) {
      try {
        this.toPods.set(name, await TcpProxy.start(port, { host, port }));
        this.places.set(name, host);
        return;
      } catch (error) {
        if (index === BESIDE.length - 1) throw error;
      }
    }
  }
}
