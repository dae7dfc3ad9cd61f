import { RealtimeDouble, type RealtimeDoubleOptions } from '../realtime/index.js';
import { type SimulatedCall, TelnyxDouble, type TelnyxDoubleOptions } from '../telnyx/index.js';
import { freePorts } from './free-ports.js';
import { LoadBalancer } from './load-balancer.js';
import { Pod, type PodProcess } from './pod.js';
import { RedisServer } from './redis-server.js';

export interface ClusterOptions {
  /** How many gateway processes. Default 3. */
  pods?: number;
  /** Settings of every pod, or of the pod with this number (the first is 1). */
  env?: Record<string, string> | ((pod: number) => Record<string, string>);
  telnyx?: Partial<TelnyxDoubleOptions>;
  realtime?: RealtimeDoubleOptions;
  /** `false`: the pods know nothing of a Redis. Default `true`. */
  redis?: boolean;
}

const STREAM_SECRET = 'the-same-secret-for-all-pods-of-the-cluster';

/**
 * Several gateway processes behind a load balancer, with a Redis between them and the two doubles around them. Pods are
 * numbered from 1, as their names are. Everything is a process or a socket of its own; nothing is replaced.
 */
export class Cluster<P extends PodProcess> {
  private readonly pods: Pod<P>[] = [];

  private constructor(
    readonly telnyx: TelnyxDouble,
    readonly realtime: RealtimeDouble,
    readonly balancer: LoadBalancer,
    private readonly ownRedis: RedisServer | undefined,
  ) {}

  /**
   * Resolves when every pod is ready, which takes about as long as one start. Throws `NoRedisServer`, or what the start of
   * a pod has thrown; nothing runs then.
   * @param startProcess starts a gateway with these settings, and resolves when it listens
   */
  static async start<P extends PodProcess>(
    options: ClusterOptions,
    startProcess: (env: Record<string, string>) => Promise<P>,
  ): Promise<Cluster<P>> {
    const count = options.pods ?? 3;
    const [redisPort = 0, ...ports] = await freePorts(1 + 2 * count);
    const places = Array.from({ length: count }, (_, index) => ({
      port: ports[2 * index] ?? 0,
      managementPort: ports[2 * index + 1] ?? 0,
    }));
    // First, as it may be missing.
    const redis = options.redis === false ? undefined : await RedisServer.start({ port: redisPort });
    const balancer = await LoadBalancer.start(places);
    const front = `127.0.0.1:${balancer.port}`;
    const telnyx = await TelnyxDouble.start({
      webhookUrl: `http://${front}/webhooks/`,
      mapStreamUrl: (streamUrl) => `ws://${front}${new URL(streamUrl).pathname}`,
      ...options.telnyx,
    });
    const realtime = await RealtimeDouble.start(options.realtime);
    const cluster = new Cluster<P>(telnyx, realtime, balancer, redis);
    for (const [index, { port, managementPort }] of places.entries()) {
      const env = { ...cluster.commonEnv(), ...envOf(options, index + 1) };
      cluster.pods.push(new Pod(index + 1, port, managementPort, env, startProcess));
    }
    try {
      await allStarted(cluster.pods);
      await balancer.waitForReady(cluster.numbers);
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  get numbers(): number[] {
    return this.pods.map(({ number }) => number);
  }

  /** Numbers of the pods that are stopped by SIGSTOP. */
  get paused(): number[] {
    return this.pods.filter(({ paused }) => paused).map(({ number }) => number);
  }

  get hasRedis(): boolean {
    return this.ownRedis !== undefined;
  }

  get redis(): RedisServer {
    if (!this.ownRedis) throw new Error('this cluster has no Redis');
    return this.ownRedis;
  }

  /** Every key in Redis, sorted. */
  async keys(): Promise<string[]> {
    return ((await this.redis.command('KEYS', '*')) as string[]).sort();
  }

  /** The process that runs (or ran last) as this pod. */
  pod(number: number): P {
    const { running } = this.place(number);
    if (!running) throw new Error(`pod ${number} was never started`);
    return running;
  }

  /** SIGKILL: the process is gone between two instructions. */
  async kill(number: number): Promise<void> {
    await this.pod(number).stop('SIGKILL');
  }

  /** SIGSTOP: connections are taken by the kernel, and nobody answers. */
  pause(number: number): void {
    this.place(number).paused = true;
    this.pod(number).process.kill('SIGSTOP');
  }

  resume(number: number): void {
    this.pod(number).process.kill('SIGCONT');
    this.place(number).paused = false;
  }

  /** Starts a pod again that was killed or has left: the same uid, the same address, another process. */
  async restart(number: number): Promise<void> {
    if (this.pod(number).alive) throw new Error(`pod ${number} still runs`);
    await this.place(number).start();
  }

  /** SIGTERM. @returns its exit code, when it has left. */
  drain(number: number): Promise<number | null> {
    return this.pod(number).stop('SIGTERM');
  }

  /** The number of the pod that says it owns the call; undefined: none does. Throws where several do. */
  async ownerOf(call: SimulatedCall): Promise<number | undefined> {
    const owners = await this.podsCarrying(call);
    if (owners.length > 1) throw new Error(`${call.callControlId} is owned by the pods ${owners.join(' and ')}`);
    return owners[0];
  }

  /** Numbers of all pods that say they own the call. */
  async podsCarrying({ callControlId }: SimulatedCall): Promise<number[]> {
    const statuses = await Promise.all(this.pods.map((pod) => pod.status()));
    return this.numbers.filter((number) => statuses[number - 1]?.ownedCalls.includes(callControlId));
  }

  /** Log lines of all pods that ever ran here, those of one call. */
  linesOf(
    { callControlId }: Pick<SimulatedCall, 'callControlId'>,
    msg?: string,
  ): (P['lines'][number] & { podNumber: number })[] {
    return this.pods.flatMap(({ number, lines }) =>
      lines
        .filter((line) => line['callId'] === callControlId && (msg === undefined || line.msg === msg))
        .map((line) => ({ ...line, podNumber: number })),
    );
  }

  /** Resolves when no responsive pod needs to live for a call any more. */
  async waitForNoCalls(timeoutMs = 10_000): Promise<void> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const statuses = await Promise.all(this.pods.map((pod) => pod.status()));
      const held = statuses.map((status) => status?.heldCalls ?? 0);
      if (held.every((calls) => calls === 0)) return;
      if (performance.now() > until) throw new Error(`calls held by the pods: ${held.join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Starts what is down, lets run what is paused, hangs up every call and resets the policies: for the next test. */
  async repair(): Promise<void> {
    this.balancer.webhooksTo('round-robin');
    this.balancer.socketsTo('round-robin');
    this.telnyx.faults.clear();
    for (const pod of this.pods) if (pod.paused) this.resume(pod.number);
    await allStarted(this.pods.filter(({ running }) => running?.alive !== true));
    for (const call of this.telnyx.calls) if (call.state !== 'ended') call.hangUp();
    await this.balancer.waitForReady(this.numbers);
    await this.waitForNoCalls();
  }

  /** Kills every process, paused ones too, and leaves no handle open. */
  async close(): Promise<void> {
    await Promise.all(this.pods.map(async ({ running }) => running?.stop('SIGKILL')));
    await Promise.all([this.telnyx.close(), this.realtime.close(), this.balancer.close(), this.ownRedis?.close()]);
  }

  private place(number: number): Pod<P> {
    const pod = this.pods[number - 1];
    if (!pod) throw new Error(`there is no pod ${number}`);
    return pod;
  }

  private commonEnv(): Record<string, string> {
    const { telnyx, realtime, ownRedis } = this;
    return {
      OPENAI_API_KEY: 'sk-double',
      OPENAI_REALTIME_URL: realtime.url,
      TELNYX_API_KEY: telnyx.apiKey,
      TELNYX_PUBLIC_KEY: telnyx.publicKey,
      TELNYX_BASE_URL: telnyx.restUrl,
      STREAM_TOKEN_SECRET: STREAM_SECRET,
      ...(ownRedis ? { REDIS_URL: ownRedis.url } : {}),
    };
  }
}

/** Waits for all, so that none is left half started when another one fails. */
async function allStarted<P extends PodProcess>(pods: readonly Pod<P>[]): Promise<void> {
  const outcomes = await Promise.allSettled(pods.map((pod) => pod.start()));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

function envOf({ env = {} }: ClusterOptions, pod: number): Record<string, string> {
  return typeof env === 'function' ? env(pod) : env;
}
